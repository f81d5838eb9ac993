"""Reading through a git process of one's own, in threads and after forks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import NotFound, StoreError
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.reader import CatFile
from gitrack.store.git.repository import Repository

Git = Callable[..., str]


@pytest.fixture
def packed(repo: Path, git: Git) -> GitBranch:
    """A branch whose objects git has repacked: only git reads them."""
    GitBranch(Repository.discover(repo)).commit(
        {f"runs/{n}/run.yaml": b"%d" % n for n in range(50)}, "first"
    )
    git(repo, "gc", "-q", "--prune=now")
    return GitBranch(Repository.discover(repo))


def in_a_child(work: Callable[[], bool]) -> bool:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_fork_reads_through_a_process_of_its_own(packed: GitBranch):
    assert packed.read("runs/1/run.yaml") == b"1"

    assert in_a_child(lambda: packed.read("runs/2/run.yaml") == b"2")

    assert packed.read("runs/3/run.yaml") == b"3"


def test_a_fork_commits(packed: GitBranch):
    packed.commit({"before": b"1"}, "before")
    assert in_a_child(lambda: bool(packed.commit({"child": b"1"}, "child")))
    packed.commit({"after": b"1"}, "after")
    assert {"before", "child", "after"} <= set(packed.children())


def test_a_fork_that_lives_on_keeps_no_process_of_its_parent(packed: GitBranch):
    cat_file = CatFile(packed.repository)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    cat_file._close()  # waits for git, which ends only when nobody holds its pipe
    os.close(writing)
    os.waitpid(child, 0)
    assert cat_file.closed


def test_what_was_committed_lately_is_read_without_a_git_process(
    repo: Path, monkeypatch: pytest.MonkeyPatch
):
    commit = GitBranch(Repository.discover(repo)).commit({"a/b": b"1"}, "first")
    fresh = GitBranch(Repository.discover(repo))
    monkeypatch.setenv("PATH", "/nowhere")
    assert fresh.tip() == commit
    assert fresh.read("a/b") == b"1"
    assert [entry.path for entry in fresh.entries()] == ["a/b"]


def test_a_missing_git_is_named_when_it_is_needed(
    packed: GitBranch, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StoreError, match="git was not found"):
        packed.read("runs/1/run.yaml")


def test_threads_read_what_they_asked_for(packed: GitBranch):
    wrong: list[str] = []

    def work() -> None:
        for n in list(range(50)) * 4:
            if packed.read(f"runs/{n}/run.yaml") != b"%d" % n:
                wrong.append(str(n))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_another_process_has_just_written_is_found(packed: GitBranch, repo: Path, git: Git):
    packed.read("runs/1/run.yaml")
    other = GitBranch(Repository.discover(repo))
    other.commit({"new": b"1"}, "new")
    assert packed.read("new") == b"1"
    blob = git(repo, "hash-object", "-w", "--stdin", stdin="x")
    assert next(packed.read_many([blob]))[1] == b"x"


def test_an_answer_broken_off_ends_the_process_and_the_next_question_is_right(packed: GitBranch):
    ids = {entry.path: entry.id for entry in packed.entries()}
    packed.read("runs/1/run.yaml")
    own = packed._reader._own.cat_file
    own._questions.write(f"{ids['runs/9/run.yaml']}\n".encode())
    own._close()

    assert packed.read("runs/2/run.yaml") == b"2"


def test_a_killed_cat_file_is_an_error_once(packed: GitBranch):
    import signal

    packed.read("runs/1/run.yaml")
    process = packed._reader._own.cat_file._close.peek()[2][0]
    process.send_signal(signal.SIGKILL)
    process.wait()
    with pytest.raises(StoreError, match="git cat-file ended"):
        packed.read("runs/2/run.yaml")
    assert packed.read("runs/2/run.yaml") == b"2"


def test_a_bulk_that_is_not_read_to_its_end(packed: GitBranch):
    ids = [entry.id for entry in packed.entries()] * 4
    stream = packed.read_many(ids)
    next(stream)
    del stream
    assert packed.read("runs/2/run.yaml") == b"2"


def test_the_wrong_kind_of_object(packed: GitBranch):
    tree = packed.tree()
    assert tree is not None
    (_, found) = next(packed.read_many([tree]))
    assert isinstance(found, StoreError)
    assert "is a tree, not a blob" in str(found)
    with pytest.raises(StoreError, match="is a tree, not a commit"):
        packed.read("x", at=tree)
    with pytest.raises(NotFound):
        packed.read("x", at="0" * 40)


@pytest.mark.parametrize("many", [1, 100])
def test_a_damaged_loose_object_does_not_hide_others(repo: Path, git: Git, many: int):
    ids = [git(repo, "hash-object", "-w", "--stdin", stdin=f"x{n}") for n in range(many + 2)]
    for blob in (ids[0], ids[-2]):
        place = repo / ".git/objects" / blob[:2] / blob[2:]
        place.chmod(0o644)
        place.write_bytes(b"nonsense")

    read = list(GitBranch(Repository.discover(repo)).read_many(ids))

    assert [id for id, _ in read] == ids
    for place in (0, -2):
        assert isinstance(read[place][1], StoreError)
        assert f"the object {ids[place]} is damaged" in str(read[place][1])
    assert [data for _, data in read[1:-2]] == [b"x%d" % n for n in range(1, many)]
    assert read[-1][1] == b"x%d" % (many + 1)
