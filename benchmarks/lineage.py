"""How long lineage takes on top of many runs: of a model, of data that thousands share.

    python -m benchmarks lineage        or        python benchmarks/lineage.py [--runs 10000]

Chains of runs, each trained on what the one before it left (by bytes, by name, by run and path),
data that thousands of them share, pipelines, a registry; medians of whole processes beside what
they should be. The repository is kept for the next time with --keep DIR.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from benchmarks.read import BEGIN, Row, make_run, median, show
from gitrack.model.ids import new_run_id
from gitrack.model.named import ArtifactVersion
from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.model.registered import ModelVersion, StageState
from gitrack.model.run import Artifact, Dataset, Run, RunBundle, Use
from gitrack.store import open_store
from gitrack.store.codec.records import dump_record, dump_run
from gitrack.store.layout import first_files, run_folder
from gitrack.store.numbering import Wish

#: Runs of one chain; each tenth run is a pipeline, each fiftieth is registered.
CHAIN = 6
PIPELINES = 10
REGISTERED = 50
SHARED = "md5:" + "a" * 32


def md5(*what: object) -> str:
    return f"{random.Random(repr(what)).getrandbits(128):032x}"


def runs(total: int) -> Iterator[tuple[Run, dict[str, bytes]]]:
    """Runs in chains of several kinds, with the files beside them."""
    ids = [
        new_run_id(BEGIN + timedelta(seconds=number * 365 * 86400 // total))
        for number in range(total)
    ]
    for number in range(total):
        run = replace(make_run(number, total), id=ids[number])
        data = [Dataset(name="flights", role="train", dvc=SHARED, version="v1.3", rows=3619113)]
        uses: list[Use] = []
        if number % CHAIN:
            before = number - 1
            if number % 3 == 0:
                data.append(Dataset(name=f"clean-{number % 7}", dvc=f"md5:{md5('out', before)}"))
            elif number % 3 == 1:
                uses.append(Use(run=ids[before], path="model/weights.bin"))
            else:
                uses.append(Use(name="scores", version=before + 1, md5=md5("out", before)))
        artifacts = [
            Artifact(path="model", kind="model", store="dvc", md5=f"{md5(number)}.dir"),
            Artifact(path="scores.parquet", name="scores", store="dvc", md5=md5("out", number)),
            Artifact(path="report.html", size=9000, md5=md5("report", number)),
        ]
        files = {}
        if number % PIPELINES == 0:
            files["pipeline.yaml"] = dump_record(_pipeline(number))
        yield replace(run, data=data, uses=uses, artifacts=artifacts), files


def _pipeline(number: int) -> Pipeline:
    clean, fitted = md5("clean", number // 100), md5("out", number)
    return Pipeline(
        stages=[
            StageRun(
                name="clean",
                command="python clean.py",
                deps=[StageFile(path="flights.csv", md5="a" * 32)],
                outs=[StageFile(path="clean.parquet", md5=clean)],
            ),
            StageRun(
                name="fit",
                command="python fit.py",
                deps=[StageFile(path="clean.parquet", md5=clean)],
                outs=[StageFile(path="scores.parquet", md5=fitted)],
                params={"params.yaml": {"seed": number}},
            ),
        ]
    )


def stream(total: int) -> Iterator[bytes]:
    """All of it as one commit, for `git fast-import`."""

    def file(path: str, data: bytes) -> bytes:
        return b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data)

    yield b"commit refs/heads/gitrack\ncommitter A <a@example.com> 1735689600 +0000\ndata 4\nruns\n"
    for path, data in first_files("benchmark").items():
        yield file(path, data)
    last: dict[str, int] = {}
    for number, (run, files) in enumerate(runs(total)):
        folder = run_folder(run.experiment, run.id)
        yield file(f"{folder}/run.yaml", dump_run(run))
        for name, data in files.items():
            yield file(f"{folder}/{name}", data)
        named = ArtifactVersion(
            name="scores", version=number + 1, run=run.id, path="scores.parquet",
            md5=run.artifacts[1].md5, created=run.started,
        )  # fmt: skip
        yield file(f"artifacts/scores/versions/{number + 1}.yaml", dump_record(named))
        if number % REGISTERED == REGISTERED - 1:
            model = f"model-{number // REGISTERED % 8}"
            last[model] = last.get(model, 0) + 1
            version = ModelVersion(version=last[model], run=run.id)
            yield file(f"registry/{model}/versions/{last[model]}.yaml", dump_record(version))
    for model, number in last.items():
        state = dump_record(StageState(versions=[number]))
        yield file(f"registry/{model}/stages/production.yaml", state)


def make_repository(folder: Path, total: int) -> Path:
    repository = folder / f"lineage-{total}"
    if repository.exists():  # without the runs that the last benchmark added
        reset = ["update-ref", "refs/heads/gitrack", "refs/tags/start"]
        subprocess.run(["git", "-C", str(repository), *reset], check=True)
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


def measure(repository: Path, total: int) -> Iterator[Row]:
    """(what, its cost, seconds that it should take)"""
    open_store(repository).table()
    gitrack = [str(Path(sys.executable).with_name("gitrack")), "lineage"]

    def whole(*arguments: str) -> object:
        return subprocess.run(
            [*gitrack, *arguments], cwd=repository, check=True, capture_output=True
        )

    target = 0.3 * max(1, total / 10_000)
    model = "model-3@production"
    whole(model)
    for what, arguments in (
        ("a model in production", [model]),
        ("a model, as JSON", [model, "--json"]),
        ("a run in the middle", ["scores:v5000" if total >= 5000 else "scores:v1"]),
        ("data that all share", ["data:flights@v1.3"]),
        ("data that all share, production", ["data:flights@v1.3", "--stage", "production"]),
        ("data that all share, whole JSON", ["data:flights@v1.3", "--json"]),
    ):
        wanted = target if what.startswith(("a model", "a run")) else None
        yield what, median(partial(whole, *arguments), 7), wanted
    store = open_store(repository)
    more = (_version_bundle(number) for number in range(total, 2 * total))
    wish = Wish(path="scores.parquet", time="2025-12-31T23:59:59.000Z")
    yield (
        "commit of a run with one more version",
        median(lambda: store.commit_named(next(more), [wish]), 9),
        None,
    )


def _version_bundle(number: int) -> RunBundle:
    """A run that leaves new contents of the name that has as many versions as there are runs."""
    artifact = Artifact(path="scores.parquet", name="scores", store="dvc", md5=md5("more", number))
    run = replace(make_run(number, number + 1), artifacts=[artifact])
    return RunBundle(run=run)


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the repository here")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        repository = make_repository(folder, chosen.runs)
        print(f"{'whole process, warm':42} {'wall':>11} {'cpu':>11} {'target':>12}")
        show(measure(repository, chosen.runs))


if __name__ == "__main__":
    main(sys.argv[1:])
