"""`gitrack init` makes what is missing, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitrack.artifacts import cache_of, keep
from gitrack.cli.main import cli
from gitrack.config.policy import Policy, load_policy
from gitrack.config.settings import load_config
from gitrack.errors import ConfigError, GitrackError, NoIdentity, NoRepository, StoreError

FILES = [".dvc/.gitignore", ".dvc/config", ".dvcignore"]
TRACKING = [".tracking/.gitignore", ".tracking/config.yaml", ".tracking/policy.yaml"]


@pytest.fixture
def init(monkeypatch: pytest.MonkeyPatch):
    """`init(folder, *arguments)`: what it printed as JSON."""

    def run(folder: Path, *arguments: str) -> dict:
        monkeypatch.chdir(folder)
        result = CliRunner().invoke(cli, ["init", "--json", *arguments])
        if isinstance(result.exception, GitrackError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


def on_branch(git, repo, branch="gitrack") -> list[str]:
    return git(repo, "ls-tree", "-r", "--name-only", branch).split()


def test_it_prepares_a_repository(repo, git, init):
    head, index = git(repo, "rev-parse", "HEAD"), (repo / ".git/index").read_bytes()

    done = init(repo, "--project", 'churn: "q" #1')

    assert sorted(done["made"]) == [*FILES, *TRACKING, "branch gitrack"]
    assert done["next"][0] == "git add .dvc .dvcignore .tracking"
    assert load_config(repo).project == 'churn: "q" #1'
    assert load_config(repo).branch == "gitrack"
    assert load_policy(repo) == Policy()
    assert on_branch(git, repo) == [
        ".dvc/.gitignore",
        ".dvc/config",
        ".gitignore",
        "README.md",
        "format.yaml",
    ]
    assert git(repo, "log", "--format=%s", "gitrack") == "gitrack: tracking begins"
    assert git(repo, "rev-parse", "HEAD") == head
    assert (repo / ".git/index").read_bytes() == index
    assert git(repo, "status", "--porcelain") == "?? .dvc/\n?? .dvcignore\n?? .tracking/"


def test_twice_changes_nothing(repo, git, init):
    init(repo)
    (repo / ".tracking/config.yaml").write_text("branch: gitrack # mine\n")
    tip = git(repo, "rev-parse", "gitrack")

    done = init(repo)

    assert done["made"] == []
    assert set(done["left"]) == {*TRACKING, ".dvc/", "branch gitrack"}
    assert (repo / ".tracking/config.yaml").read_text() == "branch: gitrack # mine\n"
    assert git(repo, "rev-parse", "gitrack") == tip


def test_the_printed_commands_leave_a_clean_tree(repo, git, init):
    (repo / "sub dir").mkdir()
    done = init(repo / "sub dir")
    for command in done["next"]:
        subprocess.run(command, cwd=repo / "sub dir", shell=True, check=True, capture_output=True)
    (repo / ".tracking/outbox").mkdir()
    (repo / ".tracking/outbox/run").write_text("x")

    assert git(repo, "status", "--porcelain") == ""
    assert init(repo)["next"] == []


def test_a_remote_goes_to_the_settings_and_the_branch(tmp_path, repo, git, init):
    init(repo, "--artifacts", "s3://bucket/gitrack")

    assert load_config(repo).artifacts.remote == "s3://bucket/gitrack"
    config = git(repo, "show", "gitrack:.dvc/config")
    assert "url = s3://bucket/gitrack" in config

    text = (repo / ".tracking/config.yaml").read_text()
    (repo / ".tracking/config.yaml").write_text(text.replace('gitrack"', 'other"'))
    done = init(repo)
    assert done["made"] == [".dvc/config on branch gitrack: s3://bucket/other"]
    assert "url = s3://bucket/other" in git(repo, "show", "gitrack:.dvc/config")


def test_a_branch_that_a_run_has_made_gets_what_dvc_needs(repo, git, init):
    from gitrack.store.git.branch import GitBranch
    from gitrack.store.git.repository import Repository
    from gitrack.store.layout import first_files

    GitBranch(Repository.discover(repo)).commit(first_files(None), "run")
    assert init(repo)["made"][-1].endswith("on branch gitrack")
    assert {".gitignore", ".dvc/config", ".dvc/.gitignore"} <= set(on_branch(git, repo))


def test_a_clone_uses_the_branch_of_its_remote(tmp_path, repo, git, init):
    init(repo)
    git(tmp_path, "clone", "-q", str(repo), "clone")

    done = init(tmp_path / "clone")

    assert "branch gitrack" in done["left"]
    assert git(tmp_path / "clone", "branch", "--list", "gitrack") == ""


def test_no_commit_yet(tmp_path, git, init):
    git(tmp_path, "init", "-q", "new")
    done = init(tmp_path / "new", "--branch", "runs")
    assert done["branch"] == "runs"
    assert "README.md" in on_branch(git, tmp_path / "new", "runs")


def test_a_bare_repository_gets_the_branch_only(tmp_path, git, init):
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    done = init(tmp_path / "hub.git")
    assert done["made"] == ["branch gitrack"]
    assert "bare" in done["notes"][0]


def test_a_linked_worktree_shares_heavy_files(tmp_path, repo, git, init):
    init(repo)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "gitrack")
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", str(linked))

    done = init(linked)

    assert done["made"] == [".dvc/config.local"]
    assert done["next"] == []
    assert cache_of(linked, repo / ".git").folder == repo / ".dvc/cache"


def test_heavy_files_of_earlier_runs_move_into_the_dvc_cache(repo, init):
    kept = keep(b"\0" * 5000, "x", cache=cache_of(repo, repo / ".git"))
    done = init(repo)
    assert "1 heavy files" in done["notes"][0]
    assert cache_of(repo, repo / ".git").folder == repo / ".dvc/cache"
    assert cache_of(repo, repo / ".git").has(kept.md5)


def test_a_dvc_project_is_left_as_it_is(repo, git, init):
    (repo / ".dvc").mkdir()
    (repo / ".dvc/config").write_text("[core]\n    remote = mine\n")
    done = init(repo)
    assert ".dvc/" in done["left"]
    assert sorted(path.name for path in (repo / ".dvc").iterdir()) == ["config"]


def test_an_ignored_dvc_folder_is_respected(repo, init):
    (repo / ".gitignore").write_text(".dvc\n")
    done = init(repo)
    assert "git-ignored" in done["notes"][0]
    assert not (repo / ".dvc").exists()


def refused(init, folder, kind, why, *arguments) -> None:
    with pytest.raises(kind, match=why) as caught:
        init(folder, *arguments)
    assert caught.value.hint


def test_misuse_is_refused_before_anything_is_written(tmp_path, repo, git, init):
    (tmp_path / "nothing").mkdir()
    refused(init, tmp_path / "nothing", NoRepository, "not inside a git")
    refused(init, repo, GitrackError, "checked out", "--branch", "main")
    refused(init, repo, GitrackError, "git does not take", "--branch", "a..b")
    refused(init, repo, ConfigError, "relative", "--artifacts", "../share")
    refused(init, repo, ConfigError, "password", "--artifacts", "https://me:secret@host/")
    git(repo, "branch", "mine")
    refused(init, repo, StoreError, "not gitrack's", "--branch", "mine")
    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "branch", "--list", "gitrack") == ""


def test_without_an_identity_nothing_is_written(repo, git, init, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    refused(init, repo, NoIdentity, "who you are")
    assert git(repo, "status", "--porcelain") == ""


def test_other_settings_than_those_of_the_file_are_refused(repo, init):
    init(repo)
    refused(init, repo, GitrackError, "there already, with branch gitrack", "--branch", "runs")
    refused(init, repo, GitrackError, "artifacts.remote not set", "--artifacts", "/mnt/x")


def test_a_file_in_the_way_is_named(repo, init):
    (repo / ".tracking").write_text("a file")
    refused(init, repo, ConfigError, "in the way|cannot be written")


def test_for_people_it_names_the_next_commands(repo):
    done = subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", "init"],
        cwd=repo,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("made  .tracking/config.yaml\n")
    assert "git add .dvc .dvcignore .tracking && git commit -m" in done.stderr
    assert "gitrack.start_run(" in done.stderr
