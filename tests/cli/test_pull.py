"""`gitrack pull`: said to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitrack.store import open_store
from tests.cli.test_push import HEAVY, command
from tests.sharing.clones import Clones


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    """A remote with one run, and its heavy file."""
    made = Clones(tmp_path)
    clone = made.new("trainer")
    made.share_objects(clone)
    made.train(clone, name="theirs", files={"model.bin": HEAVY})
    assert command("-C", str(clone), "push").exit_code == 0
    return made


@pytest.fixture
def mine(clones: Clones, monkeypatch: pytest.MonkeyPatch) -> Path:
    clone = clones.new("mine")
    clones.share_objects(clone)
    monkeypatch.chdir(clone)
    return clone


def test_a_fresh_clone_lists_before_and_after(clones, mine):
    before = command("ls").stdout
    assert "theirs" in before

    result = command("pull")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "pulled 1 run from origin/gitrack",
        f"fetched 1 object of heavy files (256 kB) from {clones.objects}",
    ]
    assert command("ls").stdout == before
    assert command("pull").stderr == "nothing to do: all is here\n"


def test_a_clone_that_left_the_branch_out_gets_it(clones, monkeypatch):
    clone = clones.new("single", "--single-branch")
    monkeypatch.chdir(clone)
    assert "theirs" not in command("ls").stdout
    assert command("pull", "--no-objects").exit_code == 0
    assert "theirs" in command("ls").stdout


def test_pull_tells_programs(clones, mine):
    said = json.loads(command("pull", "--json").stdout)
    assert (said["moved"], said["runs"], said["ahead"]) == (True, 1, 0)
    assert (said["objects"]["sent"], said["objects"]["bytes"]) == (1, 256_000)


def test_what_does_not_come_is_exit_code_1_and_named(clones, mine):
    (name,) = (clones.objects / "files/md5").glob("??/*")
    name.unlink()
    result = command("pull")
    assert result.exit_code == 1
    assert "pulled 1 run" in result.stdout
    assert "1 object of heavy files could not be fetched:" in result.stderr
    assert "artifacts/model.bin: " in result.stderr
    assert command("pull", "--no-objects").exit_code == 0


def test_nobody_says_where_they_are(tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    other = Clones(tmp_path / "new")
    lone = other.new("lone")
    other.train(lone, files={"model.bin": HEAVY})
    command("-C", str(lone), "push")
    monkeypatch.chdir(other.new("clone"))
    result = command("pull")
    assert result.exit_code == 0
    assert "1 heavy file is not here, and no artifact remote is set" in result.stderr
    assert "all is here" not in command("pull").stderr


def test_only_some(clones, mine):
    result = command("pull", "theirs")
    assert "fetched 1 object" in result.stdout
    assert command("pull", "--since", "1h", "--registered").exit_code == 0


def test_what_is_ours_alone_is_said(clones, mine):
    command("pull")
    open_store(mine).commit_files({"registry/x/model.yaml": b"format: 1\n"}, "a model")
    assert "'gitrack push' sends it" in command("pull").stderr


def test_neither_has_runs(clones, tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    other = Clones(tmp_path / "new")
    monkeypatch.chdir(other.new("clone"))
    result = command("pull")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "neither this clone nor origin has runs yet" in result.stderr
