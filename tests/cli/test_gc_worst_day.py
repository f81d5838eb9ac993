"""`gitrack gc` on the worst day: what is needed is referred to from where nobody looks."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

import gitrack
from gitrack.store import open_store
from tests.cli.test_gc import (  # noqa: F401 - fixtures
    NOW,
    cache,
    command,
    failing,
    heavy,
    logged,
    md5s,
    project,
    told,
)

FAILED = ("--status", "failed", "--yes")


def pointer(md5: str) -> str:
    return f"outs:\n- md5: {md5}\n  hash: md5\n  path: x.bin\n"


def test_runs_on_the_branch_of_a_second_remote(project, cache, git, tmp_path):  # noqa: F811
    logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    git(tmp_path, "init", "-q", "--bare", "theirs.git")
    git(project, "remote", "add", "theirs", str(tmp_path / "theirs.git"))
    git(project, "push", "-q", "theirs", "gitrack")
    git(project, "fetch", "-q", "theirs")
    git(project, "update-ref", "-d", "refs/heads/gitrack")
    (project / ".git/logs/refs/heads/gitrack").unlink(missing_ok=True)
    logged("exp-b", {"other.bin": heavy(2)})

    command(*NOW, "--yes")

    assert cache.has(hashlib.md5(heavy(1)).hexdigest())


def test_what_a_run_that_is_being_written_has_read(project, cache):  # noqa: F811
    old, other = (logged("exp-a", {"flights.bin": heavy(n)}, fails=True) for n in (1, 2))
    with gitrack.start_run("exp-b") as live:
        path = live.use_artifact(f"runs:/{old}/flights.bin").path
        said = told(*FAILED)
        assert path.read_bytes() == heavy(1)

    assert [(left["run"], left["why"]) for left in said["staying"]] == [
        (old, "a run that is not on the branch yet needs it")
    ]
    assert cache.has(*md5s(old))
    assert not cache.has(*md5s(other))


def test_what_dvc_keeps_for_a_run_that_is_being_written(project, cache):  # noqa: F811
    (md5,) = md5s(logged("exp-a", {"model.bin": heavy(1)}, fails=True))
    with gitrack.start_run("exp-b") as live:
        live.journal.event("artifact", path="out.bin", md5=md5, size=4000, artifact="file")
        command(*NOW, *FAILED)

    assert cache.has(md5)


@pytest.mark.parametrize("torn", ["run.yaml", "artifacts/model.bin.dvc", "both"])
def test_a_run_that_is_torn_keeps_what_it_had(project, cache, torn):  # noqa: F811
    run, other = (logged("exp-a", {"model.bin": heavy(n)}, fails=True) for n in (1, 2))
    had, goes = md5s(run) + md5s(other)
    names = ["run.yaml", "artifacts/model.bin.dvc"] if torn == "both" else [torn]
    folder = open_store().find(run)
    open_store().commit_files({f"{folder}/{name}": b"id: [" for name in names}, "torn")

    command(*NOW, "--yes")
    assert cache.has(had)
    if torn == "artifacts/model.bin.dvc":
        return  # its record can be read, so rules may let it go
    command(*NOW, *FAILED)
    assert cache.has(had)
    assert not cache.has(goes)


def test_repositories_inside_of_the_working_tree(project, cache, git):  # noqa: F811
    run = logged("exp-a", {f"{n}.bin": heavy(n) for n in range(3)}, fails=True)
    there, before, goes = md5s(run)
    git(project, "worktree", "add", "-q", "inside")  # of the same repository
    nested = project / "experiments/one"
    nested.mkdir(parents=True)
    git(nested, "init", "-q")
    (nested / "x.bin.dvc").write_text(pointer(before))
    git(nested, "add", ".")
    git(nested, "commit", "-q", "-m", "before")
    (nested / "x.bin.dvc").write_text(pointer(there))

    command(*NOW, *FAILED)

    assert [cache.has(md5) for md5 in (there, before, goes)] == [True, True, False]


def test_steps_are_records_unless_they_are_named(project, cache):  # noqa: F811
    with gitrack.start_run("exp-a") as run:
        for step in range(2_100):
            run.log_metrics({"loss": step * 0.37 % 1}, step=step)
    (md5,) = md5s(run.id)

    (left,) = told("--status", "finished", "--yes")["staying"]
    assert left["why"] == "it is the history of its run"
    assert cache.has(md5)
    command(*NOW, "--status", "finished", "--kind", "history", "--yes")
    assert not cache.has(md5)


def test_a_working_tree_on_a_disk_that_is_not_mounted(project, cache, git, tmp_path):  # noqa: F811
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    git(project, "worktree", "add", "-q", "--lock", str(tmp_path / "away"))
    (tmp_path / "away/x.bin.dvc").write_text(pointer(*md5s(run)))
    (tmp_path / "away").rename(tmp_path / "unmounted")

    assert "is locked and not there" in failing(*NOW, *FAILED)
    assert cache.has(*md5s(run))
    git(project, "worktree", "unlock", str(tmp_path / "away"))
    command(*NOW, *FAILED)
    assert not cache.has(*md5s(run))


def test_what_is_no_named_artifact_but_lies_among_them(project, cache):  # noqa: F811
    (md5,) = md5s(logged("exp-a", {"model.bin": heavy(1)}, fails=True))
    path = "artifacts/-odd name!/versions/1.yaml"
    open_store().commit_files({path: f"name: x\nmd5: {md5}\n".encode()}, "odd")

    assert "artifacts/-odd name!" in failing(*NOW, *FAILED)
    assert cache.has(md5)


@pytest.mark.parametrize("gone", [0, 1])
def test_a_disk_that_lets_nothing_go(project, cache, git, monkeypatch, gone):  # noqa: F811
    run = logged("exp-a", {f"{n}.bin": heavy(n) for n in range(2)}, fails=True)
    unlink, left = Path.unlink, [gone]

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.is_relative_to(cache.folder):
            if not left[0]:
                raise OSError(errno.EROFS, "Read-only file system", str(path))
            left[0] -= 1
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Path, "unlink", refuse)
        assert "cannot be removed: Read-only file system" in failing(*NOW, *FAILED)

    assert sum(map(cache.has, md5s(run))) == 2 - gone
    # nobody is told that something is gone if all of it is there
    assert len(git(project, "ls-tree", "--name-only", "gitrack", "collected/").split()) == gone
    command(*NOW, *FAILED)
    assert not any(map(cache.has, md5s(run)))
