"""`gitrack data`: which versions there are, what is in them, and how they differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from gitrack.cli.main import cli
from gitrack.errors import Ambiguous, GitrackError, NotFound, UnreadableFile, UsageError
from gitrack.model.run import Dataset, RunBundle
from gitrack.store import open_store
from gitrack.tracking.content import describe_dataset
from tests.cli.some_runs import HOSTILE, a_run

#: Rows that no two versions share.
FRAME = pd.DataFrame(
    {
        "delay": np.random.default_rng(0).normal(10, 5, 3000),
        "carrier": np.random.default_rng(0).choice(["UA", "AA"], 3000),
    }
)


def gitrack(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["data", *arguments], catch_exceptions=False)


def printed(*arguments: str) -> str:
    done = gitrack(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def found(*arguments: str) -> Any:
    return json.loads(printed(*arguments, "--json"))


def with_data(number: int, *datas: tuple[pd.DataFrame, str, str | None]) -> RunBundle:
    """A run whose data are these: (frame, role, version)."""
    records: list[Dataset] = []
    files: dict[str, bytes] = {}
    for frame, role, version in datas:
        record, more = describe_dataset(frame, "flights", role, version)
        records.append(record)
        files |= more
    return RunBundle(run=a_run(number, data=records), files=files)


@pytest.fixture
def branch(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs: v1.3 twice, then v1.4 with more delay, a new column and one that is gone."""
    monkeypatch.chdir(repo)
    later = FRAME.assign(delay=FRAME["delay"] + 20, rain=1).drop(columns="carrier")
    bundles = [
        with_data(1, (FRAME, "train", "v1.3"), (FRAME[:100], "test", "v1.3")),
        with_data(2, (FRAME, "train", "v1.3")),
        with_data(3, (later, "train", "v1.4")),
    ]
    open_store(repo).commit_runs(bundles)
    return repo


def test_every_data_set_is_listed_once_a_role(branch: Path) -> None:
    test, train = found("ls")

    assert (train["name"], train["role"], train["versions"], train["runs"]) == (
        "flights", "train", 2, 3,
    )  # fmt: skip
    assert (train["version"], train["rows"]) == ("v1.4", 3000)
    assert (train["first"][:10], train["last"][:10]) == ("2024-10-21", "2024-10-23")
    assert (test["role"], test["rows"]) == ("test", 100)
    assert "flights  train         2  v1.4" in printed("ls")


def test_on_a_narrow_terminal_what_matters_is_whole(
    branch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitrack.cli.data_pages.terminal_width", lambda: 80)

    for lines in printed("ls").splitlines(), printed("show", "flights").splitlines():
        assert max(map(len, lines)) <= 80
        assert {"version", "rows", "last", "runs"} <= set(lines[0].split())
        assert "first" not in lines[0]


def test_a_list_can_be_narrowed(branch: Path) -> None:
    assert [row["role"] for row in found("ls", "--role", "test")] == ["test"]
    (train, *others) = found("ls", "metrics.test_auc_roc > 0.9")
    assert (train["runs"], others) == (1, [])
    assert found("ls", "-e", "nobody-has-this") == []


def test_a_data_set_is_shown_with_its_versions_runs_and_columns(branch: Path) -> None:
    shown = found("show", "flights:train")

    assert [version["labels"] for version in shown["versions"]] == [["v1.3"], ["v1.4"]]
    assert len(shown["versions"][0]["runs"]) == 2
    assert shown["version"]["version"] == "v1.4"
    assert [column["name"] for column in shown["profile"]["columns"]] == ["delay", "rain"]
    text = printed("show", "flights:train@v1.3")
    assert "UA (" in text
    assert "20241021-143012-7k3f91" in text


def test_several_roles_are_listed_and_none_is_chosen(branch: Path) -> None:
    done = gitrack("show", "flights")

    assert len(json.loads(printed("show", "flights", "--json"))["versions"]) == 3
    assert "next: gitrack data show flights:train" in done.stderr


def test_versions_are_named_in_many_ways(branch: Path) -> None:
    (old, _) = found("show", "flights:train")["versions"]
    digits = old["dvc"].removeprefix("frame-md5:")

    for reference in (
        "flights:train@v1.3",
        f"flights:train@{digits[:6]}",
        f"flights:train@{old['dvc']}",
        "7k3f91/flights:train",
        "7k3f91/flights-train",
        "7k3f91:flights-train",
        "@last~1/flights",
    ):
        drift = found("diff", reference, "flights:train@v1.4")
        assert drift["before"]["dataset"]["dvc"] == old["dvc"], reference


def test_two_versions_are_compared(branch: Path) -> None:
    drift = found("diff", "flights:train@v1.3", "flights:train@v1.4")

    assert (drift["rows_before"], drift["rows_after"]) == (3000, 3000)
    assert drift["drifted"] == ["delay"]
    changes = {column["name"]: column.get("change", "same") for column in drift["columns"]}
    assert changes == {"carrier": "removed", "rain": "added", "delay": "same"}
    text = printed("diff", "flights:train@v1.3", "flights:train@v1.4")
    assert "rows     3,000, as before" in text
    assert "columns  added rain; removed carrier" in text
    assert "1 column has drifted far: delay" in text


def test_the_same_data_have_not_drifted(branch: Path) -> None:
    text = printed("diff", "7k3f91/flights:train", "7k3f92/flights")

    assert "the same bytes" in text
    assert "no column has drifted to speak of" in text
    assert "2 columns without drift; --all shows them" in text
    assert "delay" in printed("diff", "7k3f91/flights:train", "7k3f92/flights", "--all")


def test_files_are_compared_with_no_repository_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    FRAME.to_csv("one.csv", index=False)
    FRAME.assign(delay=0.0).to_parquet("other.parquet")

    assert found("diff", "one.csv", "other.parquet")["drifted"] == ["delay"]


def test_data_of_the_branch_are_compared_with_a_file(branch: Path) -> None:
    FRAME.to_parquet("flights.parquet")

    assert found("diff", "flights:train@v1.3", "flights.parquet")["drifted"] == []


@pytest.mark.parametrize(
    ("arguments", "error", "why"),
    [
        (("show", "fligths"), NotFound, "did you mean 'flights'"),
        (("show", "flights@v9"), NotFound, "has no version 'v9'; it has"),
        (("show", "flights:dev"), NotFound, "has no role 'dev'; its roles: test, train"),
        (("diff", "flights@v1.3", "flights@v1.4"), Ambiguous, "flights:test, flights:train"),
        (("diff", "7k3f91/flights", "flights:test"), Ambiguous, "several roles"),
        (("diff", "7k3f91/x", "flights:test"), NotFound, "it has flights:train, flights:test"),
        (("diff", "no/such.csv", "flights:test"), NotFound, "neither a file, nor a data set"),
        (("diff", "train.py", "flights:test"), UsageError, "has no columns to compare"),
    ],
)
def test_what_is_not_there_is_said(
    branch: Path, arguments: tuple[str, ...], error: type[GitrackError], why: str
) -> None:
    with pytest.raises(error, match=why):
        gitrack(*arguments)


def test_nothing_was_logged(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo)

    assert found("ls") == []
    with pytest.raises(NotFound, match="no run logged any"):
        gitrack("show", "flights")


def test_what_strangers_wrote_does_no_harm(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo)
    hostile = pd.DataFrame({HOSTILE: [HOSTILE] * 20})
    record, files = describe_dataset(hostile, HOSTILE, HOSTILE, HOSTILE)
    other = Dataset(name="broken", role="train", version="v1", rows=3)
    bundle = RunBundle(
        run=a_run(1, data=[record, other]), files={**files, "data/broken-train.json": b"[1]"}
    )
    open_store(repo).commit_runs([bundle])

    for arguments in (("ls",), ("show", HOSTILE), ("diff", "7k3f91/" + HOSTILE, HOSTILE, "--all")):
        text = printed(*arguments)
        assert "\x1b" not in text
        assert "\u202e" not in text
    with pytest.raises(UnreadableFile, match=r"data/broken-train\.json"):
        gitrack("show", "broken")


def test_data_without_a_profile_can_still_be_compared_by_rows(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    old = Dataset(name="x", version="v1", dvc="md5:" + "a" * 32, rows=3)
    new = Dataset(name="x", version="v2", dvc="md5:" + "b" * 32, rows=6)
    bundles = [RunBundle(run=a_run(at, data=[data])) for at, data in ((1, old), (2, new))]
    open_store(repo).commit_runs(bundles)

    done = gitrack("diff", "x@v1", "x@v2")

    assert "rows     3 → 6 (+100.0%)" in done.stdout
    assert "kept no profile" in done.stderr
