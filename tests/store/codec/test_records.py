"""Records as files, and what a wrong file is told."""

from __future__ import annotations

import math

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitrack.errors import InvalidName, UnreadableFile
from gitrack.model.run import Artifact, Code, Dataset, Environment, Run, Status
from gitrack.store.codec.emitter import dump
from gitrack.store.codec.records import dump_record, dump_run, load_record, load_run

ID = "20241022-143012-7k3f9q"
PATH = f"runs/weather/2024-10/22/{ID}/run.yaml"


def a_run(**fields: object) -> Run:
    given = {
        "id": ID,
        "name": "lr005",
        "experiment": "weather",
        "started": "2024-10-22T14:30:12.120Z",
        **fields,
    }
    return msgspec.convert(given, Run)


FULL = Run(
    id=ID,
    name="xgb-weather-features-lr005",
    experiment="weather",
    status=Status.FINISHED,
    started="2024-10-22T14:30:12.120Z",
    ended="2024-10-22T14:34:02.870Z",
    params={"max_depth": 8, "learning_rate": 0.05},
    metrics={"test_auc_roc": 0.892},
    tags={"team": "logistics-ml"},
    code=Code(commit="a3f8b2c1", dirty=False),
    data=[Dataset(name="flights", role="train", rows=3619113), Dataset(name="weather")],
    environment=Environment(python="3.11.7", variables={"B": "2", "A": "1"}),
    seeds={"numpy": 42},
    artifacts=[Artifact(path="model", kind="model", store="dvc", md5="0.dir")],
)


def refusal(text: str, path: str = PATH) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        load_run(path, text.encode())
    assert caught.value.path == path
    return caught.value


def test_a_run_is_written_in_the_order_of_its_fields_with_sorted_maps():
    assert dump_run(FULL).decode() == (
        "format: 1\n"
        f'id: "{ID}"\n'
        'name: "xgb-weather-features-lr005"\n'
        'experiment: "weather"\n'
        'status: "finished"\n'
        'started: "2024-10-22T14:30:12.120Z"\n'
        'ended: "2024-10-22T14:34:02.870Z"\n'
        "params:\n  learning_rate: 0.05\n  max_depth: 8\n"
        "metrics:\n  test_auc_roc: 0.892\n"
        'tags:\n  team: "logistics-ml"\n'
        'code:\n  commit: "a3f8b2c1"\n  dirty: false\n'
        'data:\n- name: "flights"\n  role: "train"\n  rows: 3619113\n- name: "weather"\n'
        'environment:\n  python: "3.11.7"\n  variables:\n    A: "1"\n    B: "2"\n'
        "seeds:\n  numpy: 42\n"
        'artifacts:\n- path: "model"\n  kind: "model"\n  store: "dvc"\n  md5: "0.dir"\n'
    )


def test_a_run_comes_back_as_it_was():
    assert load_run(PATH, dump_run(FULL)) == FULL


labels = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
params = st.dictionaries(
    labels, labels | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
)


@settings(max_examples=60)
@given(params=params, metrics=st.dictionaries(labels, st.floats(allow_nan=False) | st.integers()))
def test_any_params_and_metrics_come_back(params: dict[str, object], metrics: dict[str, float]):
    run = a_run(params=params, metrics=metrics)
    again = load_run(PATH, dump_run(run))
    assert again == run
    assert list(map(repr, again.params)) == list(map(repr, sorted(run.params)))
    assert yaml.load(dump_run(run), Loader=yaml.CSafeLoader)["id"] == ID


def test_not_a_number_and_infinities_are_kept():
    run = load_run(PATH, dump_run(a_run(metrics={"a": math.nan, "b": math.inf, "c": -math.inf})))
    assert math.isnan(run.metrics["a"])
    assert (run.metrics["b"], run.metrics["c"]) == (math.inf, -math.inf)


def test_other_ways_of_writing_yaml_are_read_too():
    text = dump_run(FULL).decode().replace('"', "'") + "# edited by hand\n"
    assert load_run(PATH, text.encode()) == FULL


def test_keys_of_a_later_version_are_passed_over():
    assert load_run(PATH, dump_run(FULL) + b"later: {a: [1]}\n") == FULL


HEAD = f'id: "{ID}"\nname: "n"\nexperiment: "weather"\nstarted: "s"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("format: 2\n" + HEAD, "format 2 is unknown: this gitrack reads format 1"),
        ("format: true\n" + HEAD, "format True is unknown"),
        (
            HEAD + "metrics:\n  auc: 0.5\n  f1: 'high'\n",
            "line 7: metrics.f1: expected `int | float`",
        ),
        (HEAD + "params: [1]\n", "line 5: params: expected `object`, got `array`"),
        (HEAD + "data:\n- name: 3\n", "line 6: data[0].name: expected `str`, got `int`"),
        (HEAD + "status: lost\n", "line 5: status: invalid enum value 'lost'"),
        ("name: x\n", "missing required field `id`"),
        ("just text\n", "holds 'just text' and not named fields"),
        ("", "is empty"),
        (HEAD.replace("7k3f9q", "000000"), "id is '20241022-143012-000000', but its folder is"),
        (HEAD.replace(ID, "../../x"), "'../../x' is not a run id"),
        (HEAD.replace("weather", "other"), "experiment is 'other', but its folder is 'weather'"),
        (HEAD + "environment:\n  variables:\n    A: 1\n", "line 7: environment.variables.A"),
        (HEAD + HEAD, "line 5, column 1: the key 'id' stands here a second time"),
    ],
)
def test_a_wrong_record_names_its_line(text: str, why: str):
    error = refusal(text)
    assert why in error.why
    assert error.hint


def test_a_wrong_value_in_canonical_text_names_its_line_too():
    text = dump_run(FULL).decode().replace("0.892", '"high"')
    assert refusal(text).why.startswith("line 12: metrics.test_auc_roc: expected")


def test_huge_records_are_refused_unread():
    assert "too many for a record" in refusal(HEAD + "#" * (2 << 20)).why


class Stage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    format: int = 1
    versions: list[int] = []
    labels: dict[str, str] = {}


def test_any_record_can_be_kept():
    stage = Stage(versions=[7, 8], labels={"b": "2", "a": "1"})
    data = dump_record(stage)
    assert data == b'format: 1\nversions:\n- 7\n- 8\nlabels:\n  a: "1"\n  b: "2"\n'
    assert load_record("registry/m/stages/s.yaml", data, Stage) == stage


def test_keys_that_no_yaml_reader_takes_are_refused():
    with pytest.raises(InvalidName, match="longer than"):
        dump({"x" * 1001: 1})
