"""From a command to an open pull request: a real push, and a host that answers as documented."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import PromotionRefused, StoreError
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.registry.promotion.promote import promote
from tests.registry.promotion.test_hosts import TOKEN, Answering, server  # noqa: F401 (a fixture)

Build = Callable[..., OpenRegistry]
Git = Callable[..., str]

PULLS = "/api/v3/repos/acme/models/pulls"
MERGES = "/api/v4/projects/acme%2Fmodels/merge_requests"


@pytest.fixture
def hosted(
    tmp_path: Path,
    repo: Path,
    git: Git,
    registry: Build,
    server: Answering,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> OpenRegistry:
    """A project whose remote is reached by an ssh that does not leave this machine."""
    opened = registry()
    bare = tmp_path / "host" / "acme" / "models.git"
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare")
    ssh = tmp_path / "ssh"
    ssh.write_text(
        "#!/bin/sh\nfor last; do :; done\n"
        f'exec sh -c "$(printf %s "$last" | sed "s#\'/#\'{tmp_path}/host/#")"\n'
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    git(repo, "remote", "add", "origin", "ssh://git@127.0.0.1/acme/models.git")
    git(repo, "push", "-q", "origin", "main", "gitrack")
    opened.repository._settings = None  # read before there was a remote
    return opened


@pytest.fixture
def github(server: Answering, monkeypatch: pytest.MonkeyPatch) -> Answering:  # noqa: F811
    monkeypatch.setenv("GITHUB_SERVER_URL", server.address)
    monkeypatch.setenv("GITHUB_API_URL", f"{server.address}/api/v3")
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    return server


def test_a_pull_request_is_opened_on_github(hosted: OpenRegistry, github: Answering, git: Git):
    address = f"{github.address}/acme/models/pull/4"
    github.answers["POST", PULLS] = [(201, {"number": 4, "html_url": address})]

    done = promote("churn", 2, to="staging", why="good", where=hosted)

    assert (done.url, done.pushed, done.trouble) == (address, True, None)
    ((_, _, headers, body),) = github.asked
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert body["head"] == done.branch == "promote/churn-v2-staging"
    assert body["base"] == "gitrack"
    assert "| ✅ | `auc >= 0.88` |" in body["body"]
    there = Path(hosted.place.folder).parent / "host/acme/models.git"
    assert git(there, "rev-parse", "promote/churn-v2-staging") == done.commit
    assert TOKEN not in repr(done)


def test_a_draft_is_one_on_the_host(
    hosted: OpenRegistry,
    server: Answering,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("CI_SERVER_URL", server.address)
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    address = f"{server.address}/acme/models/-/merge_requests/4"
    server.answers["POST", MERGES] = [(201, {"iid": 4, "web_url": address})]

    done = promote("churn", 1, to="staging", why="look at it", draft=True, where=hosted)

    assert done.url == address
    assert server.asked[0][3]["title"] == "Draft: churn v1 → staging"
    assert "**A draft: it does not pass its gates" in server.asked[0][3]["description"]


def test_a_host_that_says_no_leaves_the_address_to_open(hosted: OpenRegistry, github: Answering):
    github.answers["POST", PULLS] = [(401, {"message": "Bad credentials"})]
    done = promote("churn", 2, to="staging", why="good", where=hosted)
    assert done.pushed
    assert done.url is None
    assert any("says 401: Bad credentials" in note for note in done.notes)
    assert done.next[0].startswith(f"open {github.address}/acme/models/compare/gitrack...promote")


def test_without_a_push_nobody_is_asked(hosted: OpenRegistry, github: Answering, git: Git):
    git(hosted.place.folder, "fetch", "-q")
    done = promote("churn", 2, to="staging", why="good", push=False, where=hosted)
    assert not github.asked
    assert not done.pushed
    assert done.next[0] == "git push origin promote/churn-v2-staging"
    assert done.next[1].startswith(f"open {github.address}/acme/models/compare/")


def test_what_somebody_else_proposes_is_not_pushed_over(
    hosted: OpenRegistry, github: Answering, git: Git, tmp_path: Path
):
    address = f"{github.address}/acme/models/pull/4"
    github.answers["POST", PULLS] = [(201, {"html_url": address})] * 2
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "ssh://git@127.0.0.1/acme/models.git", str(other))
    first = promote("churn", 2, to="staging", why="mine", where=open_registry(other))

    with pytest.raises(PromotionRefused, match="the branch origin/promote/churn-v2-staging holds"):
        promote("churn", 2, to="staging", why="no, mine", where=hosted)
    done = promote("churn", 2, to="staging", why="no, mine", replace=True, where=hosted)
    there = tmp_path / "host/acme/models.git"
    assert git(there, "rev-parse", "promote/churn-v2-staging") == done.commit != first.commit


def test_a_clone_needs_no_branch_of_its_own(
    hosted: OpenRegistry, github: Answering, git: Git, tmp_path: Path
):
    github.answers["POST", PULLS] = [(201, {"html_url": f"{github.address}/x"})]
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "ssh://git@127.0.0.1/acme/models.git", str(other))
    done = promote("churn", 2, to="staging", why="from afar", where=open_registry(other))
    assert done.url
    assert git(other, "for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines() == [
        *("main", "promote/churn-v2-staging")
    ]
    assert git(other, "rev-parse", f"{done.branch}^") == git(other, "rev-parse", "origin/gitrack")


def test_a_branch_that_somebody_works_on_is_left_alone(
    registry: Build, git: Git, repo: Path, tmp_path: Path
):
    opened = registry()
    first = promote("churn", 2, to="staging", why="good", where=opened)
    git(repo, "worktree", "add", "-q", str(tmp_path / "there"), "promote/churn-v2-staging")
    with pytest.raises(StoreError, match="is checked out in"):
        promote("churn", 2, to="staging", why="better", replace=True, where=opened)
    assert git(repo, "rev-parse", "promote/churn-v2-staging") == first.commit
