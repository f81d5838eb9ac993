"""`gitrack show` prints what a run's record says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gitrack.cli.main import cli
from gitrack.errors import Ambiguous, NotFound
from gitrack.model.run import Code, RunBundle
from gitrack.store import open_store
from tests.cli.some_runs import FULL, HISTORY, a_run, with_runs

Show = Callable[..., Result]


@pytest.fixture
def show(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    with_runs(repo)
    monkeypatch.chdir(repo)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["show", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_every_part_of_the_record_is_shown(show):
    text = show("lr003").stdout

    for line in (
        f"run {FULL.id}  lr003",
        "  status      failed after 3m 50s",
        "  started     2024-10-23 14:30 UTC",
        "  command     python train.py --lr 0.05",
        "  booster        gbtree",
        "  test_auc_roc  nan",
        "  val_logloss   0.2113   (2 steps, min 0.2113 at 1, max 0.69 at 0)",
        "  changes  uncommitted, kept in code.patch, 2 untracked files",
        "data flights (train)",
        "  rows  3619113",
        "  memory  16.0 GB",
        "  $JOB    7",
        "  numpy  42",
        "  model    xgboost model, 483.9 kB, 3 files, in DVC",
        "           takes distance: long",
        r"           gives double\x1b[2J",
        "  roc.png  file, 900 B, on the branch",
        "  ValueError: no",
    ):
        assert line in text.splitlines(), line


def test_it_says_the_next_command(show):
    assert show("lr003").stderr == f"next: gitrack artifact get {FULL.id}/model\n"
    assert show("tiny").stderr == "next: gitrack ls --experiment baseline-20241001\n"


def test_nothing_hostile_reaches_the_terminal(show):
    text = show("lr003").stdout

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31mred" in text
    assert "<script>alert(1)</script> [bold]x[/bold]" in text


def test_json_is_the_record_and_its_place(show):
    record = json.loads(show("@last~1", "--json").stdout)

    assert record["id"] == FULL.id
    assert record["path"].endswith(f"/2024-10/23/{FULL.id}")
    assert record["metrics"] == {"test_auc_roc": "NaN", "val_logloss": 0.2113}
    assert record["seeds"] == {"numpy": 42}


def test_history_is_the_table_of_steps(show):
    lines = show("lr003", "--history").stdout.splitlines()

    assert lines[0] == "step\ttime\tval_logloss"
    assert len(lines) == len(HISTORY.splitlines())
    with pytest.raises(NotFound, match="logged no steps"):
        show("tiny", "--history")


def test_a_run_is_named_in_many_ways(show):
    for reference in (FULL.id, "20241023", "7k3f93", "lr003", "@last~1"):
        assert FULL.id in show(reference).stdout
    with pytest.raises(Ambiguous):
        show("202410")
    with pytest.raises(NotFound):
        show("nobody")


def test_two_kinds_of_output_at_once_are_wrong_usage(show):
    assert show("tiny", "--json", "--history").exit_code == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (Code(dirty=False), "none"),
        (
            Code(dirty=False, untracked=8, patch="code.patch"),
            "none (8 untracked files kept in code.patch)",
        ),
        (Code(dirty=True, untracked=1), "uncommitted, 1 untracked file"),
    ],
)
def test_untracked_files_are_no_change_but_are_kept(code, said, repo, monkeypatch):
    run = a_run(1, code=code)
    open_store(repo).commit_runs([RunBundle(run=run)])
    monkeypatch.chdir(repo)

    assert f"  changes  {said}\n" in CliRunner().invoke(cli, ["show", run.id]).stdout
