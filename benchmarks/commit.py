"""One finished run onto the tracking branch: what it costs, and how the branch grows."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.sample import make_repository, new_run
from benchmarks.table import cpu_milliseconds, milliseconds, print_table, summary
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository

_SIZES = (100, 1_000, 10_000)
_COMMITS = 300
_FRESH = (
    "import sys; from gitrack.store.git.branch import GitBranch; "
    "from gitrack.store.git.repository import Repository; "
    "GitBranch(Repository.discover(sys.argv[1])).commit({sys.argv[2]: b'x'}, 'run')"
)


def by_gitrack(folder: Path, total: int) -> Callable[[int], object]:
    """Our commit, in a process that has made one before."""
    branch = GitBranch(Repository.discover(folder))
    branch.commit(new_run(99_999, total=total), "warm")
    runs = [new_run(number, total=total) for number in range(_COMMITS)]
    return lambda number: branch.commit(runs[number], f"run {number}: finished")


def by_plumbing(folder: Path, total: int) -> Callable[[int], object]:
    """The same by git's own commands, with an index of their own."""
    environment = {**os.environ, "GIT_INDEX_FILE": str(folder / ".git/benchmark-index")}

    def git(*arguments: str, data: bytes = b"") -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            input=data,
            capture_output=True,
            env=environment,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(number: int) -> None:
        tip = git("rev-parse", "refs/heads/gitrack")
        git("read-tree", tip)
        for path, data in new_run(50_000 + number, total=total).items():
            blob = git("hash-object", "-w", "--stdin", data=data)
            git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
        new = git("commit-tree", git("write-tree"), "-p", tip, "-m", "run")
        git("update-ref", "refs/heads/gitrack", new, tip)

    return commit


def by_files(folder: Path, total: int) -> Callable[[int], object]:
    """No git at all: the run's files, written and brought to the disk."""

    runs = [new_run(number, total=total) for number in range(_COMMITS)]

    def write(number: int) -> None:
        for path, data in runs[number].items():
            place = folder / "bare" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with open(place, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())

    return write


def by_fresh_process(folder: Path) -> Callable[[int], object]:
    """Python's start, our import, discovery and one commit."""
    return lambda number: subprocess.run(
        [sys.executable, "-c", _FRESH, str(folder), f"fresh/{number}"], check=True
    )


def growth(folder: Path, total: int, *, steps: int, runs: int = 500) -> float:
    """Bytes that a run adds to the repository, after gc."""
    branch = GitBranch(Repository.discover(folder))
    before = _packed_bytes(folder)
    for number in range(runs):
        files = new_run(200_000 + steps * 1000 + number, steps=steps, total=total)
        branch.commit(files, f"run {number}: finished")
    return (_packed_bytes(folder) - before) / runs


def _packed_bytes(folder: Path) -> int:
    subprocess.run(["git", "-C", str(folder), "gc", "--quiet", "--prune=now"], check=True)
    return sum(path.stat().st_size for path in (folder / ".git/objects/pack").iterdir())


def main() -> None:
    """Print the tables."""
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as place:
        for total in _SIZES:
            folder = make_repository(Path(place) / str(total), total)
            methods = {
                "gitrack": (by_gitrack(folder, total), _COMMITS),
                "git's own commands": (by_plumbing(folder, total), 15),
                "the files alone, synced": (by_files(folder, total), _COMMITS),
            }
            if total == _SIZES[-1]:
                methods["gitrack, a whole fresh process"] = (by_fresh_process(folder), 20)
            base = 0.0
            for name, (work, times) in methods.items():
                used = cpu_milliseconds()
                median, low, high = summary(milliseconds(work, times))
                used = (cpu_milliseconds() - used) / times
                base = base or median
                figures = [f"{figure:.2f}" for figure in (median, low, high, used)]
                rows.append([f"{name}, on {total:,} runs", *figures, f"{median / base:.1f} x"])
        heads = ["one run (record and 2 x 500 steps)", "median ms", "p10", "p99", "cpu ms", "ratio"]
        print_table("Committing a finished run", heads, rows)
        grown = [
            [f"{what}, on {_SIZES[-1]:,} runs", f"{growth(folder, total, steps=steps) / 1000:.2f}"]
            for what, steps in (("record alone", 0), ("record and 2 x 500 steps", 500))
        ]
        print_table("Growth of the repository after gc", ["a run", "kB"], grown)


if __name__ == "__main__":
    main()
