"""Two runs are compared by their records alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from gitrack.analysis.run_diff import diff_runs, read_packages
from gitrack.model.run import Code, Dataset, Environment, Run

NAN = float("nan")


def a_run(number: int = 1, **fields: Any) -> Run:
    record: dict[str, Any] = {
        "id": f"20241022-143012-7k3f9{number}",
        "name": "n",
        "experiment": "e",
        "started": "2024-10-22T14:30:12.120Z",
        **fields,
    }
    return Run(**record)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"lr": 1}, {"lr": 1}, []),
        ({"lr": 1}, {"lr": 3}, [("lr", 1, 3, 2)]),
        ({"lr": 1.5}, {"lr": 1}, [("lr", 1.5, 1, -0.5)]),
        ({"lr": 1}, {}, [("lr", 1, UNSET, None)]),
        ({}, {"lr": None}, [("lr", UNSET, None, None)]),
        ({"lr": None}, {"lr": None}, []),
        ({"lr": NAN}, {"lr": NAN}, []),
        ({"lr": True}, {"lr": 1}, [("lr", True, 1, None)]),
        ({"lr": "1"}, {"lr": 1}, [("lr", "1", 1, None)]),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, [("a", 1, 2, 1), ("b", 1, 2, 1)]),
    ],
)
def test_params_that_differ(old: dict, new: dict, expected: list) -> None:
    found = diff_runs(a_run(1, params=old), a_run(2, params=new))

    assert [(c.name, c.old, c.new, c.diff) for c in found.params] == expected
    assert found.empty is not bool(expected)


def test_what_is_the_same_is_kept_when_asked_for() -> None:
    found = diff_runs(a_run(params={"a": 1}), a_run(params={"a": 1}), everything=True)

    assert [(change.name, change.same) for change in found.params] == [("a", True)]


def _data(**fields: Any) -> Dataset:
    return Dataset(**{"name": "flights", "role": "train", "path": "data/flights.csv", **fields})


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (_data(dvc="md5:a"), _data(dvc="md5:a", path="elsewhere", rows=3), True),
        (_data(dvc="md5:a"), _data(dvc="md5:b"), False),
        (_data(version="1"), _data(version="1"), True),
        (_data(version="1"), _data(version="2"), False),
        (_data(), None, False),
        (_data(), _data(role="test"), False),
    ],
)
def test_data_is_the_same_if_its_bytes_are(old: Dataset, new: Dataset | None, same: bool) -> None:
    found = diff_runs(a_run(data=[old]), a_run(data=[new] if new else []))

    assert (not found.data) is same


def test_code_environment_and_packages() -> None:
    old = a_run(
        code=Code(commit="a" * 40, dirty=False),
        environment=Environment(python="3.11.7", variables={"JOB": "1"}),
        seeds={"numpy": 1},
    )
    new = a_run(code=Code(commit="b" * 40, dirty=True), environment=Environment(python="3.12.1"))
    texts = ("# python\nxgboost==1.7.6\nPy_YAML==6.0\n", "xgboost==2.1.0\npy-yaml==6.0\nnew==1\n")

    found = diff_runs(old, new, packages=texts)

    assert [change.name for change in found.code] == ["commit", "dirty"]
    assert [change.name for change in found.environment] == ["$JOB", "python"]
    assert [(c.name, c.old, c.new) for c in found.packages] == [
        ("new", UNSET, "1"),
        ("xgboost", "1.7.6", "2.1.0"),
    ]
    assert [change.name for change in found.seeds] == ["numpy"]


def test_packages_of_one_run_alone_are_no_difference() -> None:
    assert diff_runs(a_run(), a_run(), packages=(None, "a==1\n")).empty
    assert read_packages("-e .\nodd line\na==1  # editable\n") == {"a": "1 (editable)"}


def test_a_difference_is_plain_data() -> None:
    built = msgspec.to_builtins(diff_runs(a_run(params={"a": 1}), a_run(params={})))

    assert built["params"] == [{"name": "a", "old": 1}]
