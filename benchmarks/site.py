"""How long the website of 10,000 runs takes: all of it, after one more run, with nothing to do.

    python -m benchmarks site      or      python benchmarks/site.py [--runs 10000] [--keep DIR]

Three experiments of runs with two curves each, a sweep in every experiment, and 20 registered
models with their promotions; all builds are whole processes. `--profile` prints where the build
after one more run spends its time.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks.read import make_run
from benchmarks.table import print_table
from gitrack.model.moments import written
from gitrack.model.registered import ModelVersion, RegisteredModel
from gitrack.model.run import Artifact, Run, Status
from gitrack.model.sweep import Parameter, Sweep, SweepMetric
from gitrack.registry.opened import open_registry
from gitrack.registry.promotion.plan import plan
from gitrack.store.codec.records import dump_record, dump_run
from gitrack.store.layout import first_files, run_folder
from gitrack.store.registry.paths import model_path, version_path
from gitrack.store.sweeps import dump_sweep, path_of

RUNS, STEPS, MODELS, VERSIONS = 10_000, 100, 20, 3
EXPERIMENTS = ("baseline-20250101", "depth-20250301", "augment-20250601")
METRICS = ("val_loss", "val_auc", "val_f1", "test_loss", "test_auc", "test_f1", "ece", "p99_ms")
TRIALS = 200
WHO = "Ada <ada@example.com>"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AGAIN = 5

_STAGES = """\
  model-{number:02}:
    primary_metric: {{name: test_auc, goal: maximize}}
    stages:
      staging: {{direct: true, gates: [{{metric: test_auc, at_least: 0.1}}]}}
      production: {{direct: true, from: [staging], gates: [{{metric: test_f1, at_least: 0.1}}]}}
"""


def run_of(number: int, total: int) -> Run:
    """A run of one of the experiments; some of each belong to a sweep."""
    chance = random.Random(-number - 1)
    family = number % len(EXPERIMENTS)
    run = make_run(number, total)
    params = dict(list(run.params.items())[:12])
    tags = dict(list(run.tags.items())[:4])
    if number // len(EXPERIMENTS) < TRIALS:
        tags["sweep"] = _sweep(family)
    return replace(
        run,
        id=f"{run.id[:15]}-{number:06d}",  # the same one every time
        author=WHO,
        experiment=EXPERIMENTS[family],
        status=Status.FINISHED if number % 20 else Status.FAILED,
        error=None if number % 20 else "ValueError: Input contains NaN",
        params=params,
        metrics={name: round(chance.uniform(0.5, 1), 5) for name in METRICS},
        curves={"train_loss": 0.1, "val_loss": 0.2},
        tags=tags,
        # people try many things with the same code and data
        code=run.code and replace(run.code, commit=f"{number % 50:040x}", dirty=False),
        data=[replace(one, dvc=f"md5:{number % 20:032x}") for one in run.data],
        environment=None,
        artifacts=[Artifact(path="model", kind="model", store="dvc", md5=f"{number:032x}.dir")],
    )


def files_of(run: Run, number: int) -> dict[str, bytes]:
    """Its record, and two curves."""
    chance = random.Random(number)
    train = valid = 2.3
    lines = ["step\ttime\ttrain_loss\tval_loss\n"]
    for step in range(STEPS):
        train = train * 0.97 + chance.gauss(0, 0.02)
        valid = valid * 0.98 + chance.gauss(0, 0.02)
        lines.append(f"{step}\t{step * 1.5}\t{train:.7g}\t{valid:.7g}\n")
    folder = run_folder(run.experiment, run.id)
    return {f"{folder}/run.yaml": dump_run(run), f"{folder}/history.tsv": "".join(lines).encode()}


def _sweep(family: int) -> str:
    return f"2025010{family + 1}-120000-swp00{family + 1}"


def _sweeps() -> Iterator[tuple[str, bytes]]:
    for family in range(len(EXPERIMENTS)):
        made = Sweep(
            id=_sweep(family),
            name=f"search-{family}",
            method="random",
            metric=SweepMetric(name="val_auc"),
            parameters={
                "optimizer.lr": Parameter(distribution="log_uniform_values", min=0.0001, max=0.1),
                "optimizer.name": Parameter(values=["adam", "adamw", "sgd"]),
            },
        )
        yield path_of(made.id), dump_sweep(made)


def _stream(total: int) -> Iterator[bytes]:
    """All runs as one commit, for `git fast-import`."""
    yield b"commit refs/heads/gitrack\ncommitter %b 1767225600 +0000\ndata 4\nruns\n" % WHO.encode()
    files = [*first_files("benchmark").items(), *_sweeps()]
    for path, data in files:
        yield _file(path, data)
    for number in range(total):
        for path, data in files_of(run_of(number, total), number).items():
            yield _file(path, data)


def _file(path: str, data: bytes) -> bytes:
    return b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data)


def make_repository(folder: Path, total: int) -> Path:
    """The world, made or as it was made before."""
    repository = folder / f"site-{total}"
    if not (repository / ".git/made").exists():
        print(f"making {total:,} runs and {MODELS} models …", file=sys.stderr)
        shutil.rmtree(repository, ignore_errors=True)
        (repository / ".tracking").mkdir(parents=True)
        _git(repository, "init", "-q", "--initial-branch=main")
        _git(repository, "config", "user.name", "Ada")
        _git(repository, "config", "user.email", "ada@example.com")
        _git(repository, "config", "gc.auto", "0")
        policy = "models:\n" + "".join(_STAGES.format(number=n) for n in range(MODELS))
        (repository / ".tracking/policy.yaml").write_text(policy)
        _git(repository, "add", ".")
        _git(repository, "commit", "-q", "-m", "policy")
        with subprocess.Popen(
            ["git", "-C", repository, "fast-import", "--quiet"], stdin=subprocess.PIPE
        ) as importer:
            assert importer.stdin is not None
            importer.stdin.writelines(_stream(total))
        _register(repository, total)
        _git(repository, "gc", "-q")
        _git(repository, "update-ref", "refs/gitrack/start", "gitrack")
        (repository / ".git/made").touch()
    _git(repository, "update-ref", "refs/heads/gitrack", "refs/gitrack/start")
    shutil.rmtree(repository / ".git/gitrack/cache", ignore_errors=True)
    shutil.rmtree(repository / ".tracking/site", ignore_errors=True)
    return repository


def _register(repository: Path, total: int) -> None:
    """Versions of every model, and two promotions of all but the last one."""
    opened = open_registry(repository)
    now = BEGIN
    for model in range(MODELS):
        name = f"model-{model:02}"
        about = RegisteredModel(name=name, created=written(now), by=WHO)
        changes = {model_path(name): dump_record(about)}
        for number in range(1, VERSIONS + 1):
            run = run_of((model * VERSIONS + number) * 20 % total + 1, total)
            made = ModelVersion(version=number, run=run.id, created=written(now), by=WHO)
            changes[version_path(name, number)] = dump_record(made)
        opened.branch.commit(changes, f"model {name}: registered\n\nModel: {name}\n")
        for number in range(1, VERSIONS):
            for stage in ("staging", "production"):
                now += timedelta(minutes=7)
                why = "it is better"
                planned = plan(
                    opened, name, number, stage, why, kind="promotion", when=now, at=None
                )
                assert not planned.failed, planned.failed
                opened.branch.commit(planned.changes, planned.message)


def _git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", repository, *arguments], check=True)


class Cost(NamedTuple):
    """Seconds by the clock and of the processor; MB at most held in memory."""

    wall: float
    cpu: float
    peak: float


def build(repository: Path) -> Cost:
    """One `gitrack site build`, as people type it."""
    gitrack = str(Path(sys.executable).with_name("gitrack"))
    began = time.perf_counter()
    with subprocess.Popen(
        [gitrack, "site", "build"], cwd=repository, stdout=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the build failed"
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


def one_more(repository: Path, number: int, total: int) -> None:
    """A run that is younger than all others."""
    run = run_of(total - 1, total)
    begun = BEGIN + timedelta(minutes=number)
    run = replace(
        run,
        id=f"{begun:%Y%m%d-%H%M%S}-{number:06d}",
        name=f"fresh-{number}",
        started=written(begun),
        ended=written(begun + timedelta(minutes=4)),
    )
    open_registry(repository).branch.commit(files_of(run, number), f"run {run.name}\n")


def measure(repository: Path, total: int, *, profile: bool) -> Iterator[list[str]]:
    """(what, clock, processor, memory, what is promised)"""
    yield _row("all of it", [build(repository)], "60 s, 1.5 GB")
    after = []
    for number in range(AGAIN):
        one_more(repository, number, total)
        after.append(build(repository))
    yield _row("after one more run", after, "1.5 s")
    yield _row("with nothing changed", [build(repository) for _ in range(AGAIN)])
    site = repository / ".tracking/site"
    files = [path for path in site.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    yield [f"the site, {len(files):,} files", f"{size / 1e6:.0f} MB", "", "", "300 MB"]
    pages = sorted((site / "runs").glob("*.html"))[:: max(total // 50, 1)]
    packed = statistics.median(len(gzip.compress(page.read_bytes())) for page in pages)
    yield ["a run's page, gzip", f"{packed / 1000:.1f} kB", "", "", "15 kB"]
    scripts = sum(path.stat().st_size for path in (site / "assets").rglob("*.js"))
    yield ["scripts that pages share", f"{scripts / 1e6:.2f} MB", "", "", "2 MB"]
    if profile:
        one_more(repository, AGAIN, total)
        gitrack = str(Path(sys.executable).with_name("gitrack"))
        printed = [sys.executable, "-m", "cProfile", "-s", "cumulative", gitrack, "site", "build"]
        subprocess.run(printed, cwd=repository, check=True)


def _row(what: str, costs: Sequence[Cost], promised: str = "") -> list[str]:
    wall, cpu = (statistics.median(cost[at] for cost in costs) for at in (0, 1))
    peak = max(cost.peak for cost in costs)
    return [what, f"{wall:.2f} s", f"{cpu:.2f} s", f"{peak:.0f} MB", promised]


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a folder for the repository")
    parser.add_argument("--profile", action="store_true", help="also of one more build")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or Path(scratch)).absolute()
        repository = make_repository(folder, options.runs)
        rows = list(measure(repository, options.runs, profile=options.profile))
    heads = ["", "wall", "processor", "memory", "promised"]
    print_table(f"gitrack site build, {options.runs:,} runs", heads, rows)


if __name__ == "__main__":
    main(sys.argv[1:])
