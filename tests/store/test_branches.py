"""What every branch promises, held by the one in git and the one in memory alike."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import BranchMoved, InvalidName, NotFound, StoreError, UsageError
from gitrack.store.branch import Branch, Plan
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository
from gitrack.store.memory import MemoryBranch


@pytest.fixture(params=["git", "memory"])
def branch(request: pytest.FixtureRequest, repo: Path) -> Branch:
    if request.param == "git":
        return GitBranch(Repository.discover(repo))
    return MemoryBranch()


class TestReading:
    def test_a_branch_that_does_not_exist_holds_nothing(self, branch: Branch):
        assert branch.tip() is None
        assert branch.tree() is None
        assert branch.tree("runs") is None
        assert branch.entries() == []
        assert branch.children() == []
        with pytest.raises(NotFound, match=r"'run\.yaml' is not a file on gitrack"):
            branch.read("run.yaml")

    def test_what_was_committed_is_read_back(self, branch: Branch):
        contents = {"README.md": b"hello\n", "runs/a/run.yaml": b"\x00\xff\r\n", "runs/b": b""}

        commit = branch.commit(contents, "first")

        assert branch.tip() == commit
        assert {path: branch.read(path) for path in contents} == contents
        assert [entry.path for entry in branch.entries()] == sorted(contents)
        assert [entry.path for entry in branch.entries("runs/a")] == ["runs/a/run.yaml"]
        assert branch.children() == ["README.md", "runs/"]
        assert branch.children("runs") == ["a/", "b"]

    def test_files_are_read_by_the_ids_of_entries_in_the_order_asked(self, branch: Branch):
        branch.commit({f"f{n:03}": b"%d" % n for n in range(150)}, "many")
        ids = [entry.id for entry in branch.entries()][::-1]

        read = list(branch.read_many(ids + ids[:1]))

        assert [id for id, _ in read] == ids + ids[:1]
        assert [data for _, data in read[:3]] == [b"149", b"148", b"147"]

    @pytest.mark.parametrize("many", [1, 100])
    def test_an_unknown_id_is_not_found(self, branch: Branch, many: int):
        branch.commit({"a": b"1"}, "first")
        here = branch.entries()[0].id
        read = list(branch.read_many([here, *["12" * 20] * many, here]))
        assert all(isinstance(data, NotFound) for _, data in read[1:-1])
        assert [read[0], read[-1]] == [(here, b"1")] * 2
        with pytest.raises(NotFound):
            list(branch.read_many(["HEAD:a\n"] * many))
        with pytest.raises(NotFound):
            branch.read("a", at="12" * 20)
        with pytest.raises(NotFound):
            branch.read("a", at="HEAD")

    def test_the_past_stays_readable(self, branch: Branch):
        old = branch.commit({"a": b"1", "b/c": b"2"}, "first")
        branch.commit({"a": b"2", "b/c": None}, "second")

        assert branch.read("a", at=old) == b"1"
        assert branch.children("b", at=old) == ["c"]
        assert branch.tree("b", at=old) is not None

    def test_a_folder_is_no_file_and_a_file_is_no_folder(self, branch: Branch):
        branch.commit({"a/b": b"1"}, "first")
        for path in ("a", "", "a/b/c", "a/"):
            with pytest.raises(NotFound):
                branch.read(path)
        assert branch.tree("a/b") is None
        assert branch.entries("a/b") == []
        assert branch.children("a/b") == []

    def test_equal_folders_have_equal_ids(self, branch: Branch):
        branch.commit({"a/x": b"1", "b/x": b"1", "c/x": b"2"}, "first")
        assert branch.tree("a") == branch.tree("b") != branch.tree("c")

    @pytest.mark.parametrize("many", [2, 100])
    def test_folders_of_a_depth_come_with_their_ids(self, branch: Branch, many: int):
        names = [f"e{n}/m/é" for n in range(many)]
        files = {f"runs/{name}/d/f": name.encode() for name in names}
        old = branch.commit({**files, "runs/e0/file": b"1", "other/x/y/z": b"1"}, "first")
        branch.commit({"runs/e0/file": None}, "second")

        found = branch.folders("runs", depth=3, at=old)

        assert found == {name: branch.tree(f"runs/{name}") for name in sorted(names)}
        assert branch.folders("runs") == {
            n: branch.tree(f"runs/{n}") for n in sorted(files_of(found))
        }
        assert branch.folders("runs", depth=9) == branch.folders("none", depth=2) == {}


def files_of(paths):
    """The first folders of paths."""
    return {path.partition("/")[0] for path in paths}


class TestChanged:
    def test_it_names_new_changed_and_deleted_files(self, branch: Branch):
        old = branch.commit({"runs/a": b"1", "runs/b": b"1", "runs/d/e": b"1"}, "first")
        branch.commit({"runs/a": b"2", "runs/b": None, "runs/c/d": b"3"}, "second")
        before, after = branch.tree("runs", at=old), branch.tree("runs")
        assert before is not None
        assert after is not None

        changed = branch.changed(before, after, under="runs")

        assert [(path, entry is not None) for path, entry in changed] == [
            ("runs/a", True),
            ("runs/b", False),
            ("runs/c/d", True),
        ]
        assert changed[0][1] in branch.entries("runs")
        assert branch.changed(after, after) == []

    def test_a_file_that_becomes_a_folder(self, branch: Branch):
        old = branch.commit({"a": b"1"}, "first")
        branch.commit({"a": None, "a/b": b"2"}, "second")
        before, after = branch.tree(at=old), branch.tree()
        assert before is not None
        assert after is not None
        changed = branch.changed(before, after)
        assert [(path, entry and entry.path) for path, entry in changed] == [
            ("a", None),
            ("a/b", "a/b"),
        ]

    def test_very_many_folders(self, branch: Branch):
        old = branch.commit({"first": b"1"}, "first")
        branch.commit({f"runs/{n}/run.yaml": b"%d" % n for n in range(300)}, "many")
        before, after = branch.tree(at=old), branch.tree()
        assert before is not None
        assert after is not None
        assert len(branch.entries()) == 301
        new = [entry for entry in branch.entries() if entry.path != "first"]
        assert [entry for _, entry in branch.changed(before, after)] == new
        assert {path for path, entry in branch.changed(after, before) if entry is None} == {
            entry.path for entry in new
        }


class TestCommitting:
    def test_all_or_nothing(self, branch: Branch):
        tip = branch.commit({"a": b"1"}, "first")
        with pytest.raises(StoreError):
            branch.commit({"b": b"2", "a/c": b"3"}, "second")
        assert branch.tip() == tip

    def test_a_folder_goes_with_its_last_file(self, branch: Branch):
        branch.commit({"a/b/c": b"1", "d": b"2"}, "first")
        branch.commit({"a/b/c": None}, "second")
        assert branch.children() == ["d"]

    def test_deleting_what_is_not_there_changes_nothing(self, branch: Branch):
        tip = branch.commit({"a": b"1"}, "first")
        assert branch.commit({"x/y": None, "a/b": None, "c": None}, "second") == tip

    def test_writing_what_is_there_already_makes_no_commit(self, branch: Branch):
        tip = branch.commit({"a": b"1", "b/c": b"2"}, "first")
        assert branch.commit({"b/c": b"2"}, "again") == tip
        assert branch.tip() == tip

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"a/b": b"2"}, "'a' is a file on the branch and cannot become a folder"),
            ({"c": b"2"}, "'c' is a folder on the branch and cannot become a file"),
            ({"c": None}, "'c' is a folder and cannot be deleted as a file"),
            ({"x": b"1", "x/y": b"2"}, "'x' is a folder on the branch and cannot become a file"),
        ],
    )
    def test_a_file_in_the_place_of_a_folder(
        self, branch: Branch, changes: dict[str, bytes | None], sentence: str
    ):
        branch.commit({"a": b"1", "c/d": b"1"}, "first")
        with pytest.raises(StoreError, match=sentence):
            branch.commit(changes, "second")

    def test_a_folder_may_give_way_to_a_file_in_one_commit(self, branch: Branch):
        branch.commit({"a/b": b"1", "c": b"1"}, "first")
        branch.commit({"a/b": None, "a": b"2", "c": None, "c/d": b"2"}, "second")
        assert [entry.path for entry in branch.entries()] == ["a", "c/d"]

    def test_base_refuses_when_the_branch_has_moved(self, branch: Branch):
        first = branch.commit({"a": b"1"}, "first")
        second = branch.commit({"a": b"2"}, "second", base=first)
        with pytest.raises(BranchMoved, match="gitrack moved"):
            branch.commit({"a": b"3"}, "third", base=first)
        assert branch.tip() == second

    def test_threads_lose_nothing(self, branch: Branch):
        def work(thread: int) -> None:
            for n in range(10):
                branch.commit({f"runs/{thread}/{n}": b"1"}, f"run {thread} {n}")

        threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(branch.entries("runs")) == 40


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "a/../b",
            "./a",
            "a\\b",
            "a\0b",
            "a\nb",
            "a\x7f",
            ".git/config",
            "a/.GIT/hooks",
            "a/.git ",
            "a/.git.",
            "git~1/x",
            ".git::$INDEX_ALLOCATION/x",
            "a/.g\u200cit/x",
            "é" * 128,
            "a/" * 2001 + "b",
            "\ud800",
        ],
    )
    def test_what_cannot_be_kept_everywhere_is_refused(self, branch: Branch, path: str):
        with pytest.raises(InvalidName, match="path "):
            branch.commit({"good": b"1", path: b"2"}, "first")
        assert branch.tip() is None

    @pytest.mark.parametrize(
        "path",
        ["-a/--b", "…/ü/🦉", "שלום", "a b/c", "<script>", ".gitignore", ".dvc/config", "x" * 255],
    )
    def test_all_other_names_come_back_as_they_went(self, branch: Branch, path: str):
        branch.commit({path: b"1"}, "first")
        assert [entry.path for entry in branch.entries()] == [path]
        assert branch.read(path) == b"1"

    def test_misuse(self, branch: Branch):
        with pytest.raises(UsageError, match="at least one change"):
            branch.commit({}, "first")
        with pytest.raises(UsageError, match="needs a message"):
            branch.commit({"a": b"1"}, " \n")
        with pytest.raises(UsageError, match="are str, not bytes"):
            branch.commit({"a": "1"}, "first")  # type: ignore[dict-item]  # that is the test


class TestPlanning:
    def test_what_is_planned_sees_the_tip_that_it_replaces(self, branch: Branch):
        seen: list[str | None] = []

        def make(tip: str | None) -> Plan:
            seen.append(tip)
            return Plan({f"f{len(seen)}": b"1"}, "next")

        first = branch.commit_on_tip(make)
        second = branch.commit_on_tip(make)

        assert seen == [None, first]
        assert branch.tip() == second
        assert branch.children() == ["f1", "f2"]

    def test_nobody_comes_between_look_and_commit(self, branch: Branch):
        branch.commit({"n": b"0"}, "first")

        def count_up(_: int) -> None:
            def make(tip: str | None) -> Plan:
                return Plan({"n": b"%d" % (int(branch.read("n", at=tip)) + 1)}, "count")

            for _ in range(5):
                branch.commit_on_tip(make)

        def write(who: int) -> None:
            for n in range(5):
                branch.commit({f"{who}-{n}": b""}, "other")

        works = enumerate((count_up, write) * 3)
        threads = [threading.Thread(target=work, args=(who,)) for who, work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert branch.read("n") == b"15"
        assert len(branch.children()) == 16

    def test_what_a_plan_raises_leaves_the_branch_alone(self, branch: Branch):
        first = branch.commit({"a": b"1"}, "first")

        def make(tip: str | None) -> Plan:
            raise NotFound("there is no such version")

        with pytest.raises(NotFound):
            branch.commit_on_tip(make)
        with pytest.raises(InvalidName):
            branch.commit_on_tip(lambda tip: Plan({"../x": b""}, "out"))
        assert branch.tip() == first
        branch.commit({"b": b"1"}, "the lock is free again")


def test_a_writer_that_knows_no_locks_makes_the_plan_anew(repo: Path, git: Callable[..., str]):
    branch = GitBranch(Repository.discover(repo))
    branch.commit({"n": b"1"}, "first")
    seen: list[bytes] = []

    def make(tip: str | None) -> Plan:
        seen.append(branch.read("n", at=tip))
        if len(seen) == 1:
            blob = git(repo, "hash-object", "-w", "--stdin", stdin="7")
            tree = git(repo, "mktree", stdin=f"100644 blob {blob}\tn\n")
            foreign = git(repo, "commit-tree", "-m", "x", "-p", str(tip), tree)
            git(repo, "update-ref", "refs/heads/gitrack", foreign)
        return Plan({"n": seen[-1] + b"+"}, "plus")

    branch.commit_on_tip(make)

    assert seen == [b"1", b"7"]
    assert branch.read("n") == b"7+"


def test_both_give_the_same_ids_to_the_same_contents(repo: Path):
    contents = {"a": b"1", "a.b/c": b"2", "a-b": b"3", "a0/d": b"4"}
    in_git, in_memory = GitBranch(Repository.discover(repo)), MemoryBranch()
    in_git.commit(contents, "first")
    in_memory.commit(contents, "first")
    assert in_git.tree() == in_memory.tree()
    assert in_git.entries() == in_memory.entries()


def test_names_that_are_not_utf8_are_listed(repo: Path, git: Callable[..., str]):
    blob = git(repo, "hash-object", "-w", "--stdin", stdin="x")
    index = {"GIT_INDEX_FILE": str(repo / "other-index")}
    import os
    import subprocess

    subprocess.run(
        [
            b"git",
            b"update-index",
            b"--add",
            b"--cacheinfo",
            f"100644,{blob},r\u00fc".encode("latin-1"),
        ],
        cwd=repo,
        env={**os.environ, **index},
        check=True,
    )
    tree = subprocess.run(
        ["git", "write-tree"],
        cwd=repo,
        env={**os.environ, **index},
        check=True,
        capture_output=True,
    ).stdout.decode()
    commit = git(repo, "commit-tree", "-m", "odd", tree.strip())
    git(repo, "update-ref", "refs/heads/gitrack", commit)

    branch = GitBranch(Repository.discover(repo))

    assert [entry.path for entry in branch.entries()] == ["r\udcfc"]
    assert branch.read("r\udcfc") == b"x"
