"""`gitrack push`: said to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gitrack.cli.main import cli
from tests.sharing.clones import Clones, git

HEAVY = bytes(range(256)) * 1000


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    return Clones(tmp_path)


@pytest.fixture
def mine(clones: Clones, monkeypatch: pytest.MonkeyPatch) -> Path:
    clone = clones.new("mine")
    clones.share_objects(clone)
    monkeypatch.chdir(clone)
    return clone


def test_push_says_what_it_sent(clones, mine):
    clones.train(mine, files={"model.bin": HEAVY})

    result = command("push")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"sent 1 object of heavy files (256 kB) to {clones.objects}",
        "pushed 1 run to origin/gitrack",
    ]
    again = command("push")
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == "nothing to do: origin/gitrack has it all\n"


def test_push_tells_programs(clones, mine):
    clones.train(mine, files={"model.bin": HEAVY})
    said = json.loads(command("push", "--json").stdout)
    assert (said["remote"], said["branch"], said["pushed"], said["runs"]) == (
        "origin",
        "gitrack",
        True,
        1,
    )
    assert said["commit"] == git(clones.hub, "rev-parse", "gitrack")
    assert said["objects"]["url"] == str(clones.objects)
    assert (said["objects"]["sent"], said["objects"]["failed"]) == (1, [])


def test_what_has_no_remote_is_named_with_what_to_type(clones, mine):
    (mine / ".tracking/config.yaml").unlink()
    run = clones.train(mine, files={"model.bin": HEAVY})
    result = command("push")
    assert result.exit_code == 0
    assert "1 heavy file (256 kB) is only in this clone" in result.stderr
    assert f"{run}  model.bin" in result.stderr
    assert "artifacts: {remote: URL}" in result.stderr


def test_trouble_with_heavy_files_is_exit_code_1_and_says_what_holds_the_branch(clones, mine):
    run = clones.train(mine, files={"model.bin": HEAVY})
    clones.objects.write_text("a file, not a folder\n")
    result = command("push")
    assert result.exit_code == 1
    assert "1 object of heavy files could not be sent:" in result.stderr
    assert f"{run} artifacts/model.bin: " in result.stderr
    assert "the branch gitrack was not pushed: it points to 1 heavy file" in result.stderr
    assert "gitrack push --no-objects" in result.stderr
    assert json.loads(command("push", "--json").stdout)["held_back"]
    assert command("push", "--no-objects").exit_code == 0


def test_others_were_first(clones, mine):
    clones.train(mine)
    command("push")
    other = clones.new("other")
    clones.train(other)
    assert command("-C", str(other), "push").exit_code == 0
    clones.train(mine)
    result = command("-C", str(mine), "push")
    assert "united with 1 run of origin/gitrack" in result.stdout
    clones.train(other)
    command("-C", str(other), "push")
    behind = command("-C", str(mine), "push")
    assert "'gitrack pull' brings it" in behind.stderr


def test_wrong_usage(mine, clones):
    clones.train(mine)
    from gitrack.errors import UsageError

    with pytest.raises(UsageError, match="neither a date"):
        command("push", "--since", "soon")
    assert command("push", "--jobs", "0").exit_code == 2


def test_no_remote_of_the_repository(repo, monkeypatch):
    from gitrack.errors import StoreError

    monkeypatch.chdir(repo)
    with pytest.raises(StoreError, match="has no remote origin"):
        command("push")
