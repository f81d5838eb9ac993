"""Where a project lies, its outbox, and the name of its branch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gitrack.config.project import branch_and_remote, outbox, project_root
from gitrack.errors import ConfigError


def test_the_nearest_folder_with_tracking_is_the_project(tmp_path, monkeypatch):
    (tmp_path / ".tracking").mkdir()
    deep = tmp_path / "src/models"
    deep.mkdir(parents=True)

    assert project_root(deep) == tmp_path
    monkeypatch.chdir(deep)
    assert project_root() == Path.cwd().parent.parent


def test_outside_of_a_project_there_is_no_root(tmp_path):
    assert project_root(tmp_path) is None


def test_the_outbox_lies_in_the_working_tree_or_with_the_user(tmp_path):
    assert outbox(tmp_path) == tmp_path / ".tracking/outbox"
    assert outbox(None).parts[-2:] == ("gitrack", "outbox")


@pytest.mark.parametrize(
    ("text", "name", "remote"),
    [
        (None, "gitrack", "origin"),
        ("project: x\n", "gitrack", "origin"),
        ("branch: runs\n", "runs", "origin"),
        ("project: x\nbranch:   team/runs # ours\n", "team/runs", "origin"),
        ('branch: "quoted"\n', "quoted", "origin"),
        ('"branch": runs\n', "runs", "origin"),
        ("{project: p, branch: flow}\n", "flow", "origin"),
        ("site:\n  title: |\n    branch: not-this\n", "gitrack", "origin"),
        ("site: {title: 'my branch: x'}\n", "gitrack", "origin"),
        ("branch: runs\nremote: upstream\n", "runs", "upstream"),
        ("artifacts: {remote: /heavy}\n", "gitrack", "origin"),
        ("artifacts:\n  remote: /heavy\nremote: up\n", "gitrack", "up"),
        ("  branch: runs\n  remote: up\n", "runs", "up"),
        ("remote: 'up'\n", "gitrack", "up"),
    ],
)
def test_branch_and_remote_are_what_the_whole_reader_would_say(tmp_path, text, name, remote):
    if text is not None:
        (tmp_path / ".tracking").mkdir()
        (tmp_path / ".tracking/config.yaml").write_text(text)

    assert branch_and_remote(tmp_path) == (name, remote)


def test_a_branch_that_is_none_is_an_error(tmp_path):
    (tmp_path / ".tracking").mkdir()
    (tmp_path / ".tracking/config.yaml").write_text("branch: [a]\n")

    with pytest.raises(ConfigError, match="branch is a list"):
        branch_and_remote(tmp_path)


def test_the_plain_way_needs_no_yaml_library(tmp_path):
    (tmp_path / ".tracking").mkdir()
    (tmp_path / ".tracking/config.yaml").write_text("project: x\nbranch: runs\n")
    program = (
        "import sys; from pathlib import Path\n"
        "from gitrack.config.project import branch_and_remote\n"
        f"print(branch_and_remote(Path({str(tmp_path)!r})), 'yaml' in sys.modules)"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert said.stdout == "('runs', 'origin') False\n"
