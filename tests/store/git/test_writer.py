"""Many writers, writers that die, and git's own housekeeping beside them."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from gitrack.errors import LockTimeout, StoreError
from gitrack.store.git import lock, refs
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.files import Files
from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.objects import HASHES
from gitrack.store.git.pack import packed
from gitrack.store.git.queue import Queue, Request
from gitrack.store.git.repository import Repository

Committer = Callable[..., subprocess.Popen[str]]
Git = Callable[..., str]


def acknowledged(writers: Iterable[subprocess.Popen[str]]) -> dict[str, str]:
    """The path and the commit of everything that writers were told is committed."""
    told: dict[str, str] = {}
    for writer in writers:
        out, err = writer.communicate(timeout=300)
        assert (writer.returncode, err) == (0, "")
        told.update(line.split(" ") for line in out.splitlines())
    return told


def prove(folder: Path, told: dict[str, str], git: Git) -> None:
    """Everything acknowledged is on the branch, and in the commit that its writer was given."""
    present = set(git(folder, "ls-tree", "-r", "--name-only", "gitrack").splitlines())
    assert set(told) <= present
    history = set(git(folder, "rev-list", "gitrack").splitlines())
    assert set(told.values()) <= history
    for path, commit in list(told.items())[:: max(1, len(told) // 20)]:
        assert git(folder, "ls-tree", "--name-only", commit, path) == path


def in_a_loop(folder: Path, *arguments: str) -> tuple[threading.Event, threading.Thread]:
    """Runs a git command again and again until the event is set."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)

    thread = threading.Thread(target=work)
    thread.start()
    return stop, thread


def test_sixteen_processes_lose_nothing(
    repo: Path, git: Git, committer: Committer, fsck, leftovers, state
):
    before = state(repo)

    told = acknowledged([committer("race", repo, f"w{n}", 25) for n in range(16)])

    assert len(told) == 400
    prove(repo, told, git)
    log = git(repo, "log", "--format=%B", "gitrack")
    assert log.count("Run: ") == 400
    assert log.count(": finished") == 400
    fsck(repo)
    assert leftovers(repo / ".git") == []
    assert state(repo) == before


@pytest.mark.parametrize(
    "command", [("gc", "--prune=now", "--quiet"), ("pack-refs", "--all"), ("repack", "-a", "-d")]
)
def test_git_cleans_up_beside_writers(
    repo: Path, git: Git, committer: Committer, fsck, leftovers, command: tuple[str, ...]
):
    stop, thread = in_a_loop(repo, *command)
    try:
        told = acknowledged([committer("loop", repo, f"w{n}", 2.5) for n in range(3)])
    finally:
        stop.set()
        thread.join()

    assert len(told) > 10
    prove(repo, told, git)
    fsck(repo)
    assert leftovers(repo / ".git") == []


@pytest.mark.slow
def test_gc_beside_sixteen_processes(repo: Path, git: Git, committer: Committer, fsck, leftovers):
    stop, thread = in_a_loop(repo, "gc", "--prune=now", "--quiet")
    try:
        told = acknowledged([committer("race", repo, f"w{n}", 25) for n in range(16)])
    finally:
        stop.set()
        thread.join()
    assert len(told) == 400
    prove(repo, told, git)
    fsck(repo)
    assert leftovers(repo / ".git") == []


@pytest.mark.parametrize(
    "kills", [pytest.param(40, id="some"), pytest.param(500, id="many", marks=pytest.mark.slow)]
)
def test_writers_killed_at_any_moment(
    repo: Path, git: Git, committer: Committer, fsck, leftovers, kills: int
):
    told = acknowledged([committer("kill", repo, kills, 7)])

    # the next writer works at once, and sweeps up
    branch = GitBranch(Repository.discover(repo))
    branch.commit({"after": b"1"}, "after the kills")

    assert told
    prove(repo, told, git)
    fsck(repo)
    assert leftovers(repo / ".git") == []


def request_of(repository: Repository, path: str, author: str = "Ada Example") -> Request:
    blob = packed(b"blob", path.encode(), HASHES[repository.object_format])
    return Request(
        message=f"add {path}\n\nRun: {path}",
        author=Author(author, f"{author.split()[0].lower()}@example.com"),
        authored=Stamp.now(),
        changes={path: blob.id},
        objects=[blob],
    )


def queue_of(repository: Repository) -> Queue:
    return Queue(repository.home / "queue" / "gitrack", Files(repository))


class TestGroupCommit:
    def test_what_waits_is_committed_together(self, repo: Path, git: Git, leftovers):
        repository = Repository.discover(repo)
        queue = queue_of(repository)
        tickets = [
            queue.put(request_of(repository, "a")),
            queue.put(request_of(repository, "b", "Bob Example")),
        ]

        commit = GitBranch(repository).commit({"c": b"c"}, "add c\n\nwhy\n\nRun: c")

        answers = [ticket.answer() for ticket in tickets]
        for ticket in tickets:
            ticket.close()
        assert [answer and answer.result() for answer in answers] == [commit, commit]
        assert git(repo, "log", "--format=%an|%cn", "gitrack") == "Ada Example|Ada Example"
        assert git(repo, "log", "-1", "--format=%B", "gitrack") == (
            "3 commits at once\n\n- add a\n- add b\n- add c\n  why\n\n"
            "Run: a\nRun: b\nRun: c\nCo-authored-by: Bob Example <bob@example.com>"
        )
        assert leftovers(repo / ".git") == []

    def test_a_lone_writer_keeps_its_message(self, repo: Path, git: Git):
        message = "run 7k3f9q: finished\n\nbody\n\nRun: 1\nExperiment: x\n"
        GitBranch(Repository.discover(repo)).commit({"c": b"c"}, message)
        assert git(repo, "log", "-1", "--format=%B", "gitrack") == message.strip()

    def test_one_that_cannot_be_applied_fails_its_owner_alone(self, repo: Path, git: Git):
        repository = Repository.discover(repo)
        branch = GitBranch(repository)
        branch.commit({"file": b"1"}, "first")
        queue = queue_of(repository)
        bad, good = (queue.put(request_of(repository, path)) for path in ("file/x", "good"))

        commit = branch.commit({"mine": b"1"}, "mine")

        refused, accepted = bad.answer(), good.answer()
        bad.close()
        good.close()
        assert refused is not None
        with pytest.raises(StoreError, match="'file' is a file on the branch"):
            refused.result()
        assert accepted is not None
        assert accepted.result() == commit
        assert sorted(git(repo, "ls-tree", "--name-only", "gitrack").split()) == [
            "file",
            "good",
            "mine",
        ]

    @pytest.mark.parametrize("path", ["../outside", ".git/config"])
    def test_one_with_a_path_that_climbs_out_is_refused(self, repo: Path, path: str):
        repository = Repository.discover(repo)
        ticket = queue_of(repository).put(request_of(repository, path))
        branch = GitBranch(repository)
        branch.commit({"mine": b"1"}, "mine")
        answer = ticket.answer()
        ticket.close()
        assert answer is not None
        with pytest.raises(StoreError, match=f"path '{path}' has the part"):
            answer.result()
        assert branch.children() == ["mine"]

    def test_one_that_lacks_what_it_names_is_refused(self, repo: Path):
        repository = Repository.discover(repo)
        request = msgspec.structs.replace(request_of(repository, "a"), objects=[])
        ticket = queue_of(repository).put(request)
        GitBranch(repository).commit({"mine": b"1"}, "mine")
        answer = ticket.answer()
        ticket.close()
        assert answer is not None
        assert answer.error == "a waiting commit names contents of 'a' that it lacks"

    def test_one_of_another_version_is_refused_by_name(self, repo: Path):
        repository = Repository.discover(repo)
        folder = Files(repository).folder(repository.home / "queue" / "gitrack")
        strange = folder / "00000000000000000001-1-aa"
        strange.write_bytes(b"?\x93\x01\x02\x03")
        with strange.open("rb") as owner:
            GitBranch(repository).commit({"mine": b"1"}, "mine")
            assert b"cannot be read by this version" in owner.read()
        assert not strange.exists()

    def test_the_request_of_a_dead_writer_is_committed(self, repo: Path, git: Git):
        child = os.fork()
        if child == 0:
            try:
                repository = Repository.discover(repo)
                queue_of(repository).put(request_of(repository, "last-words"))
            finally:
                os._exit(0)
        os.waitpid(child, 0)

        GitBranch(Repository.discover(repo)).commit({"mine": b"1"}, "mine")

        assert "last-words" in git(repo, "ls-tree", "--name-only", "gitrack")

    def test_a_holder_that_died_after_the_swap(self, repo: Path, git: Git, leftovers):
        """Its requests are answered with its commit, and not committed a second time."""
        repository = Repository.discover(repo)
        branch = GitBranch(repository)
        queue = queue_of(repository)
        ticket = queue.put(request_of(repository, "a"))
        [job] = queue.waiting()
        Files(repository).folder(repository.home / "tmp")
        made = _commit_as_dead_holder(repo, git)
        queue.announce(made, [job])

        tip = branch.commit({"mine": b"1"}, "mine")

        answer = ticket.answer()
        ticket.close()
        assert answer is not None
        assert answer.result() == made
        assert git(repo, "rev-list", "gitrack").split() == [tip, made]
        assert leftovers(repo / ".git") == []

    def test_a_holder_that_died_before_the_swap(self, repo: Path):
        repository = Repository.discover(repo)
        branch = GitBranch(repository)
        branch.commit({"x": b"1"}, "first")
        queue = queue_of(repository)
        ticket = queue.put(request_of(repository, "a"))
        queue.announce("12" * 20, queue.waiting())

        tip = branch.commit({"mine": b"1"}, "mine")

        answer = ticket.answer()
        ticket.close()
        assert answer is not None
        assert answer.result() == tip
        assert branch.read("a") == b"a"


def _commit_as_dead_holder(repo: Path, git: Git) -> str:
    blob = git(repo, "hash-object", "-w", "--stdin", stdin="a")
    tree = git(repo, "mktree", stdin=f"100644 blob {blob}\ta\n")
    commit = git(repo, "commit-tree", "-m", "by a dead holder", tree)
    git(repo, "update-ref", "refs/heads/gitrack", commit)
    return commit


class TestLocks:
    def test_a_lock_of_a_dead_writer_is_removed_at_once(self, repo: Path, leftovers):
        branch = GitBranch(Repository.discover(repo))
        branch.commit({"a": b"1"}, "first")
        own = Files(branch.repository).folder(repo / ".git/gitrack/refs") / "gitrack"
        own.write_text("dead\n")
        os.link(own, repo / ".git/refs/heads/gitrack.lock")

        branch.commit({"a": b"2"}, "second")

        assert branch.read("a") == b"2"
        assert leftovers(repo / ".git") == []

    def test_a_file_of_a_dead_writer_that_is_the_ref_itself(self, repo: Path, leftovers):
        branch = GitBranch(Repository.discover(repo))
        branch.commit({"a": b"1"}, "first")
        branch.commit({"a": b"2"}, "second")
        os.link(repo / ".git/refs/heads/gitrack", repo / ".git/gitrack/refs/gitrack")

        branch.commit({"a": b"3"}, "third")

        assert branch.read("a") == b"3"
        assert leftovers(repo / ".git") == []

    def test_a_foreign_lock_is_waited_for_then_named(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(refs, "FOREIGN_LOCK_SECONDS", 0.2)
        branch = GitBranch(Repository.discover(repo))
        first = branch.commit({"a": b"1"}, "first")
        foreign = repo / ".git/refs/heads/gitrack.lock"
        foreign.touch()

        with pytest.raises(LockTimeout, match=r"refs/heads/gitrack\.lock has been held for 0\.2 s"):
            branch.commit({"a": b"2"}, "second")

        assert foreign.exists()
        assert branch.tip() == first
        foreign.unlink()
        branch.commit({"a": b"3"}, "third")
        assert branch.read("a") == b"3"

    def test_a_writer_that_hangs_is_named(self, repo: Path, monkeypatch: pytest.MonkeyPatch):
        from gitrack.store.git import writer

        monkeypatch.setattr(writer, "LOCK_SECONDS", 0.2)
        repository = Repository.discover(repo)
        branch = GitBranch(repository)
        branch.commit({"a": b"1"}, "first")
        holder = lock.WriterLock(repository, Files(repository))
        assert holder.take()
        try:
            with pytest.raises(LockTimeout, match=r"gitrack/lock has been held by another"):
                branch.commit({"b": b"1"}, "second")
        finally:
            holder.release()
        branch.commit({"c": b"1"}, "third")
        assert branch.children() == ["a", "c"]

    def test_a_fork_does_not_hold_the_lock_of_its_parent(self, repo: Path):
        repository = Repository.discover(repo)
        holder = lock.WriterLock(repository, Files(repository))
        assert holder.take()
        other = lock.WriterLock(repository, Files(repository))
        assert other.take() is False
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)  # lives on after the lock is released
            os._exit(0)
        holder.release()
        try:
            assert other.take()
        finally:
            other.release()
            os.close(writing)
            os.waitpid(child, 0)

    def test_without_file_locks_commits_still_lose_nothing(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch, fsck
    ):
        monkeypatch.setattr(lock, "fcntl", None)
        branches = [GitBranch(Repository.discover(repo)) for _ in range(3)]

        def work(number: int) -> None:
            for n in range(5):
                branches[number].commit({f"{number}/{n}": b"1"}, f"run {number} {n}")

        threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(branches[0].entries()) == 15
        fsck(repo)

    def test_a_disk_that_refuses_is_a_store_error(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ):
        branch = GitBranch(Repository.discover(repo))
        first = branch.commit({"a": b"1"}, "first")

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Files, "publish", full)
        with pytest.raises(StoreError, match="No space left on device"):
            branch.commit({"a": b"2"}, "second")
        assert branch.tip() == first
