"""What predictions say on the site: small, hidden where the project asks, and never a fault."""

from __future__ import annotations

import json

from gitrack.model.evaluation import Evaluation, EvaluationSet, Sample
from gitrack.site import Hide
from gitrack.site.evaluations import evaluation_data, shown, thinned


def test_long_curves_keep_their_ends():
    points = [(i / 199, (i / 199) ** 0.5) for i in range(200)]

    assert len(thinned(points)) == 101
    assert (thinned(points)[0], thinned(points)[-1]) == ((0, 0), (1, 1))
    assert thinned([]) == []


def test_a_hidden_metric_hides_what_would_tell_it():
    found = Evaluation(
        sets={
            "a.parquet": EvaluationSet(task="binary", cases=2, cases_digest="d", auc=0.5),
            "b.parquet": EvaluationSet(task="regression", cases=2, cases_digest="d", rmse=0.5),
        }
    )

    assert shown(found, Hide()) == found
    assert list(shown(found, Hide(metrics=["auc"])).sets) == ["b.parquet"]
    assert shown(found, Hide(metrics=["*"])) is None


def test_paths_of_users_travel_as_pairs():
    sample = Sample(of=2, picked="all", truth=[0, 1], scores=[0.5, 0.25])
    one = EvaluationSet(task="binary", cases=2, cases_digest="d", sample=sample)

    data = evaluation_data(Evaluation(sets={"__proto__": one}))

    ((path, told),) = data["sets"]
    assert path == "__proto__"
    assert told["sample"]["truth"] == {"count": 2, "bits": "Ag=="}
    assert "roc" not in told
    assert json.dumps(data, allow_nan=False)
