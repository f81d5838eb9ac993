"""Small text and pictures go to git, the rest to DVC; nothing of the user's changes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from gitrack.artifacts import copying, keep
from gitrack.errors import ArtifactError, InvalidName

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def leftovers(cache: Path) -> list[Path]:
    return list(cache.rglob(".*"))


@pytest.mark.parametrize(
    "data",
    [b"", b"plain\n", "ünïcode ✓\n".encode(), b"<svg/>", b"<script>alert(1)</script>", PNG],
)
def test_small_text_and_pictures_go_to_git_as_they_are(data):
    kept = keep(data, "reports/it.any", cache=None)

    assert kept.store == "git"
    assert kept.branch_files == {"reports/it.any": data}
    assert (kept.md5, kept.size, kept.files) == (hashlib.md5(data).hexdigest(), len(data), None)


@pytest.mark.parametrize("data", [b"a\0b", b"\xff\xfe\x00", b"x" * 1000, PNG + b"x" * 1000])
def test_bytes_and_what_is_large_go_to_dvc(cache, data):
    kept = keep(data, "a/b.bin", cache=cache, inline_below=1000)

    assert kept.store == "dvc"
    assert list(kept.branch_files) == ["a/b.bin.dvc"]
    assert (cache / "files/md5" / kept.md5[:2] / kept.md5[2:]).read_bytes() == data
    assert leftovers(cache) == []


def test_a_file_and_its_bytes_are_kept_alike(tmp_path, cache):
    for data in (b"text\n", b"\0" * 5000):
        (tmp_path / "it").write_bytes(data)
        assert keep(tmp_path / "it", "it", cache=cache) == keep(data, "it", cache=cache)


def test_without_a_cache_a_heavy_file_is_refused():
    with pytest.raises(ArtifactError, match="no DVC cache"):
        keep(b"\0", "x.bin", cache=None)


def test_a_small_folder_goes_to_git_file_by_file(tmp_path, cache):
    (tmp_path / "plots/a").mkdir(parents=True)
    (tmp_path / "plots/roc.png").write_bytes(PNG)
    (tmp_path / "plots/a/roc.csv").write_bytes(b"1,2\n")

    inline = keep(tmp_path / "plots", "figures", cache=cache)
    heavy = keep(tmp_path / "plots", "figures", cache=cache, inline_below=10)

    assert inline.branch_files == {"figures/roc.png": PNG, "figures/a/roc.csv": b"1,2\n"}
    assert (inline.store, heavy.store) == ("git", "dvc")
    assert inline.md5 == heavy.md5
    assert inline.md5.endswith(".dir")
    assert (inline.files, inline.size) == (heavy.files, heavy.size) == (2, len(PNG) + 4)


@pytest.mark.parametrize("name", ["dvc.yaml", ".gitignore", "x.dvc", "a:b", "con", "-x"])
def test_a_folder_with_a_name_that_git_or_dvc_obeys_goes_to_dvc(tmp_path, cache, name):
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / name).write_text("small\n")

    kept = keep(tmp_path / "snapshot", "snapshot", cache=cache)

    assert list(kept.branch_files) == ["snapshot.dvc"]


def test_many_files_or_none_go_to_dvc(tmp_path, cache):
    (tmp_path / "many").mkdir()
    for number in range(21):
        (tmp_path / f"many/{number}").write_text("x")
    (tmp_path / "empty").mkdir()

    assert keep(tmp_path / "many", "many", cache=cache).files == 21
    empty = keep(tmp_path / "empty", "empty", cache=cache)
    assert (empty.files, empty.md5) == (0, "d751713988987e9331980363e24189ce.dir")


@pytest.mark.parametrize(
    "name",
    [
        "../up",
        "/etc/passwd",
        "a/../../b",
        "",
        "a//b",
        "a\nb",
        "x.dvc",
        "x.DVC",
        "sub.dvc/y",
        "DVC.yaml",
        "a/dvc.lock",
        ".git/config",
        ".gitattributes",
        "nul.txt",
        "a\\b",
        "x" * 300,
        "\u202egnp.exe",
        "\udc80",
        None,
    ],
)
def test_hostile_names_are_refused_with_the_mend(name, cache):
    with pytest.raises(InvalidName) as caught:
        keep(b"x", name, cache=cache)
    assert caught.value.hint


def test_the_users_file_stays_his_own(tmp_path, cache):
    source = tmp_path / "model.bin"
    source.write_bytes(b"\0" * 5000)
    source.chmod(0o640)
    before = source.stat()

    kept = keep(source, "model.bin", cache=cache)
    after = source.stat()
    with source.open("r+b") as file:  # training goes on and writes in place
        file.write(b"changed")

    assert (after.st_mode, after.st_nlink, after.st_ino) == (before.st_mode, 1, before.st_ino)
    stored = cache / "files/md5" / kept.md5[:2] / kept.md5[2:]
    assert stored.read_bytes() == b"\0" * 5000
    assert stat.S_IMODE(stored.stat().st_mode) == 0o444


@pytest.mark.parametrize("size", [5_000, 2_000_000])
def test_our_own_temporary_is_linked_not_copied(tmp_path, cache, size):
    source = tmp_path / "aside.bin"
    source.write_bytes(bytes(size))

    kept = keep(source, "model.bin", cache=cache, ours=True)

    assert (cache / "files/md5" / kept.md5[:2] / kept.md5[2:]).samefile(source)


def test_a_users_file_is_cloned_where_the_disk_can(tmp_path, cache, monkeypatch):
    """No test can count on such a disk; what DVC asks of one is played here."""
    source = tmp_path / "large.bin"
    source.write_bytes(bytes(2_000_000))
    cloned = []

    def clone(one: str, other: str) -> None:
        cloned.append(one)
        Path(other).write_bytes(Path(one).read_bytes())

    monkeypatch.setattr("dvc_objects.fs.system.reflink", clone)
    monkeypatch.setattr(copying, "_no_clones", set())
    kept = keep(source, "large.bin", cache=cache)

    assert cloned == [str(source)]
    assert kept.md5 == hashlib.md5(bytes(2_000_000)).hexdigest()
    assert (cache / "files/md5" / kept.md5[:2] / kept.md5[2:]).stat().st_size == 2_000_000


def test_a_torn_or_altered_object_is_replaced(tmp_path, cache):
    kept = keep(b"\0" * 5000, "x.bin", cache=cache)
    stored = cache / "files/md5" / kept.md5[:2] / kept.md5[2:]
    for damage in (b"\0" * 100, b"\1" * 5000):
        stored.chmod(0o644)
        stored.write_bytes(damage)
        keep(b"\0" * 5000, "x.bin", cache=cache)
        assert stored.read_bytes() == b"\0" * 5000


def test_a_file_that_changes_meanwhile_is_refused(tmp_path, cache, monkeypatch):
    source = tmp_path / "checkpoint.pt"
    source.write_bytes(b"\0" * 5_000_000)
    copy = copying._copy_hashing

    def grow_while_copying(file, path, target):
        md5 = copy(file, path, target)
        with source.open("ab") as more:
            more.write(b"more")
        return md5

    monkeypatch.setattr(copying, "_clone", lambda source, target: False)
    monkeypatch.setattr(copying, "_copy_hashing", grow_while_copying)
    with pytest.raises(ArtifactError, match=r"checkpoint\.pt changed while"):
        keep(source, "checkpoint.pt", cache=cache)
    assert [path for path in cache.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_leaves_nothing_half(tmp_path, cache, monkeypatch, code):
    def fail(file, source, target):
        target.write_bytes(b"half")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(copying, "_clone", lambda source, target: False)
    monkeypatch.setattr(copying, "_copy_hashing", fail)
    (tmp_path / "x").write_bytes(b"\0" * 5_000_000)
    with pytest.raises(ArtifactError, match="heavy files"):
        keep(tmp_path / "x", "x", cache=cache)
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_what_is_no_regular_file_is_refused_at_once(tmp_path, cache):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder/pipe")
    for source in ("pipe", "folder"):
        with pytest.raises(ArtifactError, match="is a pipe"):
            keep(tmp_path / source, "x", cache=cache)
    with pytest.raises(ArtifactError, match="is a device"):
        keep(Path("/dev/zero"), "x", cache=cache)
    with pytest.raises(ArtifactError, match="does not exist"):
        keep(tmp_path / "nowhere", "x", cache=cache)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tmp_path, cache):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0)
    with pytest.raises(ArtifactError, match="may not be read"):
        keep(tmp_path / "secret", "x", cache=cache)


def test_links_inside_a_folder_count_as_what_they_point_at(tmp_path, cache):
    top = tmp_path / "run"
    (top / "step-100").mkdir(parents=True)
    (top / "step-100/w.bin").write_bytes(b"\0")
    (top / "latest").symlink_to("step-100")
    (top / "best.bin").symlink_to("step-100/w.bin")

    assert keep(top, "run", cache=cache).files == 3


@pytest.mark.parametrize("target", ["../outside", "/etc/hostname", "missing", "."])
def test_links_that_leave_a_folder_or_loop_are_refused(tmp_path, cache, target):
    (tmp_path / "outside").write_text("secret\n")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/link").symlink_to(target)

    with pytest.raises(ArtifactError, match="is a link"):
        keep(tmp_path / "run", "run", cache=cache)


def test_a_name_that_is_not_utf8_is_refused(tmp_path, cache):
    (tmp_path / "run").mkdir()
    (tmp_path / os.fsdecode(b"run/\xff")).write_text("x")
    with pytest.raises(ArtifactError, match="not UTF-8"):
        keep(tmp_path / "run", "run", cache=cache)


def test_threads_that_keep_the_same_bytes_agree(tmp_path, cache):
    (tmp_path / "x").write_bytes(b"\0" * 500_000)
    kept = []
    threads = [
        threading.Thread(target=lambda: kept.append(keep(tmp_path / "x", "x", cache=cache)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 8
    assert all(each == kept[0] for each in kept)
    assert leftovers(cache) == []
