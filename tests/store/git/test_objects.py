"""Folders and commits as git makes them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitrack.errors import StoreError
from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.objects import (
    HASHES,
    Commit,
    Folder,
    Item,
    commit_bytes,
    edited,
    message_bytes,
    plan_of,
    written,
)
from gitrack.store.git.trees import files_below

SHA1 = HASHES["sha1"]
names = st.sampled_from(["a", "b", "a.b", "a-b", "a0", "ü"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
changes = st.dictionaries(paths, st.none() | st.binary(max_size=2), max_size=6)


class Objects:
    """A dictionary of objects."""

    def __init__(self) -> None:
        self.data: dict[bytes, bytes] = {}

    def add(self, kind: bytes, data: bytes) -> bytes:
        id = SHA1.of(kind, data)
        self.data[id] = data
        return id

    def load(self, id: bytes) -> Folder:
        return Folder.parse(self.data[id], id)


def contents(files: dict[str, bytes], change: dict[str, bytes | None]) -> dict[str, bytes] | None:
    """What a plain dictionary of files would say; None if a file meets a folder."""
    after = dict(files)
    for path, data in change.items():
        if data is None:
            if any(other.startswith(path + "/") for other in files):
                return None
            after.pop(path, None)
        else:
            after[path] = data
    folders = {p[:at] for p in after for at in range(len(p)) if p[at] == "/"}
    return None if folders & set(after) else after


@settings(max_examples=200, deadline=None)
@given(st.lists(changes, max_size=5))
def test_edits_agree_with_a_dictionary(steps: list[dict[str, bytes | None]]):
    objects = Objects()
    folder, files = Folder({}), {}
    for step in steps:
        expected = contents(files, step)
        ids = {p: None if d is None else objects.add(b"blob", d) for p, d in step.items()}
        try:
            after = edited(folder, plan_of(ids), objects.load)
        except StoreError:
            assert expected is None
            continue
        assert expected is not None
        folder, files = objects.load(written(after, objects.add)), expected
        found = {entry.path: entry.id for entry in files_below(objects.load, folder, b"")}
        assert found == {p: SHA1.of(b"blob", d).hex() for p, d in files.items()}


def test_only_folders_on_the_way_are_read_and_written():
    objects = Objects()
    start = {f"{a}/{b}/{c}": b"x" for a in "ab" for b in "ab" for c in "ab"}
    ids: dict[str, bytes | None] = {p: objects.add(b"blob", d) for p, d in start.items()}
    root = objects.load(written(edited(Folder({}), plan_of(ids), objects.load), objects.add))
    read: list[bytes] = []
    added: list[bytes] = []

    def load(id: bytes) -> Folder:
        read.append(id)
        return objects.load(id)

    def add(kind: bytes, data: bytes) -> bytes:
        added.append(data)
        return objects.add(kind, data)

    written(edited(root, plan_of({"a/a/new": objects.add(b"blob", b"y")}), load), add)

    assert (len(read), len(added)) == (2, 3)


def test_ids_and_order_are_gits(repo: Path):
    files = dict.fromkeys(("a", "a-b", "a.b", "a0", "ab", "é"), b"1") | {"a1/b": b"2"}
    objects = Objects()
    ids: dict[str, bytes | None] = {p: objects.add(b"blob", d) for p, d in files.items()}
    mine = written(edited(Folder({}), plan_of(ids), objects.load), objects.add)
    for path, data in files.items():
        (repo / path).parent.mkdir(exist_ok=True)
        (repo / path).write_bytes(data)
    (repo / "train.py").unlink()
    subprocess.run(["git", "-C", str(repo), "add", "-A"], check=True)
    tree = subprocess.run(["git", "-C", str(repo), "write-tree"], capture_output=True, check=True)
    assert mine.hex() == tree.stdout.decode().strip()


def test_an_executable_stays_one():
    objects = Objects()
    blob, other = objects.add(b"blob", b"1"), objects.add(b"blob", b"2")
    folder = Folder({b"run.sh": Item(b"100755", blob), b"link": Item(b"120000", blob)})
    after = edited(folder, plan_of({"run.sh": other, "link": other}), objects.load)
    assert after.items == {b"run.sh": Item(b"100755", other), b"link": Item(b"100644", other)}


@pytest.mark.parametrize("data", [b"100644", b"100644 a", b"100644 a\0short", b"\0" * 30])
def test_a_damaged_tree(data: bytes):
    with pytest.raises(StoreError, match=r"the tree 0101.* is damaged"):
        Folder.parse(data, b"\1" * 20)


def test_a_commit_is_read_back(repo: Path, git: Callable[..., str]):
    tree, parent = git(repo, "rev-parse", "HEAD^{tree}"), git(repo, "rev-parse", "HEAD")
    data = commit_bytes(
        tree=bytes.fromhex(tree),
        parents=(bytes.fromhex(parent),),
        author=Author("Zoë", "z@example.com"),
        authored=Stamp(1700000000, "-0330"),
        committer=Author("Ada", "a@example.com"),
        committed=Stamp(1700000001, "+0000"),
        message="subject\0\r\n\r\ntree of life\n\n\n",
    )
    id = git(repo, "hash-object", "-t", "commit", "-w", "--stdin", stdin=data.decode())
    assert SHA1.of(b"commit", data).hex() == id
    assert Commit.parse(data, id) == Commit(bytes.fromhex(tree), (bytes.fromhex(parent),))
    shown = git(repo, "log", "-1", "--format=%an|%ad|%cn|%cd|%B", "--date=raw", id)
    assert shown == ("Zoë|1700000000 -0330|Ada|1700000001 +0000|subject\ufffd\n\ntree of life")


def test_a_message_that_is_no_unicode_is_kept_as_far_as_it_goes():
    assert message_bytes("a\ud800b") == b"a?b\n"


def test_a_commit_without_a_tree_is_damaged():
    with pytest.raises(StoreError, match="the commit 12 is damaged"):
        Commit.parse(b"author nobody\n\nhi", "12")
