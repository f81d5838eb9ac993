"""The whole way over S3, and what happens when it breaks half-way."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import pytest

from gitrack.artifacts import (
    Cache,
    Pointer,
    branch_files_for_new_branch,
    day_files,
    keep,
    load_pointer,
)
from gitrack.artifacts.fetch import fetch, fetch_part, listing
from gitrack.artifacts.project import read_settings
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.transfer import download, settings_for, upload
from gitrack.errors import ArtifactError

URL = "s3://bucket/project"
DAY = "runs/churn-20241022/2024-10/22"
ARTIFACTS = f"{DAY}/20241022-143012-7k3f9q/artifacts"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def remote(bucket) -> RemoteObjects:
    return RemoteObjects(URL, bucket.settings)


def some(cache: Cache, count: int) -> list[str]:
    return [cache.put_bytes(f"object {number}".encode() * 500)[0] for number in range(count)]


def key(md5: str) -> str:
    return f"project/files/md5/{md5[:2]}/{md5[2:]}"


def whole(cache: Cache) -> bool:
    """Every object is what its name says, and nothing else lies about."""
    files = [path for path in cache.folder.rglob("*") if path.is_file()]
    return all(
        hashlib.md5(path.read_bytes()).hexdigest() == (path.parent.name + path.name)[:32]
        for path in files
    )


def test_objects_go_there_and_come_back(tmp_path, cache, remote, folder, bucket):
    kept = keep(folder, "model", cache=cache)
    large = cache.put_bytes(bytes(range(256)) * 160_000)[0]  # in parts
    md5s = [*some(cache, 20), kept.md5, large]

    up = upload(md5s, cache, remote)
    again = upload(md5s, cache, remote)
    down = download(md5s, Cache(tmp_path / "new"), remote)

    assert (up.sent, up.present, up.failed) == (27, 0, [])
    assert (again.sent, again.present) == (0, 27)
    assert (down.sent, down.bytes, down.failed) == (27, up.bytes, [])
    assert whole(Cache(tmp_path / "new"))
    assert bucket.count("PUT") - bucket.count("PUT", "uploadId") == 26


@pytest.mark.parametrize("fault", ["cut", "500"])
def test_an_upload_that_breaks_half_way_goes_on_where_it_was(cache, remote, bucket, fault):
    md5s = some(cache, 60)
    bucket.fault = lambda method, path: fault if bucket.count("PUT") > 15 else None
    broken = upload(md5s, cache, remote)
    assert 5 <= broken.sent <= 15
    assert len(broken.failed) == 60 - broken.sent
    assert any("not tried" in why for _, why in broken.failed)

    bucket.fault = lambda method, path: None
    bucket.asked.clear()
    assert upload(md5s, cache, remote).sent == 60 - broken.sent == bucket.count("PUT")
    assert all(bucket.get(key(md5)) for md5 in md5s)


@pytest.mark.parametrize("fault", ["cut", "half", "other"])
def test_a_download_that_breaks_half_way_goes_on_where_it_was(
    tmp_path, cache, remote, bucket, fault
):
    md5s = some(cache, 60)
    upload(md5s, cache, remote)
    new = Cache(tmp_path / "new")
    bucket.fault = lambda method, path: (
        fault if "/files/md5/" in path and bucket.count("GET") > 15 else None
    )
    broken = download(md5s, new, remote)
    assert 5 <= broken.sent <= 15
    assert len(broken.failed) == 60 - broken.sent
    assert whole(new)

    bucket.fault = lambda method, path: None
    bucket.asked.clear()
    assert download(md5s, new, remote).sent == 60 - broken.sent == bucket.count("GET")
    assert whole(new)
    assert len(new.sizes(md5s)) == 60


def test_one_bad_object_does_not_hide_the_others(tmp_path, cache, remote, bucket):
    md5s = some(cache, 30)
    upload(md5s, cache, remote)
    bucket.put(key(md5s[7]), b"other bytes")
    new = Cache(tmp_path / "new")

    found = download([*md5s, "0" * 32], new, remote)

    assert found.sent == 29
    assert sorted(md5 for md5, _ in found.failed) == sorted(["0" * 32, md5s[7]])
    whys = dict(found.failed)
    assert f"is not in {URL}" in whys["0" * 32]
    assert "other bytes than were stored" in whys[md5s[7]]
    assert key(md5s[7]) in whys[md5s[7]]
    assert whole(new)
    assert not new.has(md5s[7])


def test_a_folder_is_complete_before_its_list_is_there(cache, remote, folder, bucket):
    kept = keep(folder, "model", cache=cache)
    inner = listing(Pointer(path="model", md5=kept.md5), cache)[0].md5
    bucket.fault = lambda method, path: "500" if method == "PUT" and inner[2:] in path else None

    broken = upload([kept.md5], cache, remote)

    assert {md5 for md5, _ in broken.failed} == {inner, kept.md5}
    assert bucket.get(key(kept.md5)) is None
    bucket.fault = lambda method, path: None
    assert upload([kept.md5], cache, remote).sent == 2
    assert bucket.get(key(kept.md5)) is not None


def test_a_corrupt_object_is_not_sent(cache, remote, bucket):
    md5s = some(cache, 3)
    cache.path(md5s[1]).chmod(0o644)
    cache.path(md5s[1]).write_bytes(b"other bytes")

    sent = upload(md5s, cache, remote)

    assert (sent.sent, [md5 for md5, _ in sent.failed]) == (2, [md5s[1]])
    assert bucket.get(key(md5s[1])) is None


def test_one_file_of_a_folder_comes_alone(tmp_path, cache, remote, folder, bucket):
    kept = keep(folder, "model", cache=cache)
    upload([kept.md5], cache, remote)
    pointer = Pointer(path="model", md5=kept.md5)
    bucket.asked.clear()
    new = Cache(tmp_path / "new")

    fetch_part(pointer, "deep.txt", tmp_path / "out", cache=new, remote=lambda: remote)

    assert (tmp_path / "out").read_text() == "sorts between\n"
    assert bucket.count("GET") == 2


def test_a_server_that_is_down_is_said_at_once(tmp_path, cache, bucket):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        remote = RemoteObjects(URL, {**bucket.settings, "endpointurl": endpoint})
        for move in (upload, download):
            with pytest.raises(
                ArtifactError, match=r"s3://bucket/project cannot be used: .*connect"
            ):
                move(some(cache, 50) if move is upload else ["0" * 32] * 50, cache, remote)


def test_a_bucket_that_is_not_there_is_named(cache, bucket):
    remote = RemoteObjects("s3://buckett/project", bucket.settings)
    for move in (upload, download):
        with pytest.raises(ArtifactError, match="bucket does not exist"):
            move([*some(cache, 3), "0" * 32, "1" * 32], cache, remote)


def test_settings_are_those_of_the_checkouts_dvc(tmp_path, repo, dvc, bucket):
    dvc(repo, "init", "-q")
    dvc(repo, "remote", "add", "-q", "ours", URL)
    dvc(repo, "remote", "modify", "--local", "-q", "ours", "access_key_id", "nobody")
    local = repo / ".dvc/config.local"
    more = [f"    {name} = {value}" for name, value in bucket.settings.items()]
    local.write_text("\n".join([local.read_text().rstrip(), *more[:1], *more[2:], ""]))

    assert settings_for(repo, URL) == bucket.settings
    assert settings_for(repo, f"{URL}/") == bucket.settings
    assert settings_for(repo, "s3://bucket/other") == {}
    assert settings_for(None, URL) == {}
    assert "secret_access_key" not in (repo / ".dvc/config").read_text()
    assert read_settings(repo).remotes["ours"].url == URL


def test_credentials_alone_are_for_the_remote_that_the_checkout_names(repo, bucket):
    (repo / ".dvc").mkdir()
    (repo / ".dvc/config.local").write_text("['remote \"gitrack\"']\n    access_key_id = me\n")
    assert settings_for(repo, URL) == {"access_key_id": "me"}
    assert settings_for(repo, URL, only_on_branch=True) == {}


def test_plain_dvc_in_a_fresh_clone_gets_lists_imports_and_opens(
    tmp_path, repo, git, dvc, folder, put_on_branch, cache, remote, bucket, monkeypatch
):
    model = keep(folder, "model", cache=cache)
    heavy = keep(b"\0" * 200_000, "big.bin", cache=cache)
    upload([model.md5, heavy.md5], cache, remote)
    files = {
        f"{ARTIFACTS}/{path}": data
        for kept in (model, heavy)
        for path, data in kept.branch_files.items()
    }
    files |= {f"{DAY}/{path}": data for path, data in day_files(URL).items()}
    put_on_branch(repo, branch_files_for_new_branch(URL) | files)
    git(tmp_path, "clone", "-q", "--bare", str(repo), "hub.git")
    git(tmp_path, "clone", "-q", "hub.git", "clone")
    clone = tmp_path / "clone"
    # endpoint and keys as the AWS tools take them
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.settings["endpointurl"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")

    rev = ("--rev", "origin/gitrack")
    dvc(clone, "get", "-q", ".", f"{ARTIFACTS}/big.bin", *rev, "-o", str(tmp_path / "big"))
    listed = dvc(clone, "list", ".", f"{ARTIFACTS}/model", *rev).split()
    git(tmp_path, "init", "-q", "other")
    dvc(tmp_path / "other", "init", "-q")
    hub = f"file://{tmp_path}/hub.git"
    dvc(tmp_path / "other", "import", "-q", hub, f"{ARTIFACTS}/model", "--rev", "gitrack")

    assert (tmp_path / "big").read_bytes() == b"\0" * 200_000
    assert listed == ["MLmodel", "deep", "deep.txt", "weights.bin"]
    assert (tmp_path / "other/model/weights.bin").read_bytes() == bytes(range(256)) * 40
    from dvc.api import open as dvc_open

    with dvc_open(f"{ARTIFACTS}/model/weights.bin", repo=hub, rev="gitrack", mode="rb") as file:
        assert file.read() == bytes(range(256)) * 40


def test_what_real_dvc_has_pushed_is_fetched(tmp_path, repo, dvc, folder, remote, bucket):
    dvc(repo, "init", "-q")
    dvc(repo, "remote", "add", "-q", "--default", "ours", URL)
    for name, value in bucket.settings.items():
        dvc(repo, "remote", "modify", "--local", "-q", "ours", name, value)
    folder.rename(repo / "model")
    dvc(repo, "add", "-q", "model")
    dvc(repo, "push", "-q")
    pointer = load_pointer("model.dvc", (repo / "model.dvc").read_bytes())

    fetch(pointer, tmp_path / "out", cache=Cache(tmp_path / "new"), remote=remote)
    # nothing is left to send, and DVC takes what we have fetched for its own
    assert upload([pointer.md5], Cache(tmp_path / "new"), remote).sent == 0
    assert (tmp_path / "out/weights.bin").read_bytes() == bytes(range(256)) * 40
