"""The bytes of artifacts: where they come from, and what is never let through."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import gitrack
from gitrack.artifacts import cache_of
from gitrack.errors import ArtifactError, NotFound, UnreadableFile
from gitrack.store import open_store
from gitrack.store.git.repository import Repository
from tests.retrieval.conftest import HEAVY, Project
from tests.s3 import Bucket


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


MODEL = {"weights.bin": HEAVY, "sub/MLmodel": b"flavors: {}\n"}


def test_files_and_folders_come_as_they_were(project: Project, tmp_path: Path):
    assert project.obtain("flights:v1").read_bytes() == HEAVY + b"1"
    assert tree(project.obtain("clf:v1")) == MODEL
    assert tree(project.obtain("@last/plots", tmp_path / "p")) == {"all/a.txt": b"a", "b.txt": b"b"}
    assert project.obtain("@last/notes/n.txt").read_text() == "hello"
    assert project.obtain("@last/plots/all/a.txt").read_text() == "a"
    assert tree(project.obtain("@last/plots/all")) == {"a.txt": b"a"}
    assert tree(project.obtain("@last/model/sub")) == {"MLmodel": b"flavors: {}\n"}


def test_what_was_fetched_is_found_again_and_read_only(project: Project):
    place = project.obtain("flights:v1")
    about = place.stat()

    again = project.obtain("@last/flights.bin")

    assert again == place
    assert (again.stat().st_ino, again.stat().st_mtime_ns) == (about.st_ino, about.st_mtime_ns)
    assert not about.st_mode & 0o222
    assert place.is_relative_to(project.folder / ".git" / "gitrack")


def test_what_somebody_wrote_into_is_fetched_again(project: Project):
    file, folder = project.obtain("flights:v1"), project.obtain("clf:v1")
    file.chmod(0o644)
    file.write_bytes(b"spoilt")
    (folder / "extra").write_text("x")

    assert project.obtain("flights:v1").read_bytes() == HEAVY + b"1"
    assert tree(project.obtain("clf:v1")) == MODEL


def test_the_same_contents_under_two_names_keep_both(project: Project):
    with gitrack.start_run("e") as run:
        run.log_artifact("flights.bin", "other.bin")

    first, second = project.obtain("flights:v1"), project.obtain("@last/other.bin")

    assert (first.name, second.name) == ("flights.bin", "other.bin")
    assert first.read_bytes() == second.read_bytes()


def test_a_target_is_written_whole_and_nothing_over_what_is_there(project: Project, tmp_path: Path):
    (tmp_path / "out").mkdir()

    inside = project.obtain("flights:v1", tmp_path / "out")
    new = project.obtain("clf:v1", tmp_path / "a/b/c")

    assert inside == tmp_path / "out" / "flights.bin"
    assert tree(new) == MODEL
    inside.write_bytes(b"mine")  # a copy of one's own
    with pytest.raises(ArtifactError, match="exists already"):
        project.obtain("flights:v1", tmp_path / "out")
    assert inside.read_bytes() == b"mine"
    assert project.obtain("flights:v1").read_bytes() == HEAVY + b"1"


def lose_cache(project: Project) -> None:
    repository = Repository.discover(project.folder)
    shutil.rmtree(cache_of(repository.worktree, repository.common_dir).folder)


def test_what_no_cache_has_and_no_remote_is_said(project: Project, tmp_path: Path):
    lose_cache(project)

    with pytest.raises(ArtifactError, match="no remote"):
        project.obtain("flights:v1", tmp_path / "x")
    assert list(tmp_path.glob("x*")) == list(tmp_path.glob(".gitrack*")) == []
    assert project.obtain("@last/notes/n.txt").read_text() == "hello"


@pytest.fixture
def shared(project: Project, tmp_path: Path) -> Path:
    """A folder as artifact remote, which has everything; the cache is lost."""
    remote = tmp_path / "remote"
    (project.folder / ".tracking").mkdir(exist_ok=True)
    (project.folder / ".tracking/config.yaml").write_text(f"artifacts: {{remote: {remote}}}\n")
    with gitrack.start_run("e") as run:
        run.log_artifact("flights.bin", named="flights")
        run.log_artifact("model", named="clf")
    lose_cache(project)
    return remote


def test_a_remote_has_what_the_cache_lacks(project: Project, shared: Path):
    assert project.obtain("flights:v1").read_bytes() == HEAVY + b"1"
    assert tree(project.obtain("clf:v1")) == MODEL


def test_one_file_of_a_folder_fetches_no_other(project: Project, shared: Path):
    assert project.obtain("clf:v1/sub/MLmodel").read_bytes() == MODEL["sub/MLmodel"]

    repository = Repository.discover(project.folder)
    cache = cache_of(repository.worktree, repository.common_dir).folder
    fetched = [path for path in (cache / "files/md5").rglob("*") if path.is_file()]
    assert len(fetched) == 2  # the list and that file
    with pytest.raises(NotFound, match=r"sub/MLmodle.*sub/MLmodel"):
        project.obtain("clf:v1/sub/MLmodle")
    with pytest.raises(NotFound, match="single file"):
        project.obtain("flights:v1/x")


def test_other_bytes_on_the_remote_never_arrive(project: Project, shared: Path, tmp_path: Path):
    for path in (shared / "files/md5").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"other")

    with pytest.raises(ArtifactError):
        project.obtain("flights:v1", tmp_path / "x")
    with pytest.raises(ArtifactError):
        project.obtain("clf:v1")
    assert not (tmp_path / "x").exists()


def test_a_pointer_that_disagrees_with_the_record_is_said(project: Project, change):
    change("artifacts/flights.bin.dvc", b"outs:\n- md5: " + b"a" * 32 + b"\n  path: flights.bin\n")

    with pytest.raises(UnreadableFile, match=r"points to a+, but the record"):
        project.obtain("flights:v1")


@pytest.mark.parametrize("data", [None, b"outs: []\n", b"outs:\n- md5: ../../x\n  path: a\n", b"&"])
def test_a_pointer_that_is_none_is_said_by_name(project: Project, change, data):
    change("artifacts/flights.bin.dvc", data)

    with pytest.raises(UnreadableFile, match=r"flights\.bin\.dvc"):
        project.obtain("flights:v1")


def test_small_files_that_somebody_changed_are_not_given_out(project: Project, change):
    change("artifacts/notes/n.txt", b"other")
    change("artifacts/plots/evil.txt", b"more")

    with pytest.raises(UnreadableFile, match="md5"):
        project.obtain("@last/notes/n.txt")
    with pytest.raises(UnreadableFile, match="md5"):
        project.obtain("@last/plots/b.txt")


@pytest.mark.parametrize(
    ("was", "hostile", "reference"),
    [
        ('md5: "', 'md5: "../../../../../outside', "@last/flights.bin"),
        ('store: "dvc"', 'store: "git"', "@last/flights.bin"),
        ('path: "flights.bin"', 'path: ".git"', "@last/.git"),
        ('path: "flights.bin"', 'path: "con"', "@last/con"),
    ],
)
def test_a_hostile_record_leads_nowhere(project: Project, change, was, hostile, reference):
    store = open_store(project.folder)
    record = store.read(f"{store.find(project.run_id)}/run.yaml").decode()
    before, at, after = record.partition('path: "flights.bin"')
    change("run.yaml", (before + (at + after).replace(was, hostile, 1)).encode())

    with pytest.raises(UnreadableFile):
        project.obtain(reference)
    assert not list(project.folder.parent.glob("outside*"))


def test_an_artifact_may_be_called_like_our_own_stamp(project: Project):
    with gitrack.start_run("e") as run:
        run.log_text("mine", "stamp.json")

    assert project.obtain("@last/stamp.json").read_text() == "mine"
    assert project.obtain("@last/stamp.json").read_text() == "mine"


def test_many_at_once_get_the_same(project: Project):
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(project.obtain("clf:v1"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert all(tree(place) == MODEL for place in found)


@pytest.fixture
def server(tmp_path: Path):
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Nothing."""

    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    web.server_close()


def test_what_lies_elsewhere_is_fetched_when_it_is_asked_for(project: Project, server):
    folder, url = server
    (folder / "d.csv").write_text("a,b\n1,2\n")
    os.utime(folder / "d.csv", (1, 1))
    with gitrack.start_run("e") as run:
        run.log_artifact(f"{url}/d.csv", named="web")
        run.log_reference(f"{url}/d.csv", "checked.csv", named="checked", md5="0" * 32)

    first = project.obtain("web:v1")
    assert first.read_text() == "a,b\n1,2\n"
    assert project.obtain(f"{url}/d.csv") == first
    (folder / "d.csv").write_text("changed")
    assert project.obtain("web:v1").read_text() == "changed"
    with pytest.raises(ArtifactError, match="other bytes than were logged"):
        project.obtain("checked:v1")
    (folder / "d.csv").unlink()
    with pytest.raises(ArtifactError, match="nothing at"):
        project.obtain("web:v1")


def test_a_server_that_is_down_is_said_without_the_password(project: Project):
    with pytest.raises(ArtifactError) as caught:
        project.obtain("http://me:hunter2@127.0.0.1:9/x.csv?token=abc")

    assert "hunter2" not in str(caught.value)
    assert "abc" not in str(caught.value)


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    made = Bucket()
    yield made
    made.close()


def test_s3_is_read_with_the_settings_of_a_remote_in_the_same_bucket(
    project: Project, bucket: Bucket
):
    bucket.put("data/d.csv", b"a,b\n1,2\n")
    bucket.put("data/more/e.csv", b"c\n")
    lines = "".join(f"    {key} = {value}\n" for key, value in bucket.settings.items())
    (project.folder / ".dvc").mkdir(exist_ok=True)
    (project.folder / ".dvc/config").write_text(
        f"['remote \"team\"']\n    url = s3://bucket/elsewhere\n{lines}"
    )
    with gitrack.start_run("e") as run:
        run.log_artifact("s3://bucket/data/d.csv", named="raw")
        run.log_artifact("s3://bucket/data", named="all")
    assert not bucket.asked[1:], "a live run asks nothing of the network"

    first = project.obtain("raw:v1")
    asked = len(bucket.asked)
    assert first.read_bytes() == b"a,b\n1,2\n"
    assert project.obtain("raw:v1") == first
    assert not [
        method for method, path in bucket.asked[asked:] if method == "GET" and "d.csv" in path
    ]
    assert tree(project.obtain("all:v1")) == {"d.csv": b"a,b\n1,2\n", "more/e.csv": b"c\n"}
    assert project.obtain("all:v1/more/e.csv").read_bytes() == b"c\n"
    bucket.put("data/d.csv", b"changed")
    assert project.obtain("raw:v1").read_bytes() == b"changed"


def test_a_server_that_only_the_branch_names_gets_no_password(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    url, told = "https://example.org/mine", []
    lose_cache(project)
    (project.folder / ".dvc").mkdir(exist_ok=True)
    (project.folder / ".dvc/config.local").write_text(
        "['remote \"gitrack\"']\n    auth = basic\n    user = me\n    password = mine\n"
    )
    branch = open_store(project.folder).branch
    written = f"['remote \"gitrack\"']\n    url = {url}\n".encode()
    branch.commit({".dvc/config": written}, "somebody's change")

    def asked(url: str, settings: dict[str, str]) -> tuple[object, str]:
        told.append((url, settings))
        raise ArtifactError("enough")

    monkeypatch.setattr("gitrack.artifacts.remote.file_system", asked)
    with pytest.raises(ArtifactError, match="enough"):
        project.obtain("flights:v1")

    assert told == [(url, {})]


@pytest.mark.parametrize(
    "uri", ["file:///etc/passwd", "local://x/etc/passwd", "/etc/passwd", "c://etc/passwd", "~/.ssh"]
)
def test_a_record_that_names_a_path_of_this_machine_is_refused(
    project: Project, change, uri, tmp_path: Path
):
    with gitrack.start_run("e", name="elsewhere") as run:
        run.log_artifact("s3://bucket/d.csv")
    store = open_store(project.folder)
    path = f"{store.find(run.id)}/run.yaml"
    record = store.read(path).decode()
    assert "s3://bucket/d.csv" in record
    store.branch.commit({path: record.replace("s3://bucket/d.csv", uri).encode()}, "a change")

    with pytest.raises(UnreadableFile, match="expected a URI"):
        project.obtain(f"{run.id}/d.csv", tmp_path / "stolen")
    assert not (tmp_path / "stolen").exists()


def test_what_libraries_say_of_a_uri_is_repeated_without_its_token(
    project: Project, server, monkeypatch: pytest.MonkeyPatch
):
    _, url = server
    uri = f"{url}/d.csv?X-Amz-Signature=hunter2&a=1"
    from dvc_http import HTTPFileSystem

    def fails(self: object, path: str, *rest: object, **more: object) -> bool:
        raise OSError(f"500, message='broken', url=URL('{path}')")

    monkeypatch.setattr(HTTPFileSystem, "isdir", fails)
    monkeypatch.setattr(HTTPFileSystem, "info", fails)
    with pytest.raises(ArtifactError, match="cannot be fetched: 500") as caught:
        project.obtain(uri)

    assert "hunter2" not in str(caught.value)


def test_a_remote_of_the_settings_is_no_place_by_itself(project: Project):
    with pytest.raises(ArtifactError, match="remote of DVC's settings"):
        project.obtain("remote://gitrack/x")
