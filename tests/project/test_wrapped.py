"""`gitrack run`: the command behaves as without it, and is a run all the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitrack.model.run import Status
from gitrack.store import open_store
from tests.project.conftest import last, runs

JOINS = """
import gitrack
with gitrack.start_run("weather-20241022", "lr005", params={"lr": 0.05}, tags={"team": "x"}) as run:
    run.log_metric("auc", 0.8, step=1).log_text("hello", "note.txt")
print(run.id)
"""


def test_output_passes_through_to_the_byte_and_its_end_is_kept(repo: Path) -> None:
    odd = "import os; os.write(1, b'a\\xff\\x00\\r\\nb'); os.write(2, 'ü'.encode())"

    done = subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", "run", "--", sys.executable, "-c", odd],
        cwd=repo,
        capture_output=True,
        check=True,
    )

    assert done.stdout == b"a\xff\x00\r\nb"
    assert done.stderr.startswith("ü".encode())
    store = open_store(repo)
    kept = store.read(f"{store.find('@last')}/output.txt").decode()
    assert "b\n" in kept
    assert "ü" in kept


@pytest.mark.parametrize(
    ("script", "code", "status"),
    [
        ("true", 0, Status.FINISHED),
        ("exit 3", 3, Status.FAILED),
        ("kill -SEGV $$", 139, Status.FAILED),
        ("kill -TERM $$", 143, Status.KILLED),
        ("kill -KILL $$", 137, Status.KILLED),
        ("bash -c 'kill -TERM $$'; exit $?", 143, Status.KILLED),
    ],
)
def test_the_exit_code_is_passed_on_and_says_how_it_ended(
    repo: Path, type_, script: str, code: int, status: Status
) -> None:
    type_(repo, "gitrack", "run", "--", "bash", "-c", script, code=code)

    assert last(repo).status is status


def test_a_failure_is_told_by_the_last_words(repo: Path, type_) -> None:
    type_(repo, "gitrack", "run", "--", "bash", "-c", "echo why >&2; exit 7", code=7)

    assert last(repo).error == "exit code 7\nwhy"


def test_what_a_script_logs_lands_in_the_run_of_its_wrapper(repo: Path, type_) -> None:
    (repo / "train.py").write_text(JOINS)

    done = type_(repo, "gitrack", "run", "-p", "rows=12", "--", "python", "train.py")

    (run,) = runs(repo)
    assert done.stdout.strip() == run.id
    assert (run.experiment, run.name) == ("weather-20241022", "lr005")
    assert run.params == {"lr": 0.05, "rows": 12}
    assert run.tags == {"team": "x"}
    assert run.metrics == {"auc": 0.8}
    assert [artifact.path for artifact in run.artifacts] == ["note.txt"]
    assert run.command == "python train.py"


def test_what_was_said_of_the_run_counts_more_than_what_a_script_would_call_it(
    repo: Path, type_
) -> None:
    (repo / "train.py").write_text(JOINS)

    type_(repo, "gitrack", "run", "-E", "mine", "--name", "first", "python", "train.py")

    (run,) = runs(repo)
    assert (run.experiment, run.name) == ("mine", "first")


def test_the_rules_for_tags_hold_for_those_that_the_script_has_set(repo: Path, type_) -> None:
    (repo / "train.py").write_text(JOINS)
    (repo / ".tracking").mkdir()
    (repo / ".tracking/policy.yaml").write_text("tags: {required: [team]}\n")

    done = type_(repo, "gitrack", "run", "--", "python", "train.py")

    assert "team" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_reach_the_command(repo: Path, tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready"
    script = f"trap 'echo heard; exit 9' TERM INT HUP; touch {ready}; while :; do sleep 0.05; done"
    wrapper = subprocess.Popen(
        [sys.executable, "-m", "gitrack.cli.main", "run", "--", "bash", "-c", script],
        cwd=repo,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not ready.exists() and wrapper.poll() is None:
        time.sleep(0.01)

    wrapper.send_signal(number)
    printed, _ = wrapper.communicate(timeout=30)

    assert (wrapper.returncode, printed) == (9, "heard\n")
    assert last(repo).status is Status.KILLED


def test_on_a_terminal_the_command_has_one_too_and_its_keys_work(repo: Path) -> None:
    pty = pytest.importorskip("pty")
    script = (
        "import os, sys\n"
        "print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty())\n"
        "import time\n"
        "try:\n    print('answer:', input('question? ')); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('interrupted'); sys.exit(5)\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(repo)
        words = [
            sys.executable,
            "-m",
            "gitrack.cli.main",
            "run",
            "--",
            sys.executable,
            "-c",
            script,
        ]
        os.execv(sys.executable, words)
    seen, keys = b"", [(b"question? ", b"yes\n"), (b"answer: yes", b"\x03")]
    while True:
        try:
            data = os.read(terminal, 1000)
        except OSError:
            break
        if not data:
            break
        seen += data
        if keys and keys[0][0] in seen:
            os.write(terminal, keys.pop(0)[1])
    os.close(terminal)

    assert b"True True True" in seen
    assert seen.count(b"interrupted") == 1
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    assert last(repo).status is Status.KILLED


@pytest.mark.parametrize(
    ("word", "code", "why"),
    [
        ("no-such-program", 127, "there is no such command"),
        ("./train.py", 126, "not a program that may be run"),
        ("./broken", 126, "broken"),
    ],
)
def test_what_cannot_be_started_is_no_run(
    repo: Path, type_, word: str, code: int, why: str
) -> None:
    (repo / "broken").write_bytes(b"\0\1\2")
    (repo / "broken").chmod(0o755)

    done = type_(repo, "gitrack", "run", "--", word, code=code)

    assert why in done.stderr
    assert open_store(repo).branch.tip() is None
    assert not list((repo / ".tracking/outbox").glob("2*"))


def test_a_background_job_is_not_waited_for(repo: Path, type_) -> None:
    done = type_(repo, "gitrack", "run", "--", "bash", "-c", "sleep 50 & echo begun; echo $!")

    begun, pid = done.stdout.split()
    os.kill(int(pid), signal.SIGTERM)  # it lives on
    assert begun == "begun"
    assert last(repo).status is Status.FINISHED


def test_a_reader_that_leaves_ends_the_command_as_ever(repo: Path, type_) -> None:
    done = type_(repo, "bash", "-c", "gitrack run -- yes | head -1")

    assert done.stdout == "y\n"


def test_input_reaches_the_command(repo: Path, type_) -> None:
    done = type_(repo, "bash", "-c", "echo abc | gitrack run -- cat")

    assert done.stdout == "abc\n"


def test_json_says_which_run_it_was_and_the_command_prints_elsewhere(repo: Path, type_) -> None:
    done = type_(repo, "gitrack", "run", "--json", "--", "bash", "-c", "echo out; exit 2", code=2)

    (run,) = runs(repo)
    assert json.loads(done.stdout) == {
        "exit_code": 2,
        "run": run.id,
        "experiment": "default",
        "status": "failed",
        "joined": False,
    }
    assert "out\n" in done.stderr


def test_a_wrapper_within_a_wrapper_joins_it(repo: Path, type_) -> None:
    inner = "gitrack run -p inner=1 -- echo deep; exit 4"

    done = type_(repo, "gitrack", "run", "-E", "outer", "--", "bash", "-c", inner, code=4)

    (run,) = runs(repo)
    assert (run.experiment, run.status, run.params) == ("outer", Status.FAILED, {"inner": 1})
    assert done.stdout == "deep\n"
    assert done.stderr.count("next: gitrack show") == 1


def test_with_no_capture_of_output_the_command_simply_has_ours(repo: Path, type_) -> None:
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text("capture: {output: off}\n")

    done = type_(repo, "gitrack", "run", "--", "echo", "hello")

    assert done.stdout == "hello\n"
    store = open_store(repo)
    assert not any(entry.path.endswith("output.txt") for entry in store.files("@last"))


def test_the_code_is_that_of_before_the_command(repo: Path, type_, git) -> None:
    type_(repo, "gitrack", "run", "--", "bash", "-c", "echo changed >> train.py")

    run = last(repo)
    assert run.code is not None
    assert run.code.dirty is False


def test_nothing_of_the_checkout_is_touched(repo: Path, type_, git) -> None:
    (repo / "new.txt").write_text("new")
    git(repo, "add", "new.txt")
    index = (repo / ".git/index").read_bytes()

    type_(repo, "gitrack", "run", "--", "true")

    assert (repo / ".git/index").read_bytes() == index
    assert git(repo, "status", "--porcelain") == "A  new.txt"
