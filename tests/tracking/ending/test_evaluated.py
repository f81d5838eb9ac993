"""What predictions say lies beside the record, and never stands in a run's way."""

from __future__ import annotations

import json

import gitrack
from gitrack.store import open_store


def evaluation(run_id):
    store = open_store()
    path = f"{store.find(run_id)}/evaluation.json"
    return json.loads(store.read(path)) if path in {f.path for f in store.files(run_id)} else None


def test_a_run_with_predictions(project, runs):
    with gitrack.start_run("e") as run:
        run.log_predictions([0, 1, 1], [0.2, 0.7, 0.4])

    found = evaluation(run.id)["sets"]["predictions.parquet"]
    assert (found["task"], found["auc"]) == ("binary", 1)
    assert found["sample"]["scores"] == [0.2, 0.7, 0.4]


def test_a_resumed_run_adds_to_it(project, runs):
    with gitrack.start_run("e") as run:
        run.log_predictions([0, 1], [0.2, 0.7], name="a.parquet")
        run.log_predictions([0, 1], [0.2, 0.7], name="b.parquet")
    with gitrack.start_run(run_id=run.id) as again:
        again.log_predictions([0, 1], [0.7, 0.2], name="b.parquet")

    sets = evaluation(run.id)["sets"]
    assert {name: one["auc"] for name, one in sets.items()} == {"a.parquet": 1, "b.parquet": 0}


def test_no_case_is_kept_where_the_settings_say_so(project, runs):
    (project / ".tracking").mkdir(exist_ok=True)
    (project / ".tracking/config.yaml").write_text("capture: {predictions_sample: 0}\n")
    with gitrack.start_run("e") as run:
        run.log_predictions([0, 1], [0.2, 0.7])

    assert "sample" not in evaluation(run.id)["sets"]["predictions.parquet"]


def test_what_is_no_table_of_predictions_is_kept_all_the_same(project, runs, caplog):
    with gitrack.start_run("e") as run:
        run.log_bytes(b"no parquet", "odd.parquet", kind="predictions")

    assert [artifact.path for artifact in runs()[0].artifacts] == ["odd.parquet"]
    assert evaluation(run.id) is None
    assert "odd.parquet gives no curves" in caplog.text
