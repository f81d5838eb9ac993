"""Gates of one's own: commands and functions, what they are told, where they run, what they see."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from gitrack.model.promotion import Outcome, PolicyUsed
from gitrack.model.registered import ModelVersion
from gitrack.registry.gates.custom import _arguments, told
from tests.registry.gates.conftest import World


@pytest.fixture
def version(world: World) -> ModelVersion:
    return world.version(metrics={"m": 0.5, "lost": float("nan")}, tags={"team": "ml"})


@pytest.mark.parametrize(
    ("command", "outcome", "says"),
    [
        ("echo fine", "passed", "fine"),
        ("sh -c 'echo one; echo two; exit 0'", "passed", "two"),
        ("sh -c 'echo bad >&2; exit 3'", "failed", "bad"),
        ("false", "failed", "it ended with exit code 1, and said nothing"),
        ("test -f train.py && echo 'a | b'", "passed", "a | b"),
        ("X=1 printenv X", "passed", "1"),
        ("no-such-program --x", "failed", "'no-such-program' cannot be started"),
        ("echo 'open", "failed", "cannot be read"),
        ("printf '\\033[31mred'", "passed", "\\x1b[31mred"),
    ],
)
def test_a_command_answers_by_exit_code_and_text(
    world: World, version: ModelVersion, command: str, outcome: str, says: str
):
    verdict = world.one(version, "{command: " + json.dumps(command) + "}")

    assert verdict.outcome == outcome
    assert says in verdict.says
    assert verdict.gate == command


def test_a_command_is_told_about_the_version(world: World, version: ModelVersion):
    world.stands("staging", 1)
    other = world.version(2, metrics={"m": 0.1})
    world.stands("production", 2)
    world.proof(version, "unit-tests")
    ask = (
        "import json, sys; v = json.load(sys.stdin); "
        "print(v['format'], v['model'], v['version'], v['from'], v['to'], v['tags']['team'], "
        "v['run']['metrics'], v['occupant']['run']['id'], v['evidence'][0]['kind'])"
    )

    verdict = world.one(
        version, "{command: " + json.dumps(f'{sys.executable} -c "{ask}"') + ", name: ask}"
    )

    assert verdict.says == (
        "1 churn 1 staging production ml {'lost': None, 'm': 0.5} " + f"{other.run} unit-tests"
    )
    assert verdict.gate.startswith(f"ask: {sys.executable} -c")
    assert (verdict.source or "").endswith(": command ask")
    assert set(told(world.case(version))) == {
        "format", "model", "version", "from", "to", "when", "promoter", "commit", "artifact",
        "tags", "path", "run", "evidence", "occupant",
    }  # fmt: skip


def test_a_command_that_does_not_end_is_ended_with_all_it_started(
    world: World, version: ModelVersion, tmp_path: Path
):
    late = tmp_path / "late"
    command = f"sh -c '(sleep 2; touch {late}) & echo working; sleep 60'"

    verdict = world.one(version, "{command: " + json.dumps(command) + ", timeout: 0.5}")
    time.sleep(2.2)

    assert verdict.outcome is Outcome.FAILED
    assert verdict.says == "it did not end within 0.5 seconds; it said: working"
    assert not late.exists()


def test_a_command_that_prints_without_end_fills_no_memory(world: World, version: ModelVersion):
    command = "sh -c 'yes gitrack | head -c 50000000; echo; echo done'"

    assert world.one(version, "{command: " + json.dumps(command) + "}").says == "done"


def test_a_check_runs_it_in_the_code_of_the_policy_without_secrets(
    world: World, version: ModelVersion, repo: Path, git, monkeypatch: pytest.MonkeyPatch
):
    home = "$(basename $(cd $HOME && pwd))"
    (repo / "gate.sh").write_text(f"echo committed $GITHUB_TOKEN$MY_KEY {home}\n")
    git(repo, "add", "gate.sh")
    git(repo, "commit", "-q", "-m", "a gate")
    world.used = PolicyUsed(sha256="0" * 64, commit=git(repo, "rev-parse", "HEAD"))
    (repo / "gate.sh").write_text("echo changed $GITHUB_TOKEN $MY_KEY\n")
    monkeypatch.setenv("GITHUB_TOKEN", "token")
    monkeypatch.setenv("MY_KEY", "key")
    gate = "{command: sh gate.sh}"

    person = world.one(version, gate)
    check = world.one(version, gate, checked=True)

    assert person.says == "changed token key"
    assert (check.says, check.outcome) == ("committed home", "passed")


def test_a_check_of_a_policy_that_nobody_committed_cannot_judge(world: World, version):
    verdict = world.one(version, "{command: 'true'}", checked=True)

    assert verdict.outcome is Outcome.FAILED
    assert "the policy is not committed" in verdict.says


def test_where_no_code_is_run_it_fails_and_says_so(world: World, version: ModelVersion):
    for gate in ("{command: 'true'}", "{python: 'json:loads'}"):
        verdict = world.one(version, gate, run_code=False)
        assert (verdict.outcome, verdict.says) == ("failed", "no code is run here")


FUNCTIONS = """
import os, sys
def good(version): print("noise"); return version["version"] == 1
def bad(version): return False, "slices differ"
def strange(version): return "yes"
def broken(version): return 1 / 0
def leaves(version): sys.exit(4)
class Gates:
    @staticmethod
    def inside(version): return True, "inside"
"""


@pytest.mark.parametrize(
    ("target", "outcome", "says"),
    [
        ("my_gates:good", "passed", "it is content"),
        ("my_gates:bad", "failed", "slices differ"),
        ("my_gates:Gates.inside", "passed", "inside"),
        ("my_gates:strange", "failed", "gave 'yes', neither True, False nor (passed, sentence)"),
        ("my_gates:broken", "failed", "raised ZeroDivisionError: division by zero"),
        ("my_gates:leaves", "failed", "it ended with exit code 4"),
        ("my_gates:nothing", "failed", "cannot be imported"),
        ("no_such_package:x", "failed", "cannot be imported"),
        ("os; evil", "failed", "is no package.module:function"),
    ],
)
def test_a_function_of_a_package(
    world: World, version, tmp_path, monkeypatch, target: str, outcome: str, says: str
):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "my_gates.py").write_text(FUNCTIONS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))

    verdict = world.one(version, "{python: " + json.dumps(target) + "}")

    assert verdict.outcome == outcome
    assert says in verdict.says


def test_a_module_of_the_checkout_is_no_installed_package(world: World, version, repo: Path):
    (repo / "my_gates.py").write_text("def good(version): return True\n")

    verdict = world.one(version, "{python: 'my_gates:good'}")

    assert "cannot be imported" in verdict.says


def test_a_secret_that_a_program_prints_does_not_reach_the_record(world: World, version):
    secret = "AKIA" + "IOSFODNN7EXAMPLQ"

    verdict = world.one(version, "{command: 'echo aws_access_key_id=" + secret + "'}")

    assert secret not in verdict.says


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("python gates/x.py --strict", ["python", "gates/x.py", "--strict"]),
        ("python -c 'print(1); $x'", ["python", "-c", "print(1); $x"]),
        ('python -c "print(1 | 2)" a\\ b', ["python", "-c", "print(1 | 2)", "a b"]),
        ("python --level=3", ["python", "--level=3"]),
        ("test a | cat", None),
        ("A=1 python x.py", None),
        ('echo "$HOME"', None),
        ("ls *.py", None),
        ("a && b", None),
        ("a > b", None),
    ],
)
def test_a_shell_is_started_only_for_what_needs_one(command: str, arguments: list[str] | None):
    assert _arguments(command) == (arguments or ["sh", "-c", command])
