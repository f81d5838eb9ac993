"""Push and pull beside `dvc push` and `dvc pull`, and a push that has nothing to do."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import print_table

OBJECTS = 1_000
SIZE = 10_000
REPEATS = 3
RUNS = 10_000

_BIN = Path(sys.executable).parent
_TRAIN = """
import pathlib, gitrack
shape = {shape!r}
data = pathlib.Path({data!r})
if shape == "folder":
    with gitrack.start_run("transfer-20240101") as run:
        run.log_artifact(data)
else:
    files = sorted(data.iterdir())
    for number in range(100):
        with gitrack.start_run("transfer-20240101") as run:
            for path in files[number * 10 : number * 10 + 10]:
                run.log_artifact(path)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data"
        data.mkdir()
        chance = random.Random(1)
        for number in range(OBJECTS):
            (data / f"{number:04}.bin").write_bytes(chance.randbytes(SIZE))
        rows = []
        for shape in ("folder", "files"):
            place = folder / shape
            place.mkdir()
            rows += _beside_dvc(place, data, shape)
        heads = ("whole process", "gitrack", "dvc", "ratio")
        print_table(f"{OBJECTS:,} objects of {SIZE // 1000} kB, remote in a folder", heads, rows)
        print("\npromised: no slower than DVC")
        _nothing_to_do(folder / "many")


def _beside_dvc(place: Path, data: Path, shape: str) -> list[tuple[str, str, str, str]]:
    """Push and pull of the same by both, in turns; every time from nothing."""
    ours, theirs = place / "ours", place / "theirs"
    for project in (ours, theirs):
        _project(place, project)
    _type(ours, [sys.executable, "-c", _TRAIN.format(shape=shape, data=str(data))])
    (ours / ".tracking").mkdir(exist_ok=True)
    (ours / ".tracking/config.yaml").write_text(f"artifacts: {{remote: {place}/ours-remote}}\n")
    _type(theirs, ["dvc", "init", "--quiet"])
    _type(theirs, ["dvc", "remote", "add", "--quiet", "-d", "r", str(place / "theirs-remote")])
    shutil.copytree(data, theirs / "data")
    targets = ["data"]
    if shape == "files":
        targets = [f"data/{path.name}" for path in sorted(data.iterdir())]
    _type(theirs, ["dvc", "add", "--quiet", *targets])
    taken: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for project, tool in ((ours, "gitrack"), (theirs, "dvc")):
            shutil.rmtree(place / f"{project.name}-remote", ignore_errors=True)
            shutil.rmtree(project / ".git/gitrack/cache", ignore_errors=True)
            taken.setdefault(f"{tool} push", []).append(_timed(project, [tool, "push"]))
            cache = project / (".git/gitrack/dvc-cache" if tool == "gitrack" else ".dvc/cache")
            shutil.rmtree(cache)
            if tool == "dvc":
                shutil.rmtree(project / "data") if shape == "folder" else _empty(project / "data")
            taken.setdefault(f"{tool} pull", []).append(_timed(project, [tool, "pull"]))
    rows = []
    for what in ("push", "pull"):
        a, b = (statistics.median(taken[f"{tool} {what}"]) for tool in ("gitrack", "dvc"))
        shown = "one folder" if shape == "folder" else "a file each"
        rows.append((f"{what}, {shown}", f"{a:.0f} ms", f"{b:.0f} ms", f"{a / b:.2f}"))
    return rows


def _empty(folder: Path) -> None:
    for path in folder.glob("*.bin"):
        path.unlink()


def _project(place: Path, project: Path) -> None:
    hub = place / f"{project.name}.git"
    _type(place, ["git", "init", "--quiet", "--bare", str(hub)])
    _type(place, ["git", "clone", "--quiet", str(hub), str(project)])
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
        _type(project, ["git", "config", name, value])
    _type(project, ["git", "commit", "--quiet", "--allow-empty", "-m", "start"])


def _nothing_to_do(place: Path) -> None:
    """A clone of many runs, each with a heavy file of its own."""
    from gitrack.model.ids import day_of
    from gitrack.model.run import Artifact, Run, RunBundle, Status
    from gitrack.store import open_store

    place.mkdir()
    project = place / "project"
    _project(place, project)
    store = open_store(project)
    cache = project / ".git/gitrack/dvc-cache/files/md5"
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

    def bundle(number: int) -> RunBundle:
        data = b"object %d" % number
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        (cache / md5[:2]).mkdir(parents=True, exist_ok=True)
        (cache / md5[:2] / md5[2:]).write_bytes(data)
        (cache / md5[:2] / md5[2:]).chmod(0o444)
        tail = "".join(alphabet[(number >> shift) & 31] for shift in range(25, -1, -5))
        run_id = f"2024{1 + number % 10:02}{1 + number // 10 % 28:02}-120000-{tail}"
        when = f"{'-'.join(day_of(run_id))}T12:00:00.000Z"
        artifact = Artifact(path="model.bin", store="dvc", md5=md5, size=len(data))
        run = Run(
            id=run_id,
            name=f"xgb-{number}",
            experiment=f"change{number % 20}-20240101",
            status=Status.FINISHED,
            started=when,
            ended=when,
            params={f"param_{n}": number % (n + 2) for n in range(25)},
            metrics={f"metric_{n}": (number % 997) / (n + 997) for n in range(15)},
            artifacts=[artifact],
        )
        pointer = f"outs:\n- md5: {md5}\n  size: {len(data)}\n  hash: md5\n  path: model.bin\n"
        return RunBundle(run=run, files={"artifacts/model.bin.dvc": pointer.encode()})

    for start in range(0, RUNS, 1000):
        store.commit_runs([bundle(number) for number in range(start, start + 1000)])
    (project / ".tracking").mkdir()
    (project / ".tracking/config.yaml").write_text(f"artifacts: {{remote: {place}/remote}}\n")
    first = _timed(project, ["gitrack", "push"])
    again = [_timed(project, ["gitrack", "push"]) for _ in range(REPEATS)]
    more = []
    for number in range(REPEATS):
        store.commit_runs([bundle(RUNS + number)])
        more.append(_timed(project, ["gitrack", "push"]))
    pull = [_timed(project, ["gitrack", "pull"]) for _ in range(REPEATS)]
    rows = [
        ("the first push", f"{first:.0f} ms"),
        ("push with nothing to do", f"{statistics.median(again):.0f} ms"),
        ("push of one more run", f"{statistics.median(more):.0f} ms"),
        ("pull with nothing to do", f"{statistics.median(pull):.0f} ms"),
    ]
    print_table(f"{RUNS:,} runs, each with a heavy file of its own", ("whole process", "ms"), rows)
    print("\npromised: 500 ms for a push with nothing to do")


def _timed(folder: Path, line: list[str]) -> float:
    started = time.perf_counter()
    _type(folder, line)
    return (time.perf_counter() - started) * 1000


def _type(folder: Path, line: list[str]) -> None:
    environment = {name: os.environ[name] for name in os.environ if "BYTECODE" not in name}
    environment["PATH"] = f"{_BIN}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(line[:3])}: {done.stderr}")


if __name__ == "__main__":
    main()
