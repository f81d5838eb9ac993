"""The branch and its remote: looked at, fetched, pushed, and nothing of the user's is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import StoreError
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.exchange import CODE, Exchange, attempts
from gitrack.store.git.repository import Repository

Git = Callable[..., str]
COMMIT = {"runs/x/run.yaml": b"id: x\n"}


@pytest.fixture
def hub(tmp_path: Path, repo: Path, git: Git) -> Path:
    """A bare remote of the repository."""
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    git(repo, "push", "-q", "origin", "main")
    return tmp_path / "hub.git"


def meeting(folder: Path) -> tuple[GitBranch, Exchange]:
    repository = Repository.discover(folder)
    return GitBranch(repository), Exchange(repository, "gitrack", "origin")


def clone(hub: Path, name: str, git: Git, *options: str) -> Path:
    git(hub.parent, "clone", "-q", *options, f"file://{hub}", name)
    return hub.parent / name


def test_a_branch_goes_there_and_comes_back(hub, repo, git):
    branch, exchange = meeting(repo)
    assert exchange.look().tip is None
    tip = branch.commit(COMMIT, "one")

    assert exchange.push(tip).moved is None

    assert exchange.look().tip == exchange.known() == tip
    other, there = meeting(clone(hub, "other", git, "--single-branch"))
    assert other.tip() is None
    there.fetch(there.look())
    assert (there.known(), there.ours(), other.tip()) == (tip, None, tip)


def test_fetching_touches_nothing_else(hub, repo, git, state):
    branch, exchange = meeting(repo)
    exchange.push(branch.commit(COMMIT, "one"))
    other = clone(hub, "other", git)
    tip = branch.commit({"runs/y": b"2"}, "two")
    git(repo, "tag", "v1", tip)
    git(repo, "push", "-q", "origin", "v1", "main:feature")
    exchange.push(tip)
    (other / "new.txt").write_text("mine\n")
    git(other, "add", "new.txt")
    git(other, "config", "fetch.prune", "true")
    before = state(other)
    _, there = meeting(other)

    there.fetch(there.look())

    assert there.known() == tip
    assert state(other) == before
    assert not git(other, "tag")
    assert not (other / ".git/FETCH_HEAD").exists()


def test_somebody_was_first(hub, repo, git):
    branch, exchange = meeting(repo)
    exchange.push(branch.commit(COMMIT, "one"))
    other, there = meeting(clone(hub, "other", git))
    there.push(other.commit({"runs/theirs": b"1"}, "theirs"))
    mine = branch.commit({"runs/mine": b"1"}, "mine")

    assert exchange.push(mine).moved == "fetch first"

    exchange.fetch(exchange.look())
    assert exchange.distance(mine, exchange.known()) == (1, 1)
    assert exchange.push(branch.merge(exchange.known(), "merge")).moved is None
    assert exchange.look().tip == branch.tip()


def test_the_code_of_runs_goes_along_once(hub, repo, git):
    branch, exchange = meeting(repo)
    tip = branch.commit(COMMIT, "one")
    git(repo, "commit", "-q", "--allow-empty", "-m", "soon squashed")
    code = git(repo, "rev-parse", "HEAD")
    git(repo, "update-ref", CODE + code, code)
    git(repo, "reset", "-q", "--hard", "HEAD~")

    assert exchange.code() == {code}
    assert exchange.push(tip, exchange.code() - exchange.look().code).code == {code}

    assert exchange.look().code == {code}
    other, there = meeting(clone(hub, "other", git))
    assert there.fetch(there.look()) is None
    assert there.code() == {code}
    assert other.repository.git("cat-file", "-t", code) == "commit"


def test_code_that_is_not_what_its_name_says_stays_away(hub, repo, git):
    branch, exchange = meeting(repo)
    exchange.push(branch.commit(COMMIT, "one"))
    git(hub, "update-ref", f"{CODE}{'0' * 39}1", "main")
    git(hub, "update-ref", f"{CODE}../../heads/evil".replace("../../", "x/"), "main")

    assert exchange.look().code == frozenset()
    exchange.fetch(exchange.look())
    assert exchange.code() == frozenset()


def test_hooks_of_the_user_do_not_run(hub, repo, git):
    hook = repo / ".git/hooks/pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    branch, exchange = meeting(repo)

    assert exchange.push(branch.commit(COMMIT, "one")).moved is None


def test_what_the_host_says_is_passed_on(hub, repo, git):
    hook = hub / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed.' >&2\nexit 1\n")
    hook.chmod(0o755)
    branch, exchange = meeting(repo)

    with pytest.raises(StoreError, match="Protected branch update failed") as caught:
        exchange.push(branch.commit(COMMIT, "one"))

    assert "ask whoever administers origin" in caught.value.hint
    assert exchange.known() is None


def test_a_remote_that_has_the_branch_checked_out(tmp_path, repo, git):
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(repo), str(other))
    git(repo, "switch", "-q", "--orphan", "gitrack")
    git(repo, "commit", "-q", "--allow-empty", "-m", "x")
    branch, exchange = meeting(other)
    exchange.fetch(exchange.look())
    with pytest.raises(StoreError, match="checked out"):
        exchange.push(branch.commit(COMMIT, "one"))


def test_no_such_remote_says_what_to_type(repo, git):
    with pytest.raises(StoreError, match="has no remote origin") as caught:
        meeting(repo)
    assert caught.value.hint == "type  git remote add origin URL"
    git(repo, "remote", "add", "upstream", "x")
    with pytest.raises(StoreError) as caught:
        meeting(repo)
    assert "remote: upstream" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "said", "hint"),
    [
        ("/nowhere/at/all.git", "there is no repository at /nowhere/at/all.git", "git remote -v"),
        ("http://127.0.0.1:1/x.git", "cannot be reached", "when there is a network"),
        ("http://ada:s3cret@127.0.0.1:1/x.git", "…@127.0.0.1", "network"),
        ("ssh://nobody@127.0.0.1:1/x.git", "cannot be reached|does not let you in", "type|see"),
    ],
)
def test_a_remote_that_does_not_answer(repo, git, url, said, hint, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    git(repo, "remote", "add", "origin", url)
    _, exchange = meeting(repo)

    with pytest.raises(StoreError, match=said) as caught:
        exchange.look()

    assert any(word in caught.value.hint for word in hint.split("|"))
    assert "s3cret" not in str(caught.value)


def test_no_question_is_asked_where_nobody_can_answer(repo, git, tmp_path, monkeypatch):
    log = tmp_path / "asked"
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$GIT_TERMINAL_PROMPT $@" >> {log}\nexit 255\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    git(repo, "remote", "add", "origin", "ssh://host.example/x.git")
    _, exchange = meeting(repo)

    with pytest.raises(StoreError):
        exchange.look()

    assert log.read_text().startswith("0 -o BatchMode=yes")


def test_a_shallow_clone_that_lacks_the_fork_says_so(hub, repo, git):
    branch, exchange = meeting(repo)
    for number in range(4):
        exchange.push(branch.commit({f"runs/{number}": b"1"}, f"{number}"))
    shallow = clone(hub, "shallow", git, "--depth=1", "--no-single-branch")
    git(shallow, "branch", "-q", "gitrack", "origin/gitrack")
    other, there = meeting(shallow)
    mine = other.commit({"runs/mine": b"1"}, "mine")
    assert there.push(mine).moved is None
    there.refuse_cut_history(mine, there.known())
    base = git(repo, "rev-parse", "gitrack~2")
    git(repo, "push", "-q", "--force", "origin", f"{base}:refs/heads/gitrack")
    there.fetch(there.look())
    with pytest.raises(StoreError, match="shallow") as caught:
        there.refuse_cut_history(mine, there.known())
    assert caught.value.hint == "type  git fetch --unshallow origin"


def test_unrelated_histories_in_a_shallow_clone_are_no_cut(hub, repo, git):
    git(repo, "commit", "-q", "--allow-empty", "-m", "more")
    git(repo, "push", "-q", "origin", "main")
    shallow = clone(hub, "shallow", git, "--depth=1")
    branch, exchange = meeting(repo)
    exchange.push(branch.commit(COMMIT, "one"))
    other, there = meeting(shallow)
    mine = other.commit({"runs/mine": b"1"}, "mine")
    there.fetch(there.look())

    there.refuse_cut_history(mine, there.known())


def test_a_bare_repository_pushes_too(hub, repo, git, tmp_path):
    bare = clone(hub, "bare.git", git, "--bare")
    branch, exchange = meeting(bare)
    assert exchange.push(branch.commit(COMMIT, "one")).moved is None
    assert exchange.look().tip == branch.tip()


def test_two_processes_of_one_clone_fetch_at_once(hub, repo, git):
    branch, exchange = meeting(repo)
    exchange.push(branch.commit(COMMIT, "one"))
    other = clone(hub, "other", git)
    exchange.push(branch.commit({"runs/y": b"2"}, "two"))
    code = (
        "import sys\nfrom gitrack.store.git.exchange import Exchange\n"
        "from gitrack.store.git.repository import Repository\n"
        "there = Exchange(Repository.discover(sys.argv[1]), 'gitrack', 'origin')\n"
        "there.fetch(there.look())\n"
    )
    command = [sys.executable, "-c", code, str(other)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert meeting(other)[1].known() == branch.tip()


def test_attempts_end():
    assert list(attempts(0.0)) == [0]
    assert len(list(attempts(0.3))) > 1


@pytest.mark.parametrize("options", [["--object-format=sha256"], ["--ref-format=reftable"]])
def test_other_kinds_of_repositories(tmp_path, git, options):
    made = subprocess.run(
        ["git", "init", "-q", "--bare", *options, str(tmp_path / "hub.git")],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("this git does not know them")
    sides = []
    for name in ("mine", "other"):
        git(tmp_path, "init", "-q", *options, name)
        git(tmp_path / name, "remote", "add", "origin", str(tmp_path / "hub.git"))
        sides.append(meeting(tmp_path / name))
    (branch, exchange), (other, there) = sides
    tip = branch.commit(COMMIT, "one")
    assert exchange.push(tip, {tip}).moved is None
    there.fetch(there.look())
    assert (there.known(), there.code()) == (tip, {tip})
    assert other.read("runs/x/run.yaml") == b"id: x\n"


def test_a_remote_of_another_hash_says_so(tmp_path, repo, git):
    git(tmp_path, "init", "-q", "--bare", "--object-format=sha256", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    branch, exchange = meeting(repo)
    with pytest.raises(StoreError, match="names its objects in another way"):
        exchange.push(branch.commit(COMMIT, "one"))
