"""Bytes come back whole and as they were, or not at all."""

from __future__ import annotations

import hashlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitrack.artifacts import Cache, Pointer, keep, load_pointer
from gitrack.artifacts.fetch import fetch, missing
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.transfer import upload
from gitrack.errors import ArtifactError


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):  # says nothing of each request
        pass


def pointer_of(kept) -> Pointer:
    ((path, data),) = kept.branch_files.items()
    return load_pointer(path, data)


def contents(top: Path) -> dict[str, bytes]:
    files = (path for path in top.rglob("*") if path.is_file())
    return {str(path.relative_to(top)): path.read_bytes() for path in files}


def test_files_and_folders_come_back_from_the_cache(tmp_path, cache, folder):
    heavy = pointer_of(keep(b"\0" * 5000, "x.bin", cache=cache))
    model = pointer_of(keep(folder, "model", cache=cache))

    fetch(heavy, tmp_path / "deep/x.bin", cache=cache)
    fetch(model, tmp_path / "out", cache=cache)

    assert (tmp_path / "deep/x.bin").read_bytes() == b"\0" * 5000
    assert (tmp_path / "deep/x.bin").stat().st_mode & 0o200
    assert contents(tmp_path / "out") == contents(folder)
    assert missing(model, cache) == []


def test_what_the_cache_lacks_comes_from_a_remote_and_stays(tmp_path, cache, folder):
    kept = keep(folder, "model", cache=cache)
    remote = RemoteObjects(str(tmp_path / "remote"))
    upload([kept.md5], cache, remote)
    elsewhere = Cache(tmp_path / "elsewhere")
    assert missing(pointer_of(kept), elsewhere) == [kept.md5]

    fetch(pointer_of(kept), tmp_path / "out", cache=elsewhere, remote=remote)

    assert contents(tmp_path / "out") == contents(folder)
    assert missing(pointer_of(kept), elsewhere) == []
    fetch(pointer_of(kept), tmp_path / "again", cache=elsewhere)


def test_a_remote_by_url_is_reached_through_dvc(tmp_path, cache, folder):
    kept = keep(folder, "model", cache=cache)
    upload([kept.md5], cache, RemoteObjects(str(tmp_path / "remote")))
    handler = partial(Silent, directory=str(tmp_path / "remote"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        remote = RemoteObjects(f"http://127.0.0.1:{server.server_port}")
        fetch(pointer_of(kept), tmp_path / "out", cache=Cache(tmp_path / "new"), remote=remote)
        with pytest.raises(ArtifactError, match="is not in http://"):
            remote.download("0" * 32, tmp_path / "x")
        server.shutdown()
    assert contents(tmp_path / "out") == contents(folder)


def test_a_remote_that_dvc_has_no_plugin_for_is_named(cache):
    kept = keep(b"\0" * 5000, "x.bin", cache=cache)
    with pytest.raises(ArtifactError, match=r"hdfs://bucket"):
        upload([kept.md5], cache, RemoteObjects("hdfs://bucket/place"))
    with pytest.raises(ArtifactError, match="DVC cannot use"):
        RemoteObjects("http://example.com", {"no_such_setting": "1"})


def test_what_dvc_2_has_stored_is_found_where_it_put_it(tmp_path, cache):
    data, md5 = b"a\r\nb\r\n", hashlib.md5(b"a\nb\n").hexdigest()
    place = cache.folder / md5[:2] / md5[2:]
    place.parent.mkdir(parents=True)
    place.write_bytes(data)
    pointer = load_pointer("x.dvc", f"outs:\n- md5: {md5}\n  path: x\n".encode())

    assert missing(pointer, cache) == []
    assert fetch(pointer, tmp_path / "out", cache=cache).read_bytes() == data


def test_missing_bytes_are_named_with_what_to_do(tmp_path, cache):
    pointer = Pointer(path="x", md5="0" * 32)
    remote = RemoteObjects(str(tmp_path / "remote"))
    for where in (None, remote):
        with pytest.raises(ArtifactError, match=r"0{32} is not in") as caught:
            fetch(pointer, tmp_path / "out", cache=cache, remote=where)
        assert "push" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_other_bytes_than_were_stored_never_arrive(tmp_path, cache, folder):
    kept = keep(folder, "model", cache=cache)
    for path in cache.folder.rglob("*"):
        if path.is_file() and path.read_bytes() == bytes(range(256)) * 40:
            path.chmod(0o644)
            path.write_bytes(b"evil" + path.read_bytes()[4:])

    with pytest.raises(ArtifactError, match="other bytes"):
        fetch(pointer_of(kept), tmp_path / "out", cache=cache)
    assert not (tmp_path / "out").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".gitrack")] == []


def test_a_target_is_never_overwritten(tmp_path, cache):
    pointer = pointer_of(keep(b"\0", "x.bin", cache=cache))
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ArtifactError, match="exists already"):
        fetch(pointer, tmp_path / "out", cache=cache)


@pytest.mark.parametrize(
    "listing",
    [
        b"not json",
        b"{}",
        b"[1]",
        json.dumps([{"relpath": "../../evil", "md5": "0" * 32}]).encode(),
        json.dumps([{"relpath": "/evil", "md5": "0" * 32}]).encode(),
        json.dumps([{"relpath": "x", "md5": "../../../x"}]).encode(),
        json.dumps([{"relpath": 5, "md5": "0" * 32}]).encode(),
        b"[" * 100_000,
    ],
)
def test_a_hostile_list_of_files_leads_nowhere(tmp_path, cache, listing):
    md5, _ = cache.put_bytes(listing)
    place = cache.path(md5 + ".dir")
    cache.path(md5).rename(place)
    with pytest.raises(ArtifactError):
        fetch(Pointer(path="x", md5=md5 + ".dir"), tmp_path / "out/in", cache=cache)
    assert not (tmp_path / "evil").exists()


def test_a_repository_in_a_folder_is_left_out_as_dvc_does(tmp_path, cache, folder, repo, dvc):
    without = pointer_of(keep(folder, "model", cache=cache))
    for name in (".git/hooks", "sub/.hg"):
        (folder / name).mkdir(parents=True)
        (folder / name / "config").write_text("[core]\n    fsmonitor = touch stolen\n")

    kept = pointer_of(keep(folder, "model", cache=cache))
    dvc(repo, "init", "-q")
    folder.rename(repo / "model")
    dvc(repo, "add", "-q", "model")

    assert kept == without
    assert kept.md5 in (repo / "model.dvc").read_text()


@pytest.mark.parametrize("path", [".git/config", "sub/.GIT/config", "git~1/config", ".git"])
def test_a_repository_of_a_stranger_is_not_fetched(tmp_path, cache, path):
    config = pointer_of(keep(b"\0[core]" * 1000, "config", cache=cache)).md5
    listed = json.dumps([{"md5": config, "relpath": path}, {"md5": config, "relpath": "ok.git"}])
    md5 = hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest() + ".dir"
    place = cache.path(md5)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(listed)

    with pytest.raises(ArtifactError, match="a git repository"):
        fetch(Pointer(path="model", md5=md5), tmp_path / "out", cache=cache)
    assert not (tmp_path / "out").exists()
