"""What gitrack keeps, plain DVC reads: same hashes, same places, same pointers."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import yaml

from gitrack.artifacts import (
    Cache,
    branch_files_for_new_branch,
    cache_of,
    day_files,
    keep,
    load_pointer,
)
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.transfer import upload

DAY = "runs/churn-20241022/2024-10/22"
ARTIFACTS = f"{DAY}/20241022-143012-7k3f9q/artifacts"


def objects(cache: Path) -> dict[str, tuple[bytes, int]]:
    """Everything in a cache: place → (contents, mode)."""
    return {
        str(path.relative_to(cache)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in cache.rglob("*")
        if path.is_file()
    }


def on_branch(kept, *more, remote=None):
    files = {f"{ARTIFACTS}/{path}": data for path, data in kept.branch_files.items()}
    for other in more:
        files |= {f"{ARTIFACTS}/{path}": data for path, data in other.branch_files.items()}
    of_day = {f"{DAY}/{path}": data for path, data in day_files(remote).items()}
    return branch_files_for_new_branch(remote) | files | of_day


def test_dvc_add_makes_the_same_objects_and_pointers(tmp_path, repo, git, dvc, folder):
    data = bytes(range(256)) * 1000
    (repo / "big.bin").write_bytes(data)
    folder.rename(repo / "model")
    dvc(repo, "init", "-q")
    dvc(repo, "add", "-q", "big.bin", "model")

    ours = tmp_path / "ours"
    kept_file = keep(repo / "big.bin", "big.bin", cache=ours)
    kept_folder = keep(repo / "model", "model", cache=ours)

    assert objects(ours) == objects(repo / ".dvc/cache")
    for name, kept in (("big.bin", kept_file), ("model", kept_folder)):
        pointer = kept.branch_files[f"{name}.dvc"]
        theirs = (repo / f"{name}.dvc").read_bytes()
        assert yaml.safe_load(pointer) == yaml.safe_load(theirs)
        assert load_pointer("x.dvc", theirs) == load_pointer("x.dvc", pointer)
    assert kept_folder.files == 5
    listing = ours / "files/md5" / kept_folder.md5[:2] / kept_folder.md5[2:]
    assert next(entry["relpath"] for entry in json.loads(listing.read_bytes())) == "MLmodel"


def test_dvc_finds_bytes_in_the_local_cache_without_any_remote(
    tmp_path, repo, git, dvc, folder, put_on_branch
):
    dvc(repo, "init", "-q")
    cache = cache_of(repo, repo / ".git")
    heavy = keep(b"\0" * 200_000, "plots/big.bin", cache=cache)
    model = keep(folder, "model", cache=cache)
    text = keep(b"hello\n", "note.txt", cache=cache)
    put_on_branch(repo, on_branch(heavy, model, text))

    get = ("get", "-q", ".", "--rev", "gitrack")
    dvc(repo, *get, f"{ARTIFACTS}/plots/big.bin", "-o", str(tmp_path / "big"))
    dvc(repo, *get, f"{ARTIFACTS}/model", "-o", str(tmp_path / "out"))
    listed = dvc(repo, "list", ".", ARTIFACTS, "--rev", "gitrack")

    assert (tmp_path / "big").read_bytes() == b"\0" * 200_000
    assert contents(tmp_path / "out") == contents(folder)
    assert listed.split() == ["model", "model.dvc", "note.txt", "plots"]


def contents(top: Path) -> dict[str, bytes]:
    files = (path for path in top.rglob("*") if path.is_file())
    return {str(path.relative_to(top)): path.read_bytes() for path in files}


def test_a_fresh_clone_gets_everything_from_a_remote(
    tmp_path, repo, git, dvc, opened, folder, put_on_branch
):
    remote = str(tmp_path / "the remote, #1")
    cache = Cache(tmp_path / "cache")
    heavy = keep(b"\0" * 200_000, "big.bin", cache=cache)
    model = keep(folder, "model", cache=cache)
    put_on_branch(repo, on_branch(heavy, model, remote=remote))
    assert upload([heavy.md5, model.md5], cache, RemoteObjects(remote)).sent == 7
    assert upload([heavy.md5, model.md5], cache, RemoteObjects(remote)).sent == 0
    git(tmp_path, "clone", "-q", "--bare", str(repo), "hub.git")
    git(tmp_path, "clone", "-q", "hub.git", "clone")
    clone = tmp_path / "clone"

    rev = ("--rev", "origin/gitrack")
    dvc(clone, "get", "-q", ".", f"{ARTIFACTS}/big.bin", *rev, "-o", str(tmp_path / "big"))
    dvc(clone, "init", "-q")  # a DVC project without a default remote is no obstacle either
    dvc(clone, "get", "-q", ".", f"{ARTIFACTS}/model", *rev, "-o", str(tmp_path / "out"))
    assert dvc(clone, "list", ".", f"{ARTIFACTS}/model", *rev).split() == [
        "MLmodel",
        "deep",
        "deep.txt",
        "weights.bin",
    ]
    dvc(clone, "import", "-q", ".", f"{ARTIFACTS}/model", *rev, "-o", "imported")
    assert (tmp_path / "big").read_bytes() == b"\0" * 200_000
    assert contents(tmp_path / "out") == contents(clone / "imported") == contents(folder)
    weights = opened(clone, f"{ARTIFACTS}/model/weights.bin", "origin/gitrack")
    assert weights == bytes(range(256)) * 40


def test_dvc_api_and_import_work_from_another_project(
    tmp_path, repo, git, dvc, folder, put_on_branch
):
    from dvc.api import read

    remote = str(tmp_path / "remote")
    cache = Cache(tmp_path / "cache")
    model = keep(folder, "model", cache=cache)
    put_on_branch(repo, on_branch(model, remote=remote))
    upload([model.md5], cache, RemoteObjects(remote))
    git(tmp_path, "clone", "-q", "--bare", str(repo), "hub.git")
    hub = f"file://{tmp_path}/hub.git"

    path = f"{ARTIFACTS}/model/weights.bin"
    assert read(path, repo=hub, rev="gitrack", mode="rb") == bytes(range(256)) * 40
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", "other")
    dvc(other, "init", "-q")
    dvc(other, "import", "-q", hub, f"{ARTIFACTS}/model", "--rev", "gitrack")
    assert contents(other / "model") == contents(folder)


def test_a_checkout_of_the_branch_stays_clean_after_dvc_pull(
    tmp_path, repo, git, dvc, folder, put_on_branch
):
    remote = str(tmp_path / "remote")
    cache = Cache(tmp_path / "cache")
    model = keep(folder, "model", cache=cache)
    text = keep(b"hello\n", "note.txt", cache=cache)
    put_on_branch(repo, on_branch(model, text, remote=remote))
    upload([model.md5], cache, RemoteObjects(remote))
    git(repo, "worktree", "add", "-q", str(tmp_path / "tree"), "gitrack")

    dvc(tmp_path / "tree" / DAY, "pull", "-q")
    dvc(tmp_path / "tree", "status", "-q")

    assert contents(tmp_path / "tree" / ARTIFACTS / "model") == contents(folder)
    assert git(tmp_path / "tree", "status", "--porcelain") == ""


def test_no_file_for_the_branch_names_this_machine(tmp_path, folder):
    kept = keep(folder, "model", cache=tmp_path / "cache")
    for data in on_branch(kept).values():
        assert str(tmp_path).encode() not in data
