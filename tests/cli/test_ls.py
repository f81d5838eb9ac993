"""`gitrack ls` finds, orders and prints runs, harmlessly and in any form."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gitrack.cli.main import cli
from gitrack.errors import InvalidFilter, NotFound
from gitrack.model.run import RunBundle
from gitrack.store import open_store
from tests.cli.some_runs import EXPERIMENT, FULL, a_run, with_runs

Ls = Callable[..., Result]


@pytest.fixture
def ls(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Ls:
    with_runs(repo)
    monkeypatch.chdir(repo)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["ls", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def names(result: Result) -> list[str]:
    return [run["name"] for run in json.loads(result.stdout)]


def test_the_newest_run_comes_first(ls):
    lines = ls().stdout.splitlines()

    assert [line.split()[1] for line in lines] == ["name", "tiny", "lr003", "lr002", "lr001"]


def test_columns_in_which_all_runs_are_alike_are_left_away(ls):
    header = ls("params.booster = 'gbtree' and status = finished").stdout.splitlines()[0]

    assert {"learning_rate", "test_auc_roc"} <= set(header.split())
    assert "experiment" not in header
    assert "team" not in header


def test_a_filter_an_order_and_a_limit(ls):
    found = ls("params.learning_rate > 0.06", "-o", "metrics.test_auc_roc desc", "--json")
    assert names(found) == ["lr002", "lr003"]

    first = ls("--order-by", "metrics.test_auc_roc desc", "-n", "1", "--json")
    assert names(first) == ["tiny"]
    assert "1 of 4 runs" in first.stderr


def test_what_the_filter_speaks_of_is_shown_even_when_all_are_alike(ls):
    header = ls("params.booster = 'gbtree' and metrics.val_logloss.min < 1").stdout.splitlines()[0]

    assert {"booster", "curves.val_logloss.min"} <= set(header.split())


def test_columns_of_one_name_keep_their_section(ls, repo):
    run = a_run(5, params={"team": 7}, metrics={"status": 0.123456})
    open_store(repo).commit_runs([RunBundle(run=run)])

    table = ls("--columns", "name,params.team,tags.team,metrics.status,status").stdout.splitlines()

    wanted = ["name", "params.team", "tags.team", "metrics.status", "status"]
    assert table[0].split() == wanted
    assert table[1].split() == ["lr005", "7", "logistics-ml", "0.1235", "finished"]


def test_experiments_are_chosen_by_name(ls):
    assert names(ls("-e", "baseline-20241001", "--json")) == ["tiny"]
    assert len(names(ls("-e", "baseline-20241001", "-e", EXPERIMENT, "--json"))) == 4
    with pytest.raises(NotFound, match="did you mean 'baseline-20241001'"):
        ls("-e", "baseline-2024100")


def test_json_has_every_value_and_is_valid_with_nan(ls):
    failed = json.loads(ls("status = failed", "--json").stdout)[0]

    assert failed["id"] == FULL.id
    assert failed["params"] == {"learning_rate": 0.05 * 3, "booster": "gbtree", "flag": False}
    assert failed["metrics"]["test_auc_roc"] == "NaN"
    assert failed["tags"]["hostile"] == FULL.tags["hostile"]
    assert failed["code"]["commit"] == "a3f8" * 10
    assert failed["duration"] == 230.75


def test_csv_can_be_read_back(ls):
    rows = list(csv.DictReader(io.StringIO(ls("--csv").stdout)))

    assert [row["name"] for row in rows] == ["tiny", "lr003", "lr002", "lr001"]
    assert rows[3]["params.flag"] == "true"
    assert rows[0]["params.learning_rate"] == ""


def test_columns_can_be_named(ls):
    table = ls("--columns", "name,metrics.test_auc_roc,booster").stdout.splitlines()

    assert table[0].split() == ["name", "test_auc_roc", "booster"]
    assert table[-1].split() == ["lr001", "0.89", "gbtree"]
    with pytest.raises(NotFound, match=r"did you mean params\.booster"):
        ls("--columns", "params.boster")


def test_all_columns_shows_also_what_is_alike(ls):
    header = ls("--all-columns").stdout.splitlines()[0].split()

    assert {"team", "author", "code.branch", "environment.python", "duration"} <= set(header)
    assert "blob" not in header


def test_nothing_found_is_said_and_near_names_are_named(ls):
    result = ls("metrics.test_auc_rok > 0.9")

    assert result.stdout == ""
    assert "none of 4 runs matches" in result.stderr
    assert "no run has metrics.test_auc_rok; did you mean metrics.test_auc_roc?" in result.stderr


def test_a_bad_filter_is_wrong_usage(ls):
    with pytest.raises(InvalidFilter):
        ls("metrics.auc >")


def test_two_kinds_of_output_at_once_are_wrong_usage(ls):
    assert ls("--json", "--csv").exit_code == 2


def test_without_runs_it_says_how_to_get_some(repo, monkeypatch):
    monkeypatch.chdir(repo)

    result = CliRunner().invoke(cli, ["ls"])

    assert (result.exit_code, result.stdout) == (0, "")
    assert "no runs yet; gitrack run -- python train.py records one" in result.stderr
    assert CliRunner().invoke(cli, ["ls", "--json"]).stdout == "[]\n"


def test_files_that_cannot_be_read_are_named_and_the_others_shown(ls, repo):
    place = "runs/bad/2024-10/22/20241022-143012-aaaaaa/run.yaml"
    open_store(repo).commit_files({place: b"format: 1\nid: \x1b[2J\xff\n"}, "break")

    result = ls("--json")

    assert result.exit_code == 0
    assert len(names(result)) == 4
    assert f"unreadable: {place}" in result.stderr
    assert "\x1b" not in result.stderr


def test_nothing_hostile_reaches_a_pipe_or_a_terminal(ls, repo):
    assert "\x1b" not in ls("--all-columns").stdout
    assert "\u202e" not in ls("--all-columns").stdout

    shown = on_a_terminal(repo, "ls", "--columns", "name,tags.hostile", columns=120)

    assert "\\x1b[31mred" in shown
    assert "\u202e" not in shown
    assert "\x1b[31mred" not in shown


def test_a_narrow_terminal_drops_columns_and_says_so(ls, repo):
    shown = on_a_terminal(repo, "ls", columns=60)

    assert "tiny" in shown
    assert "more columns do not fit" in shown
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r", "").splitlines()
    assert max(map(len, lines[:5])) <= 60
    # the random part of an id names a run, and the metrics of the test set come first
    assert "test_auc_roc" in lines[0].split()
    assert "7k3f94" in lines[2]


def test_a_name_too_long_for_a_terminal_shows_both_its_ends(ls, repo):
    run = a_run(5, name="xgboost-schedule-weather-lr0.05-depth8-seed1")
    open_store(repo).commit_runs([RunBundle(run=run)])

    assert "xgboost-schedule-we…-lr0.05-depth8-seed1" in on_a_terminal(repo, "ls", columns=200)
    assert "xgboost-schedul….05-depth8-seed1" in on_a_terminal(repo, "ls", columns=80)


def test_a_reader_that_has_seen_enough_is_no_trouble(ls, repo):
    many = [a_run(6, id=f"20241026-143012-7k3f{n:02}", notes="n" * 9000) for n in range(20)]
    open_store(repo).commit_runs([RunBundle(run=run) for run in many])
    line = f"set -o pipefail; {sys.executable} -m gitrack.cli.main ls --json | head -c 1"

    done = subprocess.run(
        ["bash", "-c", line], cwd=repo, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "[", "")


def test_listing_imports_nothing_heavy(ls, repo):
    program = (
        "import sys; sys.argv = ['gitrack', 'ls']\n"
        "from gitrack.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'git', 'yaml', 'pandas', 'numpy', 'lark', 'rich', 'psutil'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repo, capture_output=True, text=True, check=False
    )

    assert done.stderr == "[]\n"


def on_a_terminal(folder: Path, *arguments: str, columns: int) -> str:
    """What a person with a terminal of so many columns sees, stderr included."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gitrack.cli.main", *arguments],
        cwd=folder,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm"},
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert process.wait() == 0
    return shown.decode()
