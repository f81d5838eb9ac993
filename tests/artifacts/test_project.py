"""Which cache a checkout uses, and what its DVC settings say."""

from __future__ import annotations

import pytest

from gitrack.artifacts import cache_of
from gitrack.artifacts.branch_files import check_remote, dvc_config, remote_in
from gitrack.artifacts.project import project_files, read_settings
from gitrack.errors import ConfigError


def test_without_a_dvc_project_bytes_go_to_the_git_folder(repo):
    assert cache_of(repo, repo / ".git").folder == repo / ".git/gitrack/dvc-cache"
    assert cache_of(None, repo / "bare.git").folder == repo / "bare.git/gitrack/dvc-cache"


def test_our_cache_is_the_one_that_dvc_names(repo, monkeypatch):
    from dvc.repo import Repo

    monkeypatch.chdir(repo)
    with Repo.init(str(repo)) as project:
        assert str(cache_of(repo, repo / ".git").folder) == project.cache.local_cache_dir
    for level, folder in (("global", "global, one"), ("repo", "../rel"), ("local", "a#b")):
        with Repo(str(repo)) as project, project.config.edit(level) as config:
            config["cache"]["dir"] = folder
        with Repo(str(repo)) as project:
            assert str(cache_of(repo, repo / ".git").folder) == project.cache.local_cache_dir


def test_a_linked_worktree_shares_the_cache_of_the_main_one(tmp_path, repo, git):
    (repo / ".dvc").mkdir()
    (repo / ".dvc/config").touch()
    git(repo, "add", ".dvc")
    git(repo, "commit", "-q", "-m", "dvc")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))

    assert cache_of(tmp_path / "linked", repo / ".git").folder == repo / ".dvc/cache"
    (tmp_path / "linked/.dvc/config.local").write_text("[cache]\n    dir = here\n")
    assert cache_of(tmp_path / "linked", repo / ".git").folder == tmp_path / "linked/.dvc/here"


def test_remotes_are_read_as_dvc_wrote_them(repo, monkeypatch):
    from dvc.repo import Repo

    monkeypatch.chdir(repo)
    with Repo.init(str(repo)) as project, project.config.edit() as config:
        config["core"]["remote"] = "store"
        config["remote"]["store"] = {"url": "s3://b/p", "endpointurl": "https://example.com"}
        config["remote"]["share"] = {"url": "share, one"}
    settings = read_settings(repo)

    assert settings.remotes["store"].url == "s3://b/p"
    assert settings.remotes["store"].settings == {"endpointurl": "https://example.com"}
    assert settings.remotes["share"].url == str(repo / "share, one")


def test_a_broken_config_is_named(repo):
    (repo / ".dvc").mkdir()
    (repo / ".dvc/config").write_text("[core\nremote\n")
    with pytest.raises(ConfigError, match=r"\.dvc/config is not a DVC config"):
        read_settings(repo)


def test_we_make_the_dvc_project_that_dvc_init_makes(tmp_path, repo, git, dvc):
    dvc(repo, "init", "-q")
    theirs = git(repo, "diff", "--cached", "--name-only").split()

    assert sorted(project_files()) == sorted(theirs)
    for path, text in project_files().items():
        assert (repo / path).read_text() == text


@pytest.mark.parametrize(
    "url", ["s3://b/p", "/mnt/share", "/mnt/a b, c#d", "s3://b/é", "ssh://me@host/x", "C:\\share"]
)
def test_a_remote_that_every_clone_can_use(url):
    assert check_remote(url) == url
    assert remote_in(dvc_config(url)) == url


@pytest.mark.parametrize(
    "config", [b"", b"[core]\n", b"\xff", b"[", b"['remote \"other\"']\nurl = x\n"]
)
def test_a_config_without_our_remote(config):
    assert remote_in(config) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("../share", "relative"),
        ("file:///mnt/share", "DVC does not know"),
        ("~/share", "relative"),
        ("", "not a URL"),
        ("s3://b\n[core]", "not a URL"),
        ("https://me:secret@host/x", "password"),
    ],
)
def test_a_remote_that_other_clones_could_not_use(url, why):
    with pytest.raises(ConfigError, match=why) as caught:
        check_remote(url)
    assert "secret" not in str(caught.value)
