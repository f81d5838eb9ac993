"""What training must not know is found, and what it may know is not."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gitrack
from gitrack import check_leakage
from gitrack.analysis.findings import LeakageReport
from gitrack.errors import MissingExtra, UsageError
from gitrack.store import open_store

ROWS = 2000


@pytest.fixture
def clean() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two parts by time: cases of their own, features that tell a little."""
    generator = np.random.default_rng(0)
    distance = generator.normal(0, 1, ROWS)
    frame = pd.DataFrame(
        {
            "order": np.arange(ROWS),
            "when": pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.arange(ROWS), "h"),
            "distance": distance,
            "carrier": generator.choice(["UA", "AA", "DL"], ROWS),
            "late": (distance + generator.normal(0, 1, ROWS) > 0).astype(int),
        }
    )
    return frame[:1500], frame[1500:]


def named(report: LeakageReport, check: str) -> list[str]:
    return [finding.text for finding in report.findings if finding.check == check]


def test_a_clean_split_passes(clean: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    report = check_leakage(*clean, time="when", keys="order", target="late")

    assert report.passed, str(report)
    assert report.findings == []
    assert report.checked == ["columns", "rows", "keys", "time", "target"]
    assert str(report) == "no leakage found"


def test_the_same_rows(clean: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    train, test = clean

    report = check_leakage(pd.concat([train, test[:7]]), test)

    assert not report.passed
    assert named(report, "rows") == ["7 test rows (1.4%) are in train as well"]
    assert report.findings[0].examples == []  # nobody asked for them


def test_rows_of_few_values_repeat_by_chance() -> None:
    dice = np.random.default_rng(0).integers(1, 7, (600, 2))
    frame = pd.DataFrame(dice, columns=["one", "other"])

    report = check_leakage(frame[:400], frame[400:])

    assert report.passed
    assert "repeat among themselves" in named(report, "rows")[0]


def test_the_same_values_in_other_types_are_the_same(
    clean: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    train, test = clean
    other = test[:5].astype({"order": "float64", "carrier": "category"})
    other["when"] = other["when"].dt.tz_convert("Europe/Berlin")

    report = check_leakage(pd.concat([train, test[:5]]), other)

    assert named(report, "rows") == ["5 test rows (100.0%) are in train as well"]


def test_the_same_cases(clean: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    train, test = clean
    again = test.assign(order=test["order"] - 10)

    report = check_leakage(train, again, keys="order", examples=2)

    assert not report.passed
    assert named(report, "keys") == [
        "10 cases of 'order' are in train and in test: 10 test rows (2.0%)"
    ]
    assert report.findings[0].examples == ["order=1490", "order=1491"]


def test_cases_of_several_columns_and_missing_keys() -> None:
    train = pd.DataFrame({"day": [1, 1, 2, 9], "store": ["a", "b", "a", None]})
    test = pd.DataFrame({"day": [1, 3, 9], "store": ["b", "b", None]})

    report = check_leakage(train, test, keys=["day", "store"])

    assert named(report, "keys") == [
        "1 case of 'day', 'store' are in train and in test: 1 test row (33.3%)",
        "2 rows have no key and were not compared by it",
    ]


def test_training_rows_that_are_later(clean: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    train, test = clean
    late = train.assign(when=train["when"] + pd.Timedelta("3h"))

    report = check_leakage(late, test, time="when")

    assert not report.passed
    assert named(report, "time")[0].startswith("2 training rows (0.1%) are later than the first")


def test_times_as_text_and_as_numbers() -> None:
    texts = {"when": ["2024-01-01", "2024-01-02"]}, {"when": ["2024-01-02", "x"]}
    years = {"when": [2020, 2023]}, {"when": [2021, 2022]}

    report = check_leakage(*map(pd.DataFrame, texts), time="when")
    assert report.findings[-1].text == "1 row of 'when' are no time and were not compared"
    assert not any(finding.check == "time" and finding.severe for finding in report.findings)
    assert not check_leakage(*map(pd.DataFrame, years), time="when").passed


DISGUISES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a copy": lambda frame: frame["late"],
    "the other way round": lambda frame: 1 - frame["late"],
    "as text": lambda frame: frame["late"].map({0: "on time", 1: "late"}),
    "a number it comes from": lambda frame: frame["late"] * 30 + np.arange(len(frame)) % 20,
    "two sided": lambda frame: np.where(frame["late"] == 1, 0, np.where(frame.index % 2, -9, 9)),
    "by being there": lambda frame: frame["distance"].where(frame["late"] == 1),
    "by a date that is there": lambda frame: frame["when"].where(frame["late"] == 1),
    "by many codes": lambda frame: frame["late"] * 100 + frame["order"] % 50,
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_the_target_in_disguise(clean: tuple[pd.DataFrame, pd.DataFrame], disguise: str) -> None:
    train, test = (part.assign(told=DISGUISES[disguise](part)) for part in clean)
    if disguise == "by many codes":
        train, test = (
            part.assign(told="code " + part["told"].astype(str)) for part in (train, test)
        )

    report = check_leakage(train, test, target="late", keys="order")

    (finding,) = [finding for finding in report.findings if finding.severe]
    assert finding.columns == ["told"]
    assert (finding.score or 0) > 0.98
    assert finding.text.startswith("'told' alone tells 'late': AUC")


def test_a_number_in_disguise(clean: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    train, test = (part.assign(miles=part["distance"] * 0.62) for part in clean)

    report = check_leakage(train, test, target="distance", keys="order")

    assert [finding.columns for finding in report.findings if finding.severe] == [["miles"]]
    assert "R²" in report.findings[0].text


def test_names_that_one_row_has_tell_nothing(clean: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    train, test = (part.assign(name="n" + part["order"].astype(str)) for part in clean)

    assert check_leakage(train, test, target="late").passed


def test_a_target_that_cannot_be_judged_says_so(clean: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    train, test = clean

    report = check_leakage(train, test.assign(late=1), target="late")

    assert report.passed
    assert named(report, "target") == ["'late' could not be checked: test has one value of it"]


def test_copies_and_columns_of_one_side_are_noted(
    clean: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    train, test = (part.assign(again=part["carrier"]) for part in clean)

    report = check_leakage(train.assign(extra=1), test, target="late")

    assert report.passed
    assert len(named(report, "columns")) == 2
    assert "'carrier', 'again'" in named(report, "columns")[1]


def test_rows_that_are_nearly_the_same(clean: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    train, test = clean
    near = test[:4].assign(
        distance=test["distance"] * 1.0000001, carrier=test["carrier"].str.lower() + " "
    )

    report = check_leakage(train=pd.concat([train, near]), test=test, near=4)

    assert named(report, "near rows")[0].startswith("4 test rows (0.8%) are nearly the same")
    assert not report.passed


def test_files_are_read(clean: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    clean[0].to_parquet(tmp_path / "train.parquet")
    clean[1].to_csv(tmp_path / "test.csv.gz", index=False)

    report = check_leakage(
        tmp_path / "train.parquet", str(tmp_path / "test.csv.gz"), time="when", keys="order"
    )

    assert report.passed
    assert (report.train_rows, report.test_rows) == (1500, 500)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"target": "lat"}, "target names 'lat', which train has not; did you mean 'late'"),
        ({"keys": ["order", "x"]}, "keys names 'x'"),
        ({"time": "t"}, "time names 't'"),
        ({"max_score": 2}, "max_score is 2"),
        ({"near": 0}, "near is 0"),
        ({"examples": -1}, "examples is -1"),
    ],
)
def test_misuse_is_refused(
    clean: tuple[pd.DataFrame, pd.DataFrame], options: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        check_leakage(*clean, **options)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "endless.csv").symlink_to(os.devnull)
    for data, why in (
        (tmp_path / "endless.csv", "neither a file nor a folder"),
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path / "x.xlsx", "no table that can be read"),
        (tmp_path / "cut.parquet", "cannot be read as a table"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "the same name: 'a'"),
    ):
        with pytest.raises(UsageError, match=why):
            check_leakage(frame, data)


def test_odd_tables_are_checked_as_far_as_they_can_be() -> None:
    odd = pd.DataFrame(
        {
            "y": [0, 1] * 50,
            "nested": [{"a": 1}, [1, 2]] * 50,
            "endless": [np.inf, -np.inf, np.nan, 1] * 25,
            "nothing": [None] * 100,
            "mixed": [1, "x"] * 50,
        }
    )

    report = check_leakage(odd[:60], odd[60:], target="y")
    told = {finding.columns[0] for finding in report.findings if finding.check == "target"}
    assert told == {"nested", "endless", "mixed"}
    for empty in (odd[:0], pd.DataFrame()):
        assert check_leakage(empty, empty).passed


def test_without_scikit_learn_only_the_target_cannot_be_checked(
    clean: tuple[pd.DataFrame, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)

    assert check_leakage(*clean, keys="order").passed
    with pytest.raises(MissingExtra, match=r"gitrack-ml\[analysis\]"):
        check_leakage(*clean, target="late")


def test_a_run_gets_the_report_and_the_evidence(
    clean: tuple[pd.DataFrame, pd.DataFrame], repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    train, test = clean
    with gitrack.start_run("leaky") as run:
        check_leakage(train, test, keys="order")
        check_leakage(train, pd.concat([test, train[:1]]), keys="order")

    store = open_store(repo)
    record = store.run(run.id)
    (fact,) = record.evidence
    assert (fact.name, fact.passed, fact.report) == ("no-leakage", False, "leakage.md")
    assert (fact.detail or "").startswith("1 case of 'order'")
    folder = store.find(run.id)
    details = json.loads(store.read(f"{folder}/artifacts/leakage.json"))
    assert details["passed"] is False
    assert "**not passed**" in store.read(f"{folder}/artifacts/leakage.md").decode()


def test_nothing_is_recorded_where_that_is_not_wanted(
    clean: tuple[pd.DataFrame, pd.DataFrame], repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    with gitrack.start_run("quiet") as run:
        check_leakage(*clean, record=False)

    assert open_store(repo).run(run.id).evidence == []


def test_a_report_does_not_become_markup() -> None:
    name = "<img src=x>`*"
    train, test = pd.DataFrame({name: [1, 2]}), pd.DataFrame({name: [2, 3]})

    text = check_leakage(train, test, keys=name, examples=1).markdown()

    assert "<img" not in text.replace("\\<img", "").replace("`<img src=x>'*=2`", "")
