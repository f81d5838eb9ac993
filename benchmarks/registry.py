"""How long the registry takes on top of many runs, versions and promotions.

    python -m benchmarks registry      or      python benchmarks/registry.py [--keep DIR]

A branch of 10,000 runs, a commit each, with 500 versions of one model and 2,000 promotions, and
one with a tenth of the versions: what is asked every day should cost the same on both. Each
promotion is planned and judged as a real one, so that an audit finds nothing wrong. The
repositories are kept for the next time in the system's temporary folder, or in --keep DIR.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from msgspec.structs import replace

from benchmarks.read import make_run
from benchmarks.table import cpu_milliseconds, milliseconds, print_table, summary
from gitrack.model.moments import written
from gitrack.model.registered import ModelVersion, Proof, RegisteredModel
from gitrack.model.run import Artifact, Evidence, Run, Status
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.registry.promotion.plan import Kind, plan
from gitrack.store.codec.records import dump_record, dump_run
from gitrack.store.git.identity import Stamp
from gitrack.store.layout import first_files, run_folder
from gitrack.store.registry.paths import evidence_path, model_path, version_path

RUNS, VERSIONS = 10_000, 500
NAME = "churn"
MAIL = "ada@example.com"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
#: The rest of the runs waits to be registered by what is measured.
SPARE = 200

POLICY = """\
models:
  churn:
    primary_metric: {name: test_auc_roc, goal: maximize}
    stages:
      staging:
        direct: true
        gates:
        - {metric: test_auc_roc, at_least: 0.88, baseline: 0.85}
        - {metric: test_f1, at_least: 0.80}
        - {metric: calibration_ece, at_most: 0.05}
        - {metric: inference_latency_p99_ms, at_most: 50}
        - {evidence: unit-tests}
        - {evidence: no-leakage}
        - {code: clean}
      production:
        from: [staging]
        archive_previous: true
        direct: true
        gates:
        - {stage: staging}
        - {no_regression: test_auc_roc, tolerance: 0.005, against: production}
"""

#: Milliseconds that the others need, measured once on 2 cores.
LOOK_UP = "mlflow files 0.7, trackio 0.9, mlflow SQLite 2.6, gto 141"
REGISTER = "mlflow SQLite 4, trackio 9, gto 237"
PROMOTE = "trackio 2.8, mlflow SQLite 7, gto 365, none of them with gates"


def run_of(number: int) -> Run:
    """A run that passes every gate."""
    run = make_run(number, RUNS)
    good = {
        "test_auc_roc": 0.9 + number % 7 / 10_000,
        "test_f1": 0.82,
        "calibration_ece": 0.03,
        "inference_latency_p99_ms": 30.0,
    }
    model = Artifact(path="model", kind="model", flavor="sklearn", store="dvc", md5="a" * 32)
    code = run.code and replace(run.code, dirty=False)
    return replace(
        run,
        id=f"{run.id[:15]}-{number:06d}",  # the same one every time
        status=Status.FINISHED,
        error=None,
        metrics={**run.metrics, **good},
        code=code,
        evidence=[Evidence(name="no-leakage", passed=True)],
        artifacts=[model],
    )


def stream(runs: Sequence[Run]) -> Iterator[bytes]:
    """A commit for each run, for `git fast-import`."""

    def file(path: str, data: bytes) -> bytes:
        return b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data)

    for number, run in enumerate(runs):
        seconds = int(datetime.fromisoformat(run.started).timestamp())
        yield b"commit refs/heads/gitrack\ncommitter Ada <%b> %d +0000\ndata 4\nrun\n\n" % (
            MAIL.encode(),
            seconds,
        )
        for path, data in first_files("benchmark").items() if number == 0 else ():
            yield file(path, data)
        yield file(f"{run_folder(run.experiment, run.id)}/run.yaml", dump_run(run))


def make_repository(folder: Path, versions: int) -> tuple[Path, list[Run]]:
    """The world, made or as it was made before; and the runs of which nothing was made yet."""
    repository = folder / f"registry-{RUNS}-{versions}"
    done = repository / ".git/made"
    runs = [run_of(number) for number in range(RUNS)]
    if not done.exists():
        print(f"making {RUNS:,} runs, {versions} versions, {4 * versions:,} promotions …",
              file=sys.stderr)  # fmt: skip
        _begin(repository)
        with subprocess.Popen(
            ["git", "-C", repository, "fast-import", "--quiet"], stdin=subprocess.PIPE
        ) as importer:
            assert importer.stdin is not None
            importer.stdin.writelines(stream(runs))
        _git(repository, "gc", "-q")
        ids = _fill(repository, versions)
        done.write_text("\n".join(ids))
        _git(repository, "update-ref", "refs/gitrack/start", "gitrack")
        _git(repository, "gc", "-q")
    _git(repository, "update-ref", "refs/heads/gitrack", "refs/gitrack/start")
    shutil.rmtree(repository / ".git/logs", ignore_errors=True)  # else an audit tells of it
    for name in _git(repository, "for-each-ref", "--format=%(refname)").split():
        if name.startswith(("refs/heads/promote/", "refs/gitrack/seen/")):
            _git(repository, "update-ref", "-d", name)
    return repository, [run for run in runs if run.id not in set(done.read_text().split())]


def _begin(repository: Path) -> None:
    repository.mkdir(parents=True)
    _git(repository, "init", "-q", "--initial-branch=main")
    for name, value in (("user.name", "Ada"), ("user.email", MAIL), ("gc.auto", "0")):
        _git(repository, "config", name, value)
    (repository / ".tracking").mkdir()
    (repository / ".tracking/policy.yaml").write_text(POLICY)
    _git(repository, "add", ".")
    # before the first promotion: an audit asks which policy held when
    with mock.patch.dict(os.environ, {"GIT_COMMITTER_DATE": "2025-01-01T00:00:00Z"}):
        date = "1704067200 +0000"  # before all that it judges
    _git(repository, "commit", "-q", "-m", "policy", GIT_COMMITTER_DATE=date, GIT_AUTHOR_DATE=date)


def _fill(repository: Path, versions: int) -> list[str]:
    """Versions with their evidence, and four promotions each; the runs that were registered."""
    opened = open_registry(repository)
    spare = SPARE * (RUNS - 1) // RUNS
    chosen = [run_of(number) for number in range(spare, spare + versions)]
    clock = _Clock(BEGIN, timedelta(days=300) / (4 * versions + 2 * versions))
    with clock.stopped():
        about = RegisteredModel(name=NAME, created=written(clock.now), by=f"Ada <{MAIL}>")
        changes: dict[str, bytes] = {model_path(NAME): dump_record(about)}
        for number, run in enumerate(chosen, start=1):
            _register(opened, clock, number, run.id, changes)
            changes = {}
            for kind, version, stage in _moves(number):
                _promote(opened, clock, kind, version, stage)
    return [run.id for run in chosen]


def _moves(number: int) -> Iterator[tuple[Kind, int, str]]:
    """To staging, to production, back to the one before, and on again."""
    yield "promotion", number, "staging"
    yield "promotion", number, "production"
    if number > 1:
        yield "rollback", number - 1, "production"
        yield "rollback", number, "production"


def _register(
    opened: OpenRegistry, clock: _Clock, number: int, run: str, changes: dict[str, bytes]
) -> None:
    by, now = f"Ada <{MAIL}>", written(clock.tick())
    version = ModelVersion(version=number, run=run, created=now, by=by)
    proof = Proof(kind="unit-tests", version=number, run=run, passed=True, recorded=now, by=by)
    opened.branch.commit(
        {
            **changes,
            version_path(NAME, number): dump_record(version),
            evidence_path(NAME, number, "unit-tests"): dump_record(proof),
        },
        f"model {NAME} v{number}: registered\n\nModel: {NAME}\nModel-Version: {number}\n",
    )


def _promote(opened: OpenRegistry, clock: _Clock, kind: Kind, version: int, stage: str) -> None:
    planned = plan(
        opened, NAME, version, stage, "it is better", kind=kind, when=clock.tick(), at=None
    )
    assert not planned.failed, planned.failed
    opened.branch.commit(planned.changes, planned.message)


class _Clock:
    """Says what time it is to whoever commits."""

    def __init__(self, now: datetime, step: timedelta) -> None:
        self.now, self._step = now, step

    def tick(self) -> datetime:
        self.now += self._step
        return self.now

    @contextmanager
    def stopped(self) -> Iterator[None]:
        def now() -> Stamp:
            return Stamp(int(self.now.timestamp()), "+0000")

        with mock.patch.object(Stamp, "now", staticmethod(now)):
            yield


def _git(repository: Path, *arguments: str, **environment: str) -> str:
    line = ["git", "-C", str(repository), *arguments]
    done = subprocess.run(
        line, check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return done.stdout


class Row(NamedTuple):
    """What was measured: milliseconds by the clock and of the processor, and what is promised."""

    what: str
    wall: float
    cpu: float
    target: float | None = None
    others: str = ""


def measure(repository: Path, spare: list[Run], versions: int) -> Iterator[Row]:
    """All of it, in the order in which one needs the other."""
    import gitrack

    os.chdir(repository)

    def look_up(_: int) -> object:
        return gitrack.model_version(NAME, "production")

    def register(number: int) -> object:
        return gitrack.register_model(f"runs:/{spare[number].id}/model", NAME)

    def promote(to: str) -> Callable[[int], object]:
        why = "it is better"
        return lambda number: gitrack.promote(
            *(NAME, versions + 1 + number), to=to, why=why, direct=True, keep_previous=number > 0
        )

    yield Row("what is in production, in a process", *_cost(look_up, 300), 0.5, LOOK_UP)
    yield Row("register a run's model", *_cost(register, 100), 4, REGISTER)
    for number in range(versions + 1, versions + 101):
        gitrack.add_evidence(NAME, number, "unit-tests")
    staging, production = promote("staging"), promote("production")
    yield Row("promote directly, 7 gates judged", *_cost(staging, 60), 6, PROMOTE)
    yield Row("the same to production, 8 gates", *_cost(production, 50))

    made = gitrack.promote(NAME, versions + 60, to="production", why="it is the best")
    day = f"{BEGIN + timedelta(days=150):%Y-%m-%d}"
    asked = ("model", "show", NAME, "--stage", "production", "--at", day)
    check = ("check", "--base", "gitrack", "--head", str(made.branch))
    yield Row("gitrack check, whole process", *_cost(_whole(*check), 5), 1000)
    yield Row("in production at a date, in a process", *_cost(_at(repository), 50), 50)
    yield Row("in production at a date, whole process", *_cost(_whole(*asked), 7))
    yield Row("gitrack audit, whole process", *_cost(_whole("audit", NAME), 1), 20_000)


def _whole(*arguments: str) -> Callable[[int], object]:
    """A command as people type it; it must not refuse."""
    gitrack = str(Path(sys.executable).with_name("gitrack"))

    def typed(_: int) -> None:
        done = subprocess.run([gitrack, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    return typed


def _at(repository: Path) -> Callable[[int], object]:
    """Days of the history, each asked as a process does that has the branch open."""
    from gitrack.store.timeline import Timeline

    opened = open_registry(repository)
    return lambda day: Timeline(opened.branch).at(
        NAME, "production", BEGIN + timedelta(days=5 * (day % 50))
    )


def _cost(work: Callable[[int], object], times: int) -> tuple[float, float]:
    """(median by the clock, mean of the processor); the first of several calls does not count."""
    rest = work
    if times > 1:
        work(0)
        rest = lambda number: work(number + 1)  # noqa: E731
        times -= 1
    used = cpu_milliseconds()
    taken = milliseconds(rest, times)
    return summary(taken)[0], (cpu_milliseconds() - used) / times


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    kept = Path(tempfile.gettempdir()) / f"gitrack-benchmarks-{os.environ.get('USER', 'me')}"
    parser.add_argument("--keep", type=Path, default=kept, metavar="DIR", help="make them here")
    folder: Path = parser.parse_args(arguments).keep.absolute()
    before = Path.cwd()
    found: list[list[Row]] = []
    try:
        for versions in (VERSIONS // 10, VERSIONS):
            found.append(list(measure(*make_repository(folder, versions), versions)))
    finally:
        os.chdir(before)
    rows = [
        [
            many.what,
            f"{few.wall:.2f} ms",
            f"{many.wall:.2f} ms",
            f"{many.wall / few.wall:.1f}",
            f"{many.cpu:.2f} ms",
            "" if many.target is None else f"{many.target:g} ms",
            many.others,
        ]
        for few, many in zip(*found, strict=True)
    ]
    sizes = [f"{count} versions" for count in (VERSIONS // 10, VERSIONS)]
    heads = ["", *sizes, "ratio", "its processor", "target", "others, ms"]
    print_table(f"{RUNS:,} runs, 4 promotions a version", heads, rows)


if __name__ == "__main__":
    main(sys.argv[1:])
