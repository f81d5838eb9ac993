"""How fast runs are read: cold, warm, into a DataFrame, after one more run.

    python benchmarks/read.py [--runs 10000] [--large]

Makes a repository of runs in a temporary folder (kept for the next time with --keep DIR), each
with a record of about 1.9 kB in one of several shapes and a short history, and prints medians
beside what they should be. `--large` adds 100,000 runs, cold.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from gitrack.model.ids import new_run_id
from gitrack.model.run import Artifact, Code, Dataset, Environment, Run, RunBundle, Status
from gitrack.store import open_store
from gitrack.store.codec.records import dump_run, load_run, load_value
from gitrack.store.layout import first_files, run_folder

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
EXPERIMENTS = 5


def make_run(number: int, total: int) -> Run:
    """A run with 25 params, 15 metrics and 10 tags; its experiment decides which ones."""
    rng = random.Random(number)
    family = number % EXPERIMENTS
    when = BEGIN + timedelta(seconds=number * 365 * 86400 // total)
    params: dict[str, str | int | float | bool | None] = {
        "model.name": rng.choice(["resnet50", "vit_b16", "mlp"]),
        "optimizer.name": rng.choice(["adam", "adamw", "sgd"]),
        "optimizer.lr": float(f"{10 ** rng.uniform(-4, -1):.3g}"),
        "precision": rng.choice(["fp32", "bf16"]),
        "compile": rng.choice([True, False]),
        "ema": rng.choice([None, 0.999]),
    }
    params |= {f"family{family}.p{k:02}": rng.randint(0, 999) for k in range(19)}
    metrics = {
        f"{split}_{name}": float(f"{rng.random():.7g}")
        for split in ("train", "val", "test")
        for name in ("loss", "accuracy", "f1", "precision", "recall")
    }
    tags: dict[str, str | int | float | bool | None] = {
        f"t{k}": rng.choice(["vision", "nlp", "speech", f"ablation: seed {rng.randint(0, 99)}"])
        for k in range(10)
    }
    failed = rng.random() < 0.05
    return Run(
        id=new_run_id(when),
        name=f"calm-otter-{number}",
        experiment=f"family-{family}-20250101",
        status=Status.FAILED if failed else Status.FINISHED,
        error="ValueError: Input contains NaN" if failed else None,
        started=f"{when:%Y-%m-%dT%H:%M:%S}.120Z",
        ended=f"{when + timedelta(minutes=4):%Y-%m-%dT%H:%M:%S}.870Z",
        author="Jane Smith <jane.smith@example.com>",
        command="python train.py --lr 0.05",
        params=params,
        metrics=metrics,
        tags=tags,
        code=Code(
            commit=f"{rng.getrandbits(160):040x}", branch="main", dirty=rng.choice([True, False])
        ),
        data=[
            Dataset(
                name="flights",
                role="train",
                path="data/flights.parquet",
                dvc=f"md5:{rng.getrandbits(128):032x}",
                rows=3619113,
            )
        ],
        environment=Environment(
            python="3.11.7", packages=f"sha256:{rng.getrandbits(256):064x}", cores=8
        ),
        seeds={"numpy": 42},
        artifacts=[
            Artifact(
                path="model", kind="model", store="dvc", md5=f"{rng.getrandbits(128):032x}.dir"
            )
        ],
    )


def stream(total: int) -> Iterator[bytes]:
    """All runs as one commit, for `git fast-import`."""

    def file(path: str, data: bytes) -> bytes:
        return b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data)

    yield b"commit refs/heads/gitrack\ncommitter A <a@example.com> 1735689600 +0000\ndata 4\nruns\n"
    for path, data in first_files("benchmark").items():
        yield file(path, data)
    history = "step\ttime\tval_loss\n" + "".join(
        f"{n}\t{n}\t{1 / (n + 1):.7g}\n" for n in range(20)
    )
    for number in range(total):
        run = make_run(number, total)
        folder = run_folder(run.experiment, run.id)
        yield file(f"{folder}/run.yaml", dump_run(run))
        yield file(f"{folder}/history.tsv", f"{history}20\t20\t{number}\n".encode())


def make_repository(folder: Path, total: int) -> Path:
    repository = folder / f"runs-{total}"
    if repository.exists():  # without the runs that the last benchmark added
        start = ["git", "-C", repository, "update-ref", "refs/heads/gitrack", "refs/tags/start"]
        subprocess.run(start, check=True)
        return repository
    print(f"making {total:,} runs …", file=sys.stderr)
    subprocess.run(["git", "init", "-q", repository], check=True)
    with subprocess.Popen(
        ["git", "-C", repository, "fast-import", "--quiet"], stdin=subprocess.PIPE
    ) as importer:
        assert importer.stdin is not None
        importer.stdin.writelines(stream(total))
    subprocess.run(["git", "-C", repository, "tag", "start", "gitrack"], check=True)
    subprocess.run(["git", "-C", repository, "gc", "-q"], check=True)
    return repository


class Cost(NamedTuple):
    """Seconds by the clock, and of the processor (children included)."""

    wall: float
    cpu: float


Row = tuple[str, Cost, float | None]


def timed(action: Callable[[], object], *, before: Callable[[], object] = lambda: None) -> Cost:
    """What one call costs."""
    before()
    began, used = time.perf_counter(), sum(os.times()[:4])
    action()
    return Cost(time.perf_counter() - began, sum(os.times()[:4]) - used)


def median(action: Callable[[], object], times: int, **options: Callable[[], object]) -> Cost:
    costs = [timed(action, **options) for _ in range(times)]
    return Cost(
        statistics.median(cost.wall for cost in costs), sum(c.cpu for c in costs) / len(costs)
    )


def forget(repository: Path) -> None:
    shutil.rmtree(repository / ".git/gitrack/cache", ignore_errors=True)


def measure(repository: Path, total: int) -> Iterator[Row]:
    """(what, its cost, seconds that it should take)"""
    import pandas  # imports are not what is measured here

    yield (
        f"{total:,} runs, cold",
        median(lambda: open_store(repository).table(), 3, before=lambda: forget(repository)),
        1.5 * total / 10_000,
    )

    def listing() -> object:
        table = open_store(repository).table()
        columns = [table.column(name) for name in ("id", "name", "started", "metrics.test_f1")]
        return sorted(zip(columns[3], columns[0], strict=True))[-20:]

    yield "warm, top 20 of four columns", median(listing, 11), None

    def frame() -> object:
        table = open_store(repository).table()
        columns = {name: table.frame_column(name) for name in table.names()}
        return pandas.DataFrame(columns, copy=False)

    frame()
    yield "warm, DataFrame of all columns", median(frame, 11), 0.030
    script = (
        "from gitrack.store import open_store; t=open_store().table(); t.column('metrics.test_f1')"
    )
    process = [sys.executable, "-c", script]
    yield (
        "warm, whole process",
        median(lambda: subprocess.run(process, cwd=repository, check=True), 7),
        0.120,
    )
    store = open_store(repository)
    store.table()
    number = iter(range(total, 2 * total))

    def one_more() -> None:
        run = make_run(next(number), total)
        store.commit_runs([RunBundle(run=run)])

    yield "commit of one more run", median(one_more, 15), 0.005
    yield (
        "table after one more run, same process",
        median(lambda: store.table().column("name"), 25, before=one_more),
        0.015,
    )
    yield (
        "table after one more run, opened anew",
        median(lambda: open_store(repository).table().column("name"), 15, before=one_more),
        0.015,
    )


def measure_codec() -> Iterator[Row]:
    runs = [make_run(number, 2000) for number in range(2000)]
    texts = [(f"{run_folder(run.experiment, run.id)}/run.yaml", dump_run(run)) for run in runs]

    def each(action: Callable[[], object]) -> Cost:
        cost = timed(action)
        return Cost(cost.wall / len(runs), cost.cpu / len(runs))

    yield "write one record", each(lambda: [dump_run(run) for run in runs]), None
    yield "parse one record", each(lambda: [load_value(*text) for text in texts]), 40e-6
    yield "read one record as a Run", each(lambda: [load_run(*text) for text in texts]), 60e-6


def show(rows: Iterator[Row]) -> None:
    for what, cost, wanted in rows:
        wall = cost.wall
        unit, factor = ("µs", 1e6) if wall < 1e-3 else ("ms", 1e3) if wall < 1 else ("s ", 1)
        target = "" if wanted is None else f"{wanted * factor:8.1f} {unit}"
        ratio = "" if wanted is None else f"{wall / wanted:5.2f} x"
        times = f"{wall * factor:8.1f} {unit} {cost.cpu * factor:8.1f} {unit}"
        print(f"{what:42} {times} {target:>12} {ratio:>8}", flush=True)


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--large", action="store_true", help="also 100,000 runs, cold")
    parser.add_argument("--keep", type=Path, help="a folder for the repositories")
    options = parser.parse_args(arguments)
    os.environ.setdefault("GITRACK_AUTHOR", "Benchmark <benchmark@example.com>")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{'':42} {'wall':>11} {'cpu':>11} {'wanted':>12} {'ratio':>8}")
        show(measure_codec())
        show(measure(make_repository(folder, options.runs), options.runs))
        if options.large:
            large = make_repository(folder, 100_000)
            forget(large)
            cold = timed(lambda: open_store(large).table())
            show(iter([("100,000 runs, cold", cold, 10.0)]))


if __name__ == "__main__":
    main(sys.argv[1:])
