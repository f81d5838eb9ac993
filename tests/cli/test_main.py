"""The `gitrack` command as a process: words for errors, and exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import click
import pytest

from gitrack.cli.main import COMMANDS, cli
from tests.cli.command import gitrack
from tests.cli.some_runs import with_runs

TOP = Path(__file__).resolve().parents[2]


def test_help_names_every_command(tmp_path):
    done = gitrack(tmp_path, "--help")

    assert done.returncode == 0
    for name, what in COMMANDS.items():
        assert name in done.stdout
        assert what in done.stdout
    titles = [line for line in done.stdout.splitlines() if line.endswith(":")]
    assert titles[:3] == ["Options:", "Begin:", "Track (a script does so by `gitrack.start_run`):"]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal_and_cuts_nothing(name):
    command = cli.get_command(click.Context(cli), name)
    pages = [command, *getattr(command, "commands", {}).values()]
    for page in pages:
        text = page.get_help(click.Context(page, info_name=f"gitrack {name}", max_content_width=80))
        assert max(map(len, text.splitlines())) <= 80, text
        assert "..." not in text.replace("]...", "").replace("COMMAND...", ""), text


def test_help_imports_no_command(tmp_path):
    program = (
        "import sys; sys.argv = ['gitrack', '--help']\n"
        "from gitrack.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith(('gitrack.store', 'gitrack.cli.commands.'))]"
        ", file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stderr == "[]\n"


def test_the_version(tmp_path):
    assert gitrack(tmp_path, "--version").stdout.startswith("gitrack, version ")


def test_a_refusal_is_worded_and_exits_with_1(tmp_path):
    done = gitrack(tmp_path, "ls")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].endswith("is not inside a git repository")
    assert done.stderr.startswith("error: ")
    assert done.stderr.splitlines()[1] == "hint: run 'git init' first"


@pytest.mark.parametrize(
    "arguments",
    [
        ["ls", "metrics.auc >"],
        ["ls", "--order-by", "!"],
        ["ls", "--limit", "-1"],
        ["show"],
        ["lss"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_exits_with_2(repo, arguments):
    done = gitrack(with_runs(repo), *arguments)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_misspelt_command_is_recognised(tmp_path):
    assert "Did you mean 'show'?" in gitrack(tmp_path, "shwo").stderr


def test_a_filter_is_shown_with_a_caret(repo):
    lines = gitrack(with_runs(repo), "ls", "metrics.auc > 'x'").stderr.splitlines()

    assert lines[1] == "  metrics.auc > 'x'"
    assert lines[2] == "                ^"


def test_an_error_quotes_hostile_names_harmlessly(repo):
    done = gitrack(with_runs(repo), "show", "\x1b[2Jx")

    assert done.returncode == 1
    assert "\x1b" not in done.stderr


def test_the_folder_can_be_given(repo, tmp_path):
    with_runs(repo)

    assert "tiny" in gitrack(tmp_path, "-C", str(repo), "ls").stdout


def test_an_interrupt_ends_quietly(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import sys, time\n"
        "import gitrack.cli.main as main\n"
        "def slow(*_):\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(30)\n"
        "main._LateGroup.get_command = slow\n"
        "sys.argv = ['gitrack', 'ls']\n"
        "main.main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "slow.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 130
    assert errors.strip() == ""


@pytest.mark.parametrize("how", ["the command", "the package"])
def test_an_interrupt_ends_quietly_while_modules_are_imported(tmp_path, how):
    declared = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    module, _, function = declared["gitrack"].partition(":")
    # as the program is that installers write
    script = f"import sys; from {module} import {function}; sys.exit({function}())"
    line = ["-c", script] if how == "the command" else ["-m", "gitrack"]
    # stands for a slow disk, and for what Python calls back while it imports: it asks nobody what
    # to do about exceptions
    (tmp_path / "click.py").write_text(
        "import time\n"
        "print('ready', flush=True)\n"
        "try: time.sleep(30)\n"
        "except BaseException: print('lost'); time.sleep(30)\n"
    )
    process = subprocess.Popen(
        [sys.executable, *line, "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{TOP}"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=20)

    assert (process.returncode, said, errors) == (130, "", "")


def test_the_command_is_begun_with_nothing_but_what_python_has():
    """What is imported before anything is caught is a time in which Ctrl-C shows a traceback."""
    program = (
        "import sys; before = set(sys.modules)\n"
        "import gitrack.__main__\n"
        "print(sorted(set(sys.modules) - before - set(sys.builtin_module_names)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "['__future__', 'gitrack', 'gitrack.__main__']\n"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("transition churn", "gitrack promote"),
        ("register @last churn", "gitrack model register"),
        ("versions churn", "gitrack model ls"),
        ("model promote churn 2", "gitrack promote"),
        ("model list", "gitrack model ls"),
        ("model delete churn 2", "gitrack promote --to archived"),
        ("model registr", "register"),
    ],
)
def test_words_of_other_tools_are_understood(tmp_path, typed, meant):
    done = gitrack(tmp_path, *typed.split())
    assert done.returncode == 2
    assert f"Did you mean '{meant}'?" in done.stderr
    assert done.stderr.count("Did you mean") == 1
