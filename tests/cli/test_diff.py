"""`gitrack diff` tells runs from commits, and shows two runs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gitrack.cli import differences
from gitrack.cli.main import cli
from gitrack.errors import Ambiguous, NotFound, UsageError
from gitrack.model.run import Dataset, RunBundle
from gitrack.store import open_store
from tests.cli.some_runs import HOSTILE, a_run

OLD = a_run(1, data=[Dataset(name="flights", role="train", dvc="md5:" + "a" * 32, rows=10)])
NEW = a_run(
    2,
    data=[Dataset(name="flights", role="train", dvc="md5:" + "b" * 32, rows=12)],
    tags={"team": HOSTILE},
)


@pytest.fixture
def diff(repo: Path, monkeypatch):
    bundles = [
        RunBundle(run=OLD, files={"environment.txt": b"xgboost==1.7.6\n"}),
        RunBundle(run=NEW, files={"environment.txt": b"xgboost==2.1.0\n"}),
    ]
    open_store(repo).commit_runs(bundles)
    monkeypatch.chdir(repo)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["diff", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_two_runs_side_by_side(diff) -> None:
    lines = [line.split() for line in diff("@last~1", "@last").stdout.splitlines()]

    assert ["param", "learning_rate", "0.05", "0.1", "+0.05", "(+100%)"] in lines
    assert ["param", "flag", "true", "false"] in lines
    assert ["metric", "test_auc_roc", "0.89", "0.9", "+0.01", "(+1.12%)"] in lines
    data = "data flights (train) aaaaaaaaaa, 10 rows bbbbbbbbbb, 12 rows"
    assert data.split() in lines
    assert ["package", "xgboost", "1.7.6", "2.1.0"] in lines


def test_a_narrow_terminal_shows_both_sides(diff, repo, monkeypatch) -> None:
    long = {"a.name.of.a.param.that.goes.on.and.on": "some text that is long " * 9}
    wordy = [a_run(7, params=long), a_run(8, params=dict.fromkeys(long, "other"))]
    open_store(repo).commit_runs([RunBundle(run=run) for run in wordy])
    monkeypatch.setattr(differences, "terminal_width", lambda: 80)

    lines = diff(wordy[0].id, wordy[1].id).stdout.splitlines()

    assert max(map(len, lines)) <= 80
    (row,) = (line for line in lines if line.startswith("param") and " some" in line)
    assert row.endswith("other")
    assert all(run.id[-6:] in lines[0] for run in wordy)


def test_the_last_run_is_the_other_one(diff) -> None:
    assert diff(OLD.id).stdout == diff(OLD.id, NEW.id).stdout


def test_text_of_strangers_does_nothing_to_the_terminal(diff) -> None:
    for form in ([], ["--md"]):
        text = diff("@last~1", *form).stdout
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_json_has_all_of_it(diff) -> None:
    found = json.loads(diff("@last~1", "--json").stdout)

    assert (found["old"], found["new"]) == (OLD.id, NEW.id)
    assert {"name": "flag", "old": True, "new": False} in found["params"]
    assert found["data"][0]["new"]["rows"] == 12


def test_only_what_is_asked_for(diff) -> None:
    found = diff("@last~1", "--metrics").stdout

    assert "test_auc_roc" in found
    assert "xgboost" not in found


def test_the_same_run_does_not_differ(diff) -> None:
    assert diff("@last", "@last").stdout == f"nothing differs in {NEW.id} and {NEW.id}\n"


def test_a_name_that_is_a_run_and_a_commit_is_refused_until_one_is_meant(
    diff, repo: Path, git
) -> None:
    git(repo, "tag", OLD.name)

    with pytest.raises(Ambiguous, match="is a run and a commit"):
        diff(OLD.name, NEW.id)

    assert "learning_rate" in diff("--runs", OLD.name, NEW.id).stdout


def test_what_cannot_be_compared_is_refused(diff) -> None:
    with pytest.raises(NotFound, match="neither a run nor a commit"):
        diff("nope")
    with pytest.raises(UsageError, match="cannot be compared"):
        diff("HEAD", "@last")
    with pytest.raises(NotFound):
        diff("--runs", "nope")
    assert diff("--runs").exit_code == 2
    assert diff("--json", "--md").exit_code == 2
    assert diff("--targets", "a.json").exit_code == 2
    assert diff("@last~1", "--targets", "a.json", "--metrics").exit_code == 2


def test_a_revision_that_looks_like_an_option_is_none(diff) -> None:
    with pytest.raises(NotFound):
        diff("--", "--output=x")
