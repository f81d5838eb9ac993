"""Heavy files: one of 200 MB, a folder of 100,000, one among those of 10,000 runs by DVC."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.table import print_table
from gitrack.artifacts import (
    Cache,
    Pointer,
    branch_files_for_new_branch,
    day_files,
    dump_pointer,
    keep,
)
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.transfer import upload
from gitrack.store import layout

_LARGE = 200_000_000
_FILES = 100_000
_RUNS = 10_000
_TIMES = 5
_DVC = (sys.executable, "-m", "dvc")

#: One run with a large file, in a process of its own: seconds, and the megabytes it grew by.
_ONE_RUN = """
import resource, sys, time
import gitrack
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with gitrack.start_run("heavy-20241022") as run: run.log_metric("x", 1)
with gitrack.start_run("heavy-20241022") as run: run.log_bytes(bytes(300_000), "small.bin")
before, start = peak(), time.perf_counter()
run = gitrack.start_run("heavy-20241022")
started = time.perf_counter()
run.log_artifact(sys.argv[1])
run.end()
print(time.perf_counter() - started, peak() - before)
"""


def main() -> None:
    """Print the tables."""
    with _isolated() as place:
        print_table("One file of 200 MB", ["what", "seconds", "of the bound"], _large(place))
        print_table("A run with it", ["what", ""], _runs(place))
        print_table("A folder of 100,000 small files", ["what", "seconds"], _many(place))
        print_table(
            "dvc get of one file from 10,000 runs, 2 pointers each",
            ["what", "seconds"],
            [_get(place, days) for days in (3, 12, 60)],
        )


@contextmanager
def _isolated() -> Iterator[Path]:
    """A folder for it all, on the disk of the system's temporaries, with nobody's settings."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["DVC_SITE_CACHE_DIR"] = f"{place}/site"
        os.environ["DVC_NO_ANALYTICS"] = "1"
        for name, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com")):
            os.environ[f"GIT_AUTHOR_{name}"] = os.environ[f"GIT_COMMITTER_{name}"] = value
        yield Path(place)


def _best(work: Callable[[], object], clean: Callable[[], object]) -> float:
    """The disk of a shared machine has moods: the best of some."""
    taken = []
    for _ in range(_TIMES):
        clean()
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _large(place: Path) -> list[list[str]]:
    source, cache, copy = place / "large.bin", place / "cache", place / "copy.bin"
    source.write_bytes(random.Random(1).randbytes(_LARGE))
    keep(b"\0", "warm", cache=place / "warm")  # DVC is imported

    def clean() -> None:
        shutil.rmtree(cache, ignore_errors=True)
        copy.unlink(missing_ok=True)

    def hash_it() -> None:
        with source.open("rb") as file:
            hashlib.file_digest(file, "md5")

    hashed = _best(hash_it, clean)
    copied = _best(lambda: shutil.copyfile(source, copy), clean)
    kept = _best(lambda: keep(source, "large", cache=cache), clean)
    linked = _best(lambda: keep(source, "large", cache=cache, ours=True), clean)
    again = _best(lambda: keep(source, "large", cache=cache), lambda: None)
    bound = hashed + copied
    rows = [
        ("one md5 pass", hashed),
        ("one copy", copied),
        ("keep, a user's file", kept),
        ("keep, one of ours (linked)", linked),
        ("keep, again", again),
    ]
    clean()
    return [[what, f"{took:.3f}", f"{took / bound:.2f} x"] for what, took in rows]


def _runs(place: Path) -> list[list[str]]:
    """A whole run with a large file, twice; what it costs in time, memory and bytes."""
    repo = place / "repo"
    _git(place, "init", "-q", str(repo))
    (repo / "a.txt").write_text("a\n")
    gitrack = str(Path(sys.executable).with_name("gitrack"))
    subprocess.run([gitrack, "init"], cwd=repo, check=True, capture_output=True)
    _git(repo, "add", ".")
    _git(repo, "commit", "-qm", "start")
    rows = []
    command = [sys.executable, "-c", _ONE_RUN, str(place / "large.bin")]
    for what, times in (("the first time", 1), ("the same file again", _TIMES)):
        # the first time is there only once: the disk's mood is in it
        told = [
            subprocess.run(command, cwd=repo, check=True, capture_output=True, text=True).stdout
            for _ in range(times)
        ]
        took, grown = min(tuple(map(float, line.split())) for line in told)
        rows.append([f"log_artifact and end, {what}", f"{took:.3f} s, {grown:.0f} MB of memory"])
    stored = sum(path.stat().st_size for path in (repo / ".dvc/cache").rglob("*") if path.is_file())
    waiting = sum(p.stat().st_size for p in (repo / ".tracking/outbox").rglob("*") if p.is_file())
    rows.append(["in the DVC cache afterwards", f"{stored / 1e6:.1f} MB"])
    rows.append(["in the outbox afterwards", f"{waiting / 1e6:.1f} MB"])
    return rows


def _many(place: Path) -> list[list[str]]:
    project = place / "many"
    _git(place, "init", "-q", str(project))
    for number in range(_FILES):
        folder = project / f"data/{number % 100:02}"
        if number < 100:
            folder.mkdir(parents=True)
        (folder / f"{number}.txt").write_bytes(b"sample %d\n" % number * 20)
    rows = []

    def timed(what: str, work: Callable[[], object]) -> None:
        start = time.perf_counter()
        work()
        rows.append([what, f"{time.perf_counter() - start:.1f}"])

    cache = Cache(place / "many-cache")
    timed("keep", lambda: keep(project / "data", "data", cache=cache))
    timed("keep, again", lambda: keep(project / "data", "data", cache=cache))
    shutil.copytree(project / "data", place / "ours")
    ours = Cache(place / "ours-cache")
    timed("keep, of ours (linked)", lambda: keep(place / "ours", "data", cache=ours, ours=True))
    subprocess.run([*_DVC, "init", "-q"], cwd=project, check=True)
    timed("dvc add", lambda: subprocess.run([*_DVC, "add", "-q", "data"], cwd=project, check=True))
    for folder in (project, cache.folder, place / "ours", ours.folder):
        shutil.rmtree(folder)
    return rows


def _get(place: Path, days: int) -> list[str]:
    """A clone of a branch whose runs all have heavy files in a remote that is a folder."""
    top = place / f"get-{days}"
    repo, remote = top / "repo", str(top / "remote")
    _git(place, "init", "-q", str(repo))
    cache = Cache(top / "cache")
    kept = keep(bytes(200_000), "model.bin", cache=cache)
    upload([kept.md5], cache, RemoteObjects(remote))
    files = branch_files_for_new_branch(remote)
    wanted = ""
    for number, folder in enumerate(_folders(days)):
        for path, data in day_files(remote).items():
            files[f"{folder.rpartition('/')[0]}/{path}"] = data
        chosen = number == _RUNS // 2
        other = Pointer(path="model.bin", md5=f"{number:032x}", size=5)
        pointer = kept.branch_files["model.bin.dvc"] if chosen else dump_pointer(other)
        files[f"{folder}/artifacts/model.bin.dvc"] = pointer
        files[f"{folder}/artifacts/data.dvc"] = dump_pointer(
            Pointer(path="data", md5=f"{number:032x}.dir", size=5, nfiles=3)
        )
        if chosen:
            wanted = f"{folder}/artifacts/model.bin"
    _commit(repo, files)
    _git(top, "clone", "-q", "--branch", "gitrack", str(repo), str(top / "clone"))
    taken = []
    for number in range(3):
        out = top / f"out-{number}"
        command = [*_DVC, "get", "-q", ".", wanted, "--rev", "origin/gitrack", "-o", str(out)]
        start = time.perf_counter()
        subprocess.run(command, cwd=top / "clone", check=True)
        taken.append(time.perf_counter() - start)
        assert out.stat().st_size == 200_000
    most = min(-(-_RUNS // days), layout.DAY_FULL)
    shutil.rmtree(top)
    return [f"over {days} days, {most} runs in a folder", f"{min(taken):.2f}"]


def _folders(days: int) -> Iterator[str]:
    """Where the runs lie, as the store lays them out."""
    chance = random.Random(days)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    a_day = -(-_RUNS // days)
    for number in range(_RUNS):
        when = start + timedelta(days=number // a_day, seconds=number % a_day)
        run_id = f"{when:%Y%m%d-%H%M%S}-{chance.getrandbits(24):06x}"
        part = 1 + number % a_day // layout.DAY_FULL
        yield layout.run_folder("heavy-20240101", run_id, part=part)


def _commit(repo: Path, files: dict[str, bytes]) -> None:
    lines = [b"commit refs/heads/gitrack\ncommitter A <a@b.c> 0 +0000\ndata 1\nx\n"]
    for path, data in files.items():
        lines.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    command = ["git", "-C", str(repo), "fast-import", "--quiet"]
    subprocess.run(command, input=b"".join(lines), check=True)
    _git(repo, "gc", "--quiet")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)


if __name__ == "__main__":
    main()
