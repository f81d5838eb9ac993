"""Packs that git reads, and that are joined before they are many."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gitrack.store.git.branch import GitBranch
from gitrack.store.git.files import Files
from gitrack.store.git.objects import HASHES
from gitrack.store.git.pack import YoungPacks, missing_ids, packed, release, write_pack
from gitrack.store.git.repository import Repository

Git = Callable[..., str]
SHA1 = HASHES["sha1"]


def test_git_verifies_what_we_write(repo: Path, git: Git):
    repository = Repository.discover(repo)
    sizes = [0, 1, 15, 16, 2047, 2048, 300_000, 5_000_000]
    blobs = [os.urandom(size // 2) + b"x" * (size - size // 2) for size in sizes]
    objects = [packed(b"blob", blob, SHA1) for blob in blobs]

    name = write_pack(repository, Files(repository), [*objects, objects[0]])

    folder = repo / ".git/objects/pack"
    assert (folder / f"{name}.keep").read_text() == "gitrack\n"
    told = git(repo, "verify-pack", "-v", str(folder / f"{name}.idx"))
    assert told.count(" blob ") == len(sizes)
    release(repository, name)
    release(repository, name)
    assert not (folder / f"{name}.keep").exists()


def test_young_packs_are_read_without_git(repo: Path):
    repository = Repository.discover(repo)
    files, young = Files(repository), YoungPacks(repository)
    contents = [os.urandom(200_000), b"", b"tree"]
    objects = [packed(b"blob", data, SHA1) for data in contents]
    assert young.read(objects[0].id) is None

    young.record(files, write_pack(repository, files, objects))

    assert [young.read(item.id) for item in objects] == [(b"blob", data) for data in contents]
    assert young.read(b"\0" * 20) is None
    for pack in (repo / ".git/objects/pack").glob("*.pack"):
        pack.unlink()
    assert young.read(objects[0].id) is None


def packs_of(folder: Path) -> int:
    return len(list((folder / ".git/objects/pack").glob("*.pack")))


def test_packs_are_joined_before_git_minds_them(repo: Path, git: Git, fsck):
    branch = GitBranch(Repository.discover(repo))
    most = 0
    for number in range(24 * 9):
        branch.commit({f"runs/{number}": b"%d" % number}, f"run {number}")
        most = max(most, packs_of(repo))
    assert most <= 24 + 8
    assert packs_of(repo) <= 3
    assert len(branch.entries()) == 24 * 9
    assert "garbage: 0" in git(repo, "count-objects", "-v")
    fsck(repo)


def test_a_multi_pack_index_is_left_alone(repo: Path, git: Git, fsck):
    branch = GitBranch(Repository.discover(repo))
    branch.commit({"first": b"1"}, "first")
    git(repo, "multi-pack-index", "write")
    for number in range(30):
        branch.commit({f"runs/{number}": b"%d" % number}, f"run {number}")
    assert packs_of(repo) == 31
    fsck(repo)


def test_joining_goes_on_where_a_dead_writer_left_it(repo: Path, fsck, leftovers):
    repository = Repository.discover(repo)
    branch = GitBranch(repository)
    for number in range(24):
        branch.commit({f"runs/{number}": b"%d" % number}, f"run {number}")
    branch.commit({"last": b"1"}, "last")
    ledger = repository.home / "packs"
    joined, last = ledger.read_text().splitlines()
    # as if the last one had just been joined into the other, and the writer died there and then
    files, young = Files(repository), YoungPacks(repository)
    gathered, _ = young._gather([joined.split()[1], last.split()[1]])
    whole = write_pack(repository, files, gathered)
    release(repository, whole)
    ledger.write_text(f"1 {whole}\n999 {joined.split()[1]}\n999 {last.split()[1]}\n")

    branch.commit({"after": b"1"}, "after")

    assert packs_of(repo) == 2
    assert len(GitBranch(repository).entries()) == 26
    assert leftovers(repo / ".git") == []
    fsck(repo)


def test_missing_ids_are_told_without_asking_git(repo: Path, git: Git):
    repository = Repository.discover(repo)
    branch = GitBranch(repository)
    branch.commit({"a": b"packed"}, "first")
    loose = git(repo, "hash-object", "-w", "--stdin", stdin="loose")
    [entry] = branch.entries()
    gone = "12" * 20
    assert missing_ids(repository, [gone, entry.id, loose, gone]) == [gone]
