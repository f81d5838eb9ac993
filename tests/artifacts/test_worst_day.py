"""Full disks, files that change, odd folders: a clear error or a correct result, nothing torn."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import gitrack
from gitrack.artifacts import Cache, copying, keep, load_pointer, sources
from gitrack.artifacts.fetch import fetch, fetch_part, listing, missing
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.transfer import download, upload
from gitrack.errors import ArtifactError, NotFound

#: Keeps on a disk of 2 MB what fits, then what does not; prints what was said.
_ON_A_FULL_DISK = """
import sys
from pathlib import Path
from gitrack.artifacts import keep
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.transfer import upload
from gitrack.artifacts.cache import Cache
from gitrack.artifacts.copying import md5_of_file
from gitrack.errors import ArtifactError

disk, sources = Path(sys.argv[1]), Path(sys.argv[2])
kept = keep(bytes(500_000), "fits", cache=disk)
for name in ("large", "small", "folder"):
    for ours in (False, True):
        try:
            keep(sources / name, name, cache=disk, ours=ours)
            print("kept", name)
        except ArtifactError as error:
            print(error)
other = Cache(sources / "other")
md5 = keep(sources / "large", "large", cache=other).md5
try:
    upload([md5, kept.md5], other, RemoteObjects(str(disk)))
except ArtifactError as error:
    print(error)
for path in disk.rglob("*"):
    if path.is_file():
        assert md5_of_file(path) == path.parent.name + path.name, path
print("whole")
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def files_in(cache: Cache) -> list[Path]:
    return [path for path in cache.folder.rglob("*") if path.is_file()]


def pointer_of(kept):
    ((path, data),) = kept.branch_files.items()
    return load_pointer(path, data)


def test_a_disk_that_is_really_full(tmp_path):
    disk, given = tmp_path / "disk", tmp_path / "given"
    disk.mkdir()
    (given / "folder").mkdir(parents=True)
    (given / "large").write_bytes(os.urandom(5_000_000))
    (given / "small").write_bytes(os.urandom(1_000_000))
    for number in range(30):
        (given / f"folder/{number}").write_bytes(os.urandom(60_000))
    mount = (
        f'mount -t tmpfs -o size=1200k none {disk} && exec {sys.executable} -c "$1" {disk} {given}'
    )
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh", _ON_A_FULL_DISK],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this system lets nobody mount a small disk")
    assert done.returncode == 0, done.stderr
    *said, sent, left = done.stdout.splitlines()
    assert len(said) == 6
    for line in said:
        assert line == f"no space left for heavy files in {disk}; free some disk space"
    assert sent == f"{disk} cannot be used: No space left on device"
    assert left == "whole"


def test_a_file_that_may_not_become_so_large(tmp_path):
    code = (
        "import resource, sys; from pathlib import Path; from gitrack.artifacts import keep\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"
        "keep(Path(sys.argv[1]), 'x', cache=Path(sys.argv[2]))"
    )
    (tmp_path / "x").write_bytes(bytes(3_000_000))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x"), str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ArtifactError: heavy files cannot be written to" in done.stderr
    assert files_in(Cache(tmp_path / "cache")) == []


@pytest.mark.parametrize("grows", [b"more", b""])
def test_a_small_file_that_changes_while_it_is_read(tmp_path, cache, monkeypatch, grows):
    source = tmp_path / "metrics.bin"
    source.write_bytes(b"\0" * 5000)
    read = os.read

    def change_meanwhile(descriptor, count):
        data = read(descriptor, count)
        source.write_bytes(b"\1" * 5000 + grows)
        os.utime(source, ns=(0, 0))
        return data

    monkeypatch.setattr(sources.os, "read", change_meanwhile)
    with pytest.raises(ArtifactError, match=r"metrics\.bin changed while"):
        keep(source, "metrics.bin", cache=cache, inline_below=0)
    assert files_in(cache) == []


def test_names_that_differ_only_by_case_are_two_files(tmp_path, cache):
    top = tmp_path / "model"
    top.mkdir()
    (top / "Weights.bin").write_bytes(b"\0upper")
    (top / "weights.bin").write_bytes(b"\0lower")
    if len(list(top.iterdir())) == 1:
        pytest.skip("this file system does not tell them apart")
    pointer = pointer_of(keep(top, "model", cache=cache))
    fetch(pointer, tmp_path / "out", cache=cache)
    assert (tmp_path / "out/Weights.bin").read_bytes() == b"\0upper"
    assert (tmp_path / "out/weights.bin").read_bytes() == b"\0lower"


def test_empty_files_and_folders_travel(tmp_path, cache):
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing").write_bytes(b"")
    folder = keep(tmp_path / "empty", "empty", cache=cache)
    file = keep(tmp_path / "nothing", "nothing", cache=cache, inline_below=0)
    remote = RemoteObjects(str(tmp_path / "remote"))
    assert upload([folder.md5, file.md5], cache, remote).sent == 2

    new = Cache(tmp_path / "new")
    fetch(pointer_of(folder), tmp_path / "a", cache=new, remote=remote)
    fetch(pointer_of(file), tmp_path / "b", cache=new, remote=remote)
    assert list((tmp_path / "a").iterdir()) == []
    assert (tmp_path / "b").read_bytes() == b""


def test_one_file_of_a_folder(tmp_path, cache, folder):
    kept = keep(folder, "model", cache=cache)
    pointer = pointer_of(kept)
    remote = RemoteObjects(str(tmp_path / "remote"))
    upload([kept.md5], cache, remote)
    new = Cache(tmp_path / "new")

    listed = listing(pointer, new, remote)
    fetch_part(pointer, "weights.bin", tmp_path / "out", cache=new, remote=lambda: remote)

    assert [one.relative for one in listed][:2] == ["MLmodel", "deep.txt"]
    assert {one.size for one in listed} == {None}
    assert (tmp_path / "out").read_bytes() == bytes(range(256)) * 40
    assert len(files_in(new)) == 2
    assert len(missing(pointer, new)) == 4
    with pytest.raises(NotFound, match=r"holds no 'weights\.bi'; it holds weights\.bin"):
        fetch_part(pointer, "weights.bi", tmp_path / "no", cache=new, remote=lambda: remote)
    with pytest.raises(ArtifactError, match="not a folder"):
        listing(pointer_of(keep(b"\0", "x.bin", cache=cache)), cache)


def test_a_torn_object_in_a_folder_that_is_a_remote_is_sent_again(tmp_path, cache):
    md5, _ = cache.put_bytes(b"\0" * 5000)
    remote = RemoteObjects(str(tmp_path / "remote"))
    upload([md5], cache, remote)
    Path(remote.path(md5)).chmod(0o644)
    Path(remote.path(md5)).write_bytes(b"\0" * 100)
    assert download([md5], Cache(tmp_path / "new"), remote).failed
    assert upload([md5], cache, remote).sent == 1
    assert download([md5], Cache(tmp_path / "new"), remote).failed == []


def test_what_neither_side_has_is_named_and_the_rest_arrives(tmp_path, cache, folder):
    kept = keep(folder, "model", cache=cache)
    gone = listing(pointer_of(kept), cache)[0].md5
    cache.path(gone).unlink()
    alone, _ = cache.put_bytes(b"\0alone")
    remote = RemoteObjects(str(tmp_path / "remote"))

    sent = upload([kept.md5, alone, "1" * 32, "2" * 32 + ".dir"], cache, remote)

    assert sent.sent == 5
    assert {md5 for md5, _ in sent.failed} == {gone, kept.md5, "1" * 32, "2" * 32 + ".dir"}
    assert not remote.has(kept.md5)
    assert remote.has(alone)
    with pytest.raises(ArtifactError, match="and 3 more objects") as caught:
        sent.must_be_whole()
    assert "push it from where" in caught.value.hint


def test_progress_counts_every_object_once(tmp_path, cache):
    md5s = [cache.put_bytes(b"\0%d" % number)[0] for number in range(50)]
    seen = []
    upload(md5s, cache, RemoteObjects(str(tmp_path / "remote")), progress=lambda *a: seen.append(a))
    assert [done for done, _, _ in seen] == list(range(1, 51))
    assert {total for _, total, _ in seen} == {50}
    assert seen[-1][2] == sum(cache.sizes(md5s).values())


def test_the_layout_of_dvc_2_is_sent_and_fetched(tmp_path, cache):
    import hashlib

    data, md5 = b"a\r\nb\r\n", hashlib.md5(b"a\nb\n").hexdigest()
    place = cache.path(md5, legacy=True)
    place.parent.mkdir(parents=True)
    place.write_bytes(data)
    remote = RemoteObjects(str(tmp_path / "remote"), legacy=True)
    assert upload([md5], cache, remote).sent == 1
    assert (tmp_path / "remote" / md5[:2] / md5[2:]).read_bytes() == data
    pointer = load_pointer("x.dvc", f"outs:\n- md5: {md5}\n  path: x\n".encode())
    new = Cache(tmp_path / "new")
    fetch(pointer, tmp_path / "x", cache=new, remote=RemoteObjects(str(tmp_path / "remote")))
    assert (tmp_path / "x").read_bytes() == data


def test_a_plugin_that_is_missing_is_named_with_what_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "dvc_s3", None)
    with pytest.raises(ArtifactError, match="s3://bucket/x") as caught:
        RemoteObjects("s3://bucket/x")
    assert "pip install 'dvc[s3]'" in str(caught.value)


def test_a_run_whose_heavy_files_cannot_be_stored_waits_and_says_so(
    tmp_path, repo, git, monkeypatch, caplog
):
    from click.testing import CliRunner

    from gitrack.cli.main import cli

    monkeypatch.chdir(repo)
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    shutil.rmtree(repo / ".dvc/cache", ignore_errors=True)
    (repo / ".dvc/cache").write_text("in the way")
    with gitrack.start_run("churn-baseline-20241022") as run:
        run.log_bytes(bytes(200_000), "weights.bin")
    assert f"run {run.id} is not on the branch yet" in caplog.text
    assert "heavy files cannot be written" in caplog.text
    assert len(list((repo / ".tracking/outbox").glob(f"{run.id}*"))) == 1

    (repo / ".dvc/cache").unlink()
    done = CliRunner().invoke(cli, ["sync"])
    assert done.exit_code == 0, done.output
    assert "weights.bin.dvc" in git(repo, "ls-tree", "-r", "--name-only", "gitrack")


@pytest.mark.slow
def test_a_folder_of_100_000_small_files(tmp_path, cache):
    top = tmp_path / "many"
    for number in range(100_000):
        if number < 100:
            (top / f"{number:02}").mkdir(parents=True)
        (top / f"{number % 100:02}/{number}").write_bytes(b"%d" % number)
    kept = keep(top, "many", cache=cache)
    remote = RemoteObjects(str(tmp_path / "remote"))
    assert (kept.files, upload([kept.md5], cache, remote).sent) == (100_000, 100_001)
    new = Cache(tmp_path / "new")
    assert download([kept.md5], new, remote).sent == 100_001
    fetch_part(pointer_of(kept), "07/7", tmp_path / "7", cache=new)
    assert (tmp_path / "7").read_bytes() == b"7"


#: Logs a file of 64 MB in a run; prints by how many megabytes the process has grown.
_LOGS_A_LARGE_FILE = """
import resource, sys
import gitrack
with gitrack.start_run("warm-20241022") as run:
    run.log_bytes(bytes(300_000), "small.bin")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with gitrack.start_run("churn-20241022") as run:
    run.log_artifact(sys.argv[1])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_a_large_file_is_never_in_memory_and_once_on_disk(tmp_path, repo):
    from click.testing import CliRunner

    from gitrack.cli.main import cli

    assert CliRunner().invoke(cli, ["-C", str(repo), "init"]).exit_code == 0
    (tmp_path / "large").write_bytes(bytes(64_000_000))
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", _LOGS_A_LARGE_FILE, str(tmp_path / "large")],
            cwd=repo,
            capture_output=True,
            text=True,
            check=True,
        )
        assert float(done.stdout) < 40
    large = [
        path for path in repo.rglob("*") if path.is_file() and path.stat().st_size > 60_000_000
    ]
    assert len(large) == 1
    assert ".dvc/cache" in str(large[0])


def test_an_outbox_on_another_disk_is_copied_from(tmp_path, cache):
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is only one disk")
    with tempfile.TemporaryDirectory(dir=elsewhere) as outbox:
        for size in (5_000, 3_000_000):
            source = Path(outbox, "x.bin")
            source.write_bytes(bytes(size))
            kept = keep(source, "x.bin", cache=cache, ours=True)
            assert cache.path(kept.md5).read_bytes() == bytes(size)
            assert cache.path(kept.md5).stat().st_nlink == 1
            source.unlink()
    assert len(files_in(cache)) == 2


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_of_large_files_is_for_terminals(tmp_path, monkeypatch, capfd, cache, terminal):
    monkeypatch.setattr(copying, "_LARGE", 2_000_000)
    monkeypatch.setattr(sys, "stderr", sys.__stderr__)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/large.bin").write_bytes(bytes(3_000_000))
    keep(tmp_path / "folder", "model", cache=cache)
    shown = capfd.readouterr().err
    assert ("storing model" in shown) is terminal
    assert "large.bin" not in shown  # one bar, not one within another
    monkeypatch.setattr(copying, "_clone", lambda *_: False)
    (tmp_path / "alone.bin").write_bytes(bytes(3_000_001))
    keep(tmp_path / "alone.bin", "alone.bin", cache=cache)
    assert ("storing alone.bin" in capfd.readouterr().err) is terminal
    (tmp_path / "ours.bin").write_bytes(bytes(3_000_002))
    keep(tmp_path / "ours.bin", "ours.bin", cache=cache, ours=True)  # linked, and then hashed
    assert ("hashing" in capfd.readouterr().err) is terminal
