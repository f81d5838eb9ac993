"""Committing in every situation that a checkout can be in, and leaving it as it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import NoIdentity, StoreError
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository

Git = Callable[..., str]


@pytest.fixture
def commits_cleanly(git: Git, state, fsck, leftovers) -> Callable[[Path], None]:
    """Commits three times from a folder and proves that nothing else has changed."""

    def prove(folder: Path) -> None:
        before = state(folder)
        branch = GitBranch(Repository.discover(folder))
        for number in range(3):
            branch.commit({"run/n.yaml": b"n: %d\r\n" % number, f"run/{number}": b"x"}, "a run")
        assert state(folder) == before
        again = GitBranch(Repository.discover(folder))
        assert again.read("run/n.yaml") == b"n: 2\r\n"
        assert git(folder, "rev-list", "--count", "gitrack") == "3"
        fsck(folder)
        assert leftovers(again.repository.common_dir) == []

    return prove


@pytest.fixture
def busy(repo: Path, git: Git) -> Path:
    """A checkout with staged and unstaged changes, untracked and ignored files and a stash."""
    (repo / "train.py").write_text("stashed\n")
    git(repo, "stash")
    (repo / ".gitignore").write_text("*.log\n")
    (repo / "staged.py").write_text("staged\n")
    git(repo, "add", "staged.py", ".gitignore")
    (repo / "staged.py").write_text("staged, then changed\n")
    (repo / "train.py").write_text("changed\n")
    (repo / "new.txt").write_text("untracked\n")
    (repo / "out.log").write_text("ignored\n")
    return repo


def test_a_busy_checkout(busy: Path, commits_cleanly):
    commits_cleanly(busy)


def test_a_sub_folder(busy: Path, commits_cleanly):
    folder = busy / "src" / "deep"
    folder.mkdir(parents=True)
    commits_cleanly(folder)
    assert Repository.discover(folder).subfolder == "src/deep"


def test_no_commit_yet(tmp_path: Path, git: Git, commits_cleanly):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("a\n")
    commits_cleanly(tmp_path)


def test_a_bare_repository(tmp_path: Path, git: Git, commits_cleanly):
    git(tmp_path, "init", "-q", "--bare")
    commits_cleanly(tmp_path)


def test_a_linked_worktree(busy: Path, git: Git, tmp_path: Path, commits_cleanly):
    linked = tmp_path / "linked"
    git(busy, "worktree", "add", "-q", str(linked))
    commits_cleanly(linked)
    assert GitBranch(Repository.discover(busy)).read("run/2") == b"x"


def test_a_submodule(repo: Path, git: Git, tmp_path: Path, commits_cleanly):
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo), "sub")
    commits_cleanly(outer / "sub")
    assert git(outer, "branch", "--list", "gitrack") == ""


def test_a_detached_head(busy: Path, git: Git, commits_cleanly):
    git(busy, "checkout", "-q", "--detach")
    commits_cleanly(busy)


@pytest.mark.parametrize("command", ["merge", "rebase", "cherry-pick"])
def test_in_the_middle_of_a_conflict(repo: Path, git: Git, command: str, commits_cleanly):
    git(repo, "checkout", "-q", "-b", "side")
    (repo / "train.py").write_text("side\n")
    git(repo, "commit", "-q", "-am", "side")
    git(repo, "checkout", "-q", "main")
    (repo / "train.py").write_text("main\n")
    git(repo, "commit", "-q", "-am", "main")
    done = subprocess.run(["git", "-C", str(repo), command, "side"], capture_output=True)
    assert done.returncode != 0
    commits_cleanly(repo)
    assert "<<<<<<<" in (repo / "train.py").read_text()


@pytest.mark.parametrize("setting", ["true", "input"])
def test_autocrlf(busy: Path, git: Git, setting: str, commits_cleanly):
    git(busy, "config", "core.autocrlf", setting)
    (busy / ".gitattributes").write_text("* text=auto eol=crlf\n")
    commits_cleanly(busy)


def test_hooks_that_fail_are_not_called(busy: Path, commits_cleanly):
    for name in ("pre-commit", "commit-msg", "prepare-commit-msg", "post-commit", "pre-push"):
        hook = busy / ".git/hooks" / name
        hook.write_text("#!/bin/sh\ntouch hook-was-here\nexit 1\n")
        hook.chmod(0o755)
    commits_cleanly(busy)


class TestReferenceTransactionHook:
    """The one hook that means to hear of every move of a ref."""

    def put(self, folder: Path, script: str) -> None:
        hook = folder / "reference-transaction"
        folder.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)

    @pytest.mark.parametrize("configured", [False, True])
    def test_it_hears(self, repo: Path, git: Git, tmp_path: Path, configured: bool):
        folder = tmp_path / "hooks" if configured else repo / ".git/hooks"
        if configured:
            git(repo, "config", "core.hooksPath", str(folder))
        branch = GitBranch(Repository.discover(repo))
        branch.commit({"a": b"1"}, "first")
        heard = tmp_path / "heard"
        self.put(folder, f"cat >> {heard}")

        commit = branch.commit({"a": b"2"}, "second")

        assert f"{commit} refs/heads/gitrack" in heard.read_text()

    def test_it_may_refuse(self, repo: Path, leftovers):
        branch = GitBranch(Repository.discover(repo))
        first = branch.commit({"a": b"1"}, "first")
        self.put(repo / ".git/hooks", "echo not today >&2; exit 1")
        with pytest.raises(StoreError, match=r"gitrack cannot be moved: .*hook.*: not today"):
            branch.commit({"a": b"2"}, "second")
        assert branch.tip() == first
        assert leftovers(repo / ".git") == []


@pytest.mark.parametrize("name", ["gitrack", "team/runs", "ü.x"])
def test_packed_refs_and_objects(repo: Path, git: Git, name: str):
    branch = GitBranch(Repository.discover(repo), name)
    branch.commit({"a": b"1"}, "first")
    git(repo, "pack-refs", "--all", "--prune")
    assert not (repo / ".git/refs/heads" / name).exists()
    second = branch.commit({"b": b"2"}, "second")
    git(repo, "gc", "--prune=now", "-q")
    assert GitBranch(Repository.discover(repo), name).tip() == second
    branch.commit({"c": b"3"}, "third")
    assert branch.children() == GitBranch(Repository.discover(repo), name).children()
    assert branch.children() == ["a", "b", "c"]


def test_loose_objects(repo: Path, git: Git, fsck):
    branch = GitBranch(Repository.discover(repo))
    branch.commit({"a/b": b"1"}, "first")
    [pack] = (repo / ".git/objects/pack").glob("*.pack")
    data = pack.read_bytes()
    for file in (repo / ".git/objects/pack").iterdir():
        file.unlink()
    subprocess.run(["git", "-C", str(repo), "unpack-objects", "-q"], input=data, check=True)

    fresh = GitBranch(Repository.discover(repo))
    fresh.commit({"a/c": b"2"}, "second")

    assert [fresh.read(path) for path in ("a/b", "a/c")] == [b"1", b"2"]
    fsck(repo)


def test_a_sha256_repository(tmp_path: Path, git: Git, fsck, leftovers):
    git(tmp_path, "init", "-q", "--object-format=sha256")
    branch = GitBranch(Repository.discover(tmp_path))
    for number in range(30):
        branch.commit({f"runs/{number}": b"%d" % number}, f"run {number}")
    fresh = GitBranch(Repository.discover(tmp_path))
    assert fresh.read("runs/7") == b"7"
    assert len(fresh.tip() or "") == 64
    assert len(list(fresh.read_many([entry.id for entry in fresh.entries()] * 3))) == 90
    fsck(tmp_path)
    assert leftovers(tmp_path / ".git") == []


def test_leaked_environment(
    repo: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch, commits_cleanly
):
    """As a hook of another repository would see it."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    leaked = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_OBJECT_DIRECTORY": str(other / "objects"),
        "GIT_COMMON_DIR": str(other / ".git"),
        "GIT_NAMESPACE": "elsewhere",
        "GIT_LITERAL_PATHSPECS": "1",
    }
    with monkeypatch.context() as leak:
        for name, value in leaked.items():
            leak.setenv(name, value)
        branch = GitBranch(Repository.discover(repo))
        branch.commit({"a": b"1"}, "first")
    assert git(repo, "show", "gitrack:a") == "1"
    assert git(other, "for-each-ref") == ""
    assert not (other / "index").exists()


class TestIdentity:
    @pytest.fixture
    def nobody(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        monkeypatch.delenv("EMAIL", raising=False)
        return repo

    def test_none_is_a_clear_error(self, nobody: Path):
        branch = GitBranch(Repository.discover(nobody))
        with pytest.raises(NoIdentity) as caught:
            branch.commit({"a": b"1"}, "first")
        assert 'git config --global user.name "Your Name"' in str(caught.value)
        assert "GITRACK_AUTHOR" in str(caught.value)
        assert branch.tip() is None

    def test_it_is_found_as_soon_as_it_is_set(self, nobody: Path, git: Git):
        branch = GitBranch(Repository.discover(nobody))
        with pytest.raises(NoIdentity):
            branch.commit({"a": b"1"}, "first")
        git(nobody, "config", "user.name", "Eve Example")
        git(nobody, "config", "user.email", "eve@example.com")
        branch.commit({"a": b"1"}, "first")
        assert git(nobody, "log", "-1", "--format=%an <%ae>", "gitrack") == (
            "Eve Example <eve@example.com>"
        )

    def test_gitrack_author(self, nobody: Path, git: Git, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("GITRACK_AUTHOR", "Zoë Example <zoe@example.com>")
        GitBranch(Repository.discover(nobody)).commit({"a": b"1"}, "first")
        assert git(nobody, "log", "-1", "--format=%an <%ae> %cn", "gitrack") == (
            "Zoë Example <zoe@example.com> Zoë Example"
        )

    def test_author_and_committer_of_the_environment(
        self, nobody: Path, git: Git, monkeypatch: pytest.MonkeyPatch
    ):
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{role}_NAME", f"The {role} <\n>")
            monkeypatch.setenv(f"GIT_{role}_EMAIL", f"{role}@example.com")
        GitBranch(Repository.discover(nobody)).commit({"a": b"1"}, "first")
        assert git(nobody, "log", "-1", "--format=%an|%ae|%cn|%ce", "gitrack") == (
            "The AUTHOR|AUTHOR@example.com|The COMMITTER|COMMITTER@example.com"
        )

    def test_times_carry_the_time_zone(self, repo: Path, git: Git, monkeypatch):
        import time

        monkeypatch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        try:
            GitBranch(Repository.discover(repo)).commit({"a": b"1"}, "first")
        finally:
            monkeypatch.undo()
            time.tzset()
        assert git(repo, "log", "-1", "--format=%ad", "gitrack").endswith("+0530")


class TestCheckedOut:
    def test_here(self, repo: Path, git: Git):
        branch = GitBranch(Repository.discover(repo))
        first = branch.commit({"a": b"1"}, "first")
        git(repo, "checkout", "-q", "gitrack")
        with pytest.raises(StoreError, match=rf"gitrack is checked out in {repo}.*switch -"):
            branch.commit({"a": b"2"}, "second")
        assert branch.tip() == first
        assert git(repo, "status", "--porcelain") == ""

    def test_in_another_worktree(self, repo: Path, git: Git, tmp_path: Path):
        branch = GitBranch(Repository.discover(repo))
        branch.commit({"a": b"1"}, "first")
        git(repo, "worktree", "add", "-q", str(tmp_path / "look"), "gitrack")
        with pytest.raises(StoreError, match=f"checked out in {tmp_path / 'look'}"):
            branch.commit({"a": b"2"}, "second")
        git(repo, "worktree", "remove", str(tmp_path / "look"))
        branch.commit({"a": b"2"}, "second")


class TestClones:
    @pytest.fixture
    def clone(self, repo: Path, git: Git, tmp_path: Path) -> Path:
        branch = GitBranch(Repository.discover(repo))
        branch.commit({f"runs/{n}/run.yaml": b"%d" % n for n in range(100)}, "first")
        git(tmp_path, "clone", "-q", str(repo), "clone")
        return tmp_path / "clone"

    def test_a_fresh_clone_reads_and_continues_the_remote_branch(
        self, repo: Path, clone: Path, git: Git, fsck
    ):
        branch = GitBranch(Repository.discover(clone))
        remote = git(repo, "rev-parse", "gitrack")
        assert git(clone, "branch", "--list", "gitrack") == ""
        assert branch.tip() == remote
        assert branch.read("runs/7/run.yaml") == b"7"

        commit = branch.commit({"runs/new": b"1"}, "second")

        assert git(clone, "rev-parse", "gitrack", "gitrack~1").split() == [commit, remote]
        fsck(clone)

    def test_base_is_the_remote_tip(self, clone: Path):
        branch = GitBranch(Repository.discover(clone))
        commit = branch.commit({"runs/new": b"1"}, "second", base=branch.tip())
        assert branch.tip() == commit

    def test_a_shallow_clone(self, repo: Path, git: Git, tmp_path: Path, fsck):
        GitBranch(Repository.discover(repo)).commit({"more": b"1"}, "a second commit")
        git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{repo}", "shallow")
        repository = Repository.discover(tmp_path / "shallow")
        assert repository.shallow
        GitBranch(repository).commit({"runs/new": b"1"}, "second")
        fsck(tmp_path / "shallow")

    def test_a_partial_clone_fetches_all_it_lacks_at_once(
        self, repo: Path, clone: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        git(repo, "config", "uploadpack.allowFilter", "true")
        git(repo, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{repo}", "partial")
        repository = Repository.discover(tmp_path / "partial")
        assert repository.partial
        branch = GitBranch(repository)
        ids = [entry.id for entry in branch.entries()]
        log = tmp_path / "trace"
        monkeypatch.setenv("GIT_TRACE", str(log))

        contents = dict(branch.read_many(ids))

        assert len(contents) == 100
        assert sum("git-upload-pack" in line for line in log.read_text().splitlines()) <= 2
        log.unlink()
        assert dict(branch.read_many(ids)) == contents
        assert "fetch" not in log.read_text()
        branch.commit({"runs/new": b"1"}, "second")
        assert branch.read("runs/new") == b"1"


@pytest.mark.parametrize(
    ("shared", "umask", "rights"),
    [("group", 0o077, 0o660), ("all", 0o077, 0o664), ("0640", 0o022, 0o640)],
)
def test_a_shared_repository(tmp_path: Path, git: Git, shared: str, umask: int, rights: int):
    old = os.umask(umask)
    try:
        git(tmp_path, "init", "-q", f"--shared={shared}")
        branch = GitBranch(Repository.discover(tmp_path))
        branch.commit({"a": b"1"}, "first")
        branch.commit({"a": b"2"}, "second")
    finally:
        os.umask(old)
    git_dir = tmp_path / ".git"
    assert (git_dir / "refs/heads/gitrack").stat().st_mode & 0o777 == rights
    assert (git_dir / "gitrack/lock").stat().st_mode & 0o777 == rights
    folder = (git_dir / "objects/pack").stat().st_mode
    assert (git_dir / "gitrack").stat().st_mode == folder
    for pack in (git_dir / "objects/pack").iterdir():
        assert pack.stat().st_mode & 0o777 == rights & 0o444


def test_the_reflog_tells_what_happened(repo: Path, git: Git):
    branch = GitBranch(Repository.discover(repo))
    branch.commit({"a": b"1"}, "first\n\nmore")
    branch.commit({"a": b"2"}, "second")
    assert git(repo, "reflog", "--format=%gs", "gitrack").splitlines() == [
        "commit: second",
        "commit (initial): first",
    ]
    git(repo, "config", "core.logAllRefUpdates", "false")
    git(repo, "reflog", "delete", "gitrack@{1}")
    (repo / ".git/logs/refs/heads/gitrack").unlink()
    GitBranch(Repository.discover(repo)).commit({"a": b"3"}, "third")
    assert not (repo / ".git/logs/refs/heads/gitrack").exists()


class TestOddRefs:
    def test_a_branch_below_the_name(self, repo: Path, git: Git):
        git(repo, "branch", "gitrack/other")
        with pytest.raises(StoreError, match="there is a branch gitrack/other, beside which"):
            GitBranch(Repository.discover(repo)).commit({"a": b"1"}, "first")

    def test_a_symbolic_ref(self, repo: Path, git: Git):
        git(repo, "symbolic-ref", "refs/heads/gitrack", "refs/heads/main")
        with pytest.raises(StoreError, match=r"points at another ref \(refs/heads/main\)"):
            GitBranch(Repository.discover(repo)).tip()

    def test_a_damaged_ref(self, repo: Path):
        (repo / ".git/refs/heads/gitrack").write_text("nonsense\n")
        with pytest.raises(StoreError, match="is damaged: it holds 'nonsense'"):
            GitBranch(Repository.discover(repo)).tip()

    def test_refs_that_are_no_files_are_read_and_moved_by_git(
        self, repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch
    ):
        repository = Repository.discover(repo)
        repository.ref_storage = "reftable"
        monkeypatch.setattr(os, "link", None)  # nobody may need it
        branch = GitBranch(repository)
        assert branch.tip() is None
        first = branch.commit({"a": b"1"}, "first")
        second = branch.commit({"a": b"2"}, "second", base=first)
        assert branch.tip() == second == git(repo, "rev-parse", "gitrack")
        git(repo, "checkout", "-q", "gitrack")
        with pytest.raises(StoreError, match=f"gitrack is checked out in {repo}"):
            branch.commit({"a": b"3"}, "third")

    def test_without_hard_links_git_moves_the_ref(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch, leftovers
    ):
        branch = GitBranch(Repository.discover(repo))
        branch.commit({"a": b"1"}, "first")

        def refuse(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
        branch.commit({"a": b"2"}, "second")
        assert branch.read("a") == b"2"
        assert leftovers(repo / ".git") == []


def test_a_partial_clone_without_its_remote_names_what_it_lacks(repo: Path, git: Git):
    from gitrack.store import open_store

    GitBranch(Repository.discover(repo)).commit(
        {
            "format.yaml": b"format: 1\n",
            "runs/e/2024-10/22/20241022-143012-7k3f9q/run.yaml": b"format: 1\n",
        },
        "runs",
    )
    git(repo, "config", "uploadpack.allowFilter", "true")
    clone = repo.parent / "partial"
    source = f"file://{repo}"
    git(repo, "clone", "-q", "--filter=blob:none", "--no-checkout", source, str(clone))
    repo.rename(repo.parent / "away")

    table = open_store(clone).table()

    assert {fault.path.rpartition("/")[2] for fault in table.faults} == {"format.yaml", "run.yaml"}
    (record,) = (fault for fault in table.faults if fault.path.endswith("run.yaml"))
    assert "'origin' does not give it" in record.why
    # and nothing of that is remembered
    (repo.parent / "away").rename(repo)
    faults = open_store(clone).table().faults
    assert ["does not give" in fault.why for fault in faults] == [False]
