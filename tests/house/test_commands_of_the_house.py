"""The commands of README and CONTRIBUTING are there, are plain sh, and CI runs no weaker one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = ["demo", "check", "lock"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_executable_and_plain_sh(name: str) -> None:
    script = TOP / "scripts" / name

    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", str(script)], check=True)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_commands_that_a_page_names_are_there(page: str) -> None:
    named = re.findall(r"^\$ sh (scripts/\w+)", (TOP / page).read_text(), re.MULTILINE)

    assert named
    for script in named:
        assert (TOP / script).is_file()


def test_the_readme_has_one_line_for_the_demo_and_one_for_all_checks() -> None:
    readme = (TOP / "README.md").read_text()

    assert "```console\n$ sh scripts/demo\n```" in readme
    assert "```console\n$ sh scripts/check\n```" in readme


def test_ci_runs_what_the_readme_names() -> None:
    lines = [
        line
        for line in (TOP / ".ci" / "run").read_text().splitlines()
        if line and not line.startswith("#")
    ]

    assert lines[-1] == "exec sh scripts/check </dev/null"
    assert "export CI=true" in lines


def test_check_runs_everything() -> None:
    text = (TOP / "scripts" / "check").read_text()

    for tool in ["ruff check .", "ruff format --check", "mypy", "pytest -n 2"]:
        assert tool in text


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    shutil.copytree(TOP / "scripts", tmp_path / "scripts")
    (tmp_path / "requirements").mkdir()

    done = subprocess.run(
        ["sh", str(tmp_path / "scripts" / "demo")],
        env={**os.environ, "PYTHON": str(old)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "error: no Python 3.11 or newer was found" in done.stderr
    assert "hint: " in done.stderr


def test_hooks_use_the_tools_that_are_there(tmp_path: Path) -> None:
    path = TOP / ".pre-commit-config.yaml"
    config = yaml.safe_load(path.read_text())

    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    assert all(hook["language"] == "system" for hook in config["repos"][0]["hooks"])
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", str(path)],
        check=True,
        capture_output=True,
    )


def test_the_projects_own_settings_are_right() -> None:
    from gitrack.config.policy import load_policy
    from gitrack.config.settings import load_config

    assert load_config(TOP).project == "gitrack"
    assert load_policy(TOP).experiments.name == "{model}-{change}-{date}"
