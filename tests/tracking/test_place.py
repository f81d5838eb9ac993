"""Where a run lives, wherever in a repository it is started."""

from __future__ import annotations

import pytest

import gitrack
from gitrack.errors import ConfigError
from gitrack.model.run import Status
from gitrack.store import open_store
from gitrack.tracking.place import find_place


def test_a_linked_worktree_writes_to_the_branch_of_all(repo, git, tmp_path, monkeypatch):
    git(repo, "worktree", "add", "-q", str(tmp_path / "other"), "-b", "feature")
    monkeypatch.chdir(tmp_path / "other")
    with gitrack.start_run("e") as run:
        pass

    kept = open_store(repo).run(run.id)
    assert kept.code.branch == "feature"
    assert git(tmp_path / "other", "status", "--porcelain") == ""


def test_a_bare_repository(tmp_path, git, monkeypatch):
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")
    with gitrack.start_run("e") as run:
        pass

    assert open_store(tmp_path / "bare.git").run(run.id).status is Status.FINISHED


def test_a_repository_without_a_commit_and_a_detached_head(tmp_path, git, monkeypatch):
    git(tmp_path, "init", "-q", "new")
    new = tmp_path / "new"
    monkeypatch.chdir(new)
    with gitrack.start_run("e") as first:
        pass
    git(new, "commit", "-q", "--allow-empty", "-m", "one")
    git(new, "checkout", "-q", "--detach")
    with gitrack.start_run("e") as second:
        pass

    store = open_store(new)
    assert store.run(first.id).code is None or store.run(first.id).code.commit is None
    assert store.run(second.id).code.commit == git(new, "rev-parse", "HEAD")
    assert store.run(second.id).code.branch is None


def test_folder_names_the_place_from_elsewhere(repo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with gitrack.start_run("e", folder=repo) as run:
        pass

    assert open_store(repo).run(run.id).status is Status.FINISHED


def test_settings_that_change_are_read_by_the_next_run(project):
    assert find_place().config.branch == "gitrack"
    (project / ".tracking").mkdir()
    (project / ".tracking/config.yaml").write_text("branch: runs\n")
    with gitrack.start_run("e") as run:
        pass

    assert run.place.config.branch == "runs"
    assert open_store(project).branch.name == "runs"
    assert open_store(project).run(run.id).status is Status.FINISHED


def test_wrong_settings_are_said_before_the_training(project):
    (project / ".tracking").mkdir()
    (project / ".tracking/config.yaml").write_text("branch: [1]\n")
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        gitrack.start_run("e")


def test_a_folder_that_becomes_a_repository_is_seen(tmp_path, git, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_place().repository is None
    git(tmp_path, "init", "-q")
    assert find_place().repository is not None


def test_a_dirty_checkout_is_refused_where_the_settings_say_so(project):
    (project / ".tracking").mkdir()
    (project / ".tracking/config.yaml").write_text("capture: {dirty: refuse}\n")
    (project / "train.py").write_text("changed\n")
    with pytest.raises(gitrack.errors.GitrackError, match="uncommitted"):
        gitrack.start_run("e")
