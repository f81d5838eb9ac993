"""A made-up history: raw data, a cleaning run, models of two kinds, a registry that uses them."""

from __future__ import annotations

from typing import Any

from gitrack.model.named import ArtifactAlias, ArtifactVersion
from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.model.registered import ModelAlias, ModelVersion, StageState
from gitrack.model.run import Artifact, Code, Dataset, Run, RunBundle, Status, Use
from gitrack.store.codec.records import dump_record
from gitrack.store.runs import RunStore


def md5(letter: str) -> str:
    return letter * 32


def rid(number: int) -> str:
    return f"20241022-1430{number:02}-00000{number % 10}"


def a_run(number: int, name: str, **fields: Any) -> Run:
    record = {
        "id": rid(number),
        "name": name,
        "experiment": "delay-20241022",
        "status": Status.FINISHED,
        "started": f"2024-10-22T14:30:{number:02}.000Z",
        "ended": f"2024-10-22T14:31:{number:02}.000Z",
        "code": Code(commit=f"{number:02}" + "c0de" * 9 + "00", branch="main"),
    }
    return Run(**{**record, **fields})


def data(name: str, letter: str, version: str | None = None, **fields: Any) -> Dataset:
    return Dataset(name=name, dvc=f"md5:{md5(letter)}", version=version, **fields)


RAW = data("flights", "a", "v1.3", role="train", path="data/flights.csv", rows=1000)

#: raw → clean → (model by bytes, model by name, scores that another model uses by run and path)
RUNS = [
    RunBundle(
        run=a_run(
            1,
            "clean",
            data=[RAW],
            artifacts=[
                Artifact(path="clean.parquet", name="flights-clean", md5=md5("b"), store="dvc"),
                Artifact(path="report.html", md5=md5("9")),
            ],
        )
    ),
    RunBundle(
        run=a_run(
            2,
            "by-bytes",
            data=[data("clean", "b", role="train"), data("clean", "b", role="test")],
            artifacts=[
                Artifact(path="model", kind="model", flavor="xgboost", md5=f"{md5('c')}.dir")
            ],
        )
    ),
    RunBundle(
        run=a_run(
            3,
            "by-name",
            uses=[Use(name="flights-clean", version=7, md5=md5("b"))],
            artifacts=[Artifact(path="model", kind="model", md5=f"{md5('d')}.dir")],
        )
    ),
    RunBundle(
        run=a_run(
            4,
            "stacked",
            uses=[Use(run=rid(2), path="model/weights.bin")],
            artifacts=[Artifact(path="deep/model", kind="model", md5=f"{md5('e')}.dir")],
        )
    ),
    RunBundle(
        run=a_run(
            5,
            "other-data",
            data=[data("flights", "f", "v1.4")],
            artifacts=[Artifact(path="model", kind="model")],
        )
    ),
]

STAGES = [
    StageRun(
        name="prepare",
        command="python prepare.py",
        state="cached",
        deps=[StageFile(path="raw.csv", md5=md5("a"))],
        outs=[StageFile(path="ready.csv", md5=md5("1"))],
    ),
    StageRun(
        name="fit",
        command="python fit.py",
        deps=[StageFile(path="ready.csv", md5=md5("1")), StageFile(path="fit.py", md5=md5("2"))],
        outs=[StageFile(path="fit.pkl", md5=md5("3"))],
    ),
]

PIPELINE = RunBundle(
    run=a_run(
        6,
        "piped",
        data=[data("raw", "a", path="raw.csv")],
        artifacts=[Artifact(path="fit.pkl", kind="model", md5=md5("3"))],
    ),
    files={"pipeline.yaml": dump_record(Pipeline(stages=STAGES))},
)


def registry() -> dict[str, bytes | None]:
    """The models `churn` (of runs 2 to 4), `piped` (6) and `other` (5)."""
    files = {}
    for model, number, run, artifact in (
        ("churn", 1, 2, "model"),
        ("churn", 2, 3, "model"),
        ("churn", 3, 4, "deep/model"),
        ("piped", 1, 6, "fit.pkl"),
        ("other", 1, 5, "model"),
    ):
        version = ModelVersion(version=number, run=rid(run), artifact=artifact)
        files[f"registry/{model}/versions/{number}.yaml"] = dump_record(version)
    for model, versions in (("churn", [2, 3]), ("piped", [1]), ("other", [1])):
        state = dump_record(StageState(versions=versions))
        files[f"registry/{model}/stages/production.yaml"] = state
    files["registry/churn/stages/staging.yaml"] = dump_record(StageState(versions=[1]))
    files["registry/churn/aliases/champion.yaml"] = dump_record(ModelAlias(version=3))
    named = ArtifactVersion(
        name="flights-clean", version=2, run=rid(1), path="clean.parquet", md5=md5("b"),
        created="2024-10-22T14:31:00.000Z",
    )  # fmt: skip
    files["artifacts/flights-clean/versions/2.yaml"] = dump_record(named)
    files["artifacts/flights-clean/aliases/best.yaml"] = dump_record(ArtifactAlias(version=2))
    return dict(files)


def filled(store: RunStore) -> RunStore:
    """The store with all of it."""
    store.commit_runs([*RUNS, PIPELINE])
    store.commit_files(registry(), "registry")
    return store
