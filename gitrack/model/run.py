"""A run and what it is made of. Frozen: a change is a new record."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

#: What a param or tag may be. NaN and infinities are floats like others.
Scalar = str | int | float | bool | None

#: The number on top of every file; a reader refuses what it does not know.
FORMAT = 1


class Status(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"


class Code(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which code ran. `patch` names the run's file with uncommitted changes, if any."""

    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    patch: str | None = None
    untracked: int = 0
    subfolder: str | None = None


class Dataset(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named, hashed input. `path` is relative to the repository; `dvc` is `md5:…`.

    `kind` is how the data are kept (`csv`, `parquet`, `delta`, `frame`, `uri` …). Of data that
    DVC tracks, `revision` is the commit that recorded them, and `changed` says that they are
    other ones by now. `table_version` and `committed` (UTC) are those of a Delta table.
    """

    name: str
    role: str | None = None
    path: str | None = None
    uri: str | None = None
    dvc: str | None = None
    version: str | None = None
    rows: int | None = None
    columns: int | None = None
    size: int | None = None
    kind: str | None = None
    revision: str | None = None
    changed: bool | None = None
    table_version: int | None = None
    committed: str | None = None


class Use(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a run read and that another run, or somebody else, had made.

    A named artifact has `name` and `version`; what a run left has that run's id as `run`, and its
    `path` there; `uri` is what lies elsewhere. `md5` is what was read, whatever numbers say later.
    """

    name: str | None = None
    version: int | None = None
    run: str | None = None
    path: str | None = None
    uri: str | None = None
    md5: str | None = None


class Artifact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file or folder that a run left, below its `artifacts/`.

    `store` says where the bytes are: `git` (on the branch), `dvc` (a pointer is on the branch) or
    `uri` (where `uri` says; nothing was copied). `md5` of a folder ends in `.dir`, as DVC's does.
    `name` makes it a version of the named artifact that runs share. `inputs` and `outputs` say for
    people what a model takes and gives (`dep_delay: double, hour: long`), cut where it is long.
    """

    path: str
    kind: str = "file"
    flavor: str | None = None
    name: str | None = None
    store: Literal["git", "dvc", "uri"] = "git"
    uri: str | None = None
    md5: str | None = None
    size: int | None = None
    files: int | None = None
    inputs: str | None = None
    outputs: str | None = None
    description: str | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact about a run that a gate may ask for. `report` is the path of an artifact."""

    name: str
    passed: bool
    detail: str | None = None
    report: str | None = None
    time: str | None = None


class Environment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a run ran. `packages` is the sha256 of the run's `environment.txt`.

    `memory` is in bytes; `variables` are the environment variables that the settings allow.
    """

    python: str | None = None
    image: str | None = None
    packages: str | None = None
    os: str | None = None
    host: str | None = None
    cpu: str | None = None
    cores: int | None = None
    memory: int | None = None
    gpu: str | None = None
    variables: dict[str, str] = {}


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One execution of an experiment.

    Times are UTC, ISO 8601 with milliseconds and a `Z`. `metrics` holds the last value of each
    metric, `curves` what its steps say: `<metric>.count`, `.min`, `.min_step`, `.max`, `.max_step`.
    Field order is the order of keys in `run.yaml`.
    """

    format: int = FORMAT
    id: str
    name: str
    experiment: str
    status: Status = Status.RUNNING
    started: str
    ended: str | None = None
    author: str | None = None
    command: str | None = None
    parent: str | None = None
    notes: str | None = None
    error: str | None = None
    params: dict[str, Scalar] = {}
    metrics: dict[str, float | int] = {}
    curves: dict[str, float | int] = {}
    tags: dict[str, Scalar] = {}
    code: Code | None = None
    data: list[Dataset] = []
    uses: list[Use] = []
    environment: Environment | None = None
    seeds: dict[str, int] = {}
    artifacts: list[Artifact] = []
    evidence: list[Evidence] = []


class RunBundle(msgspec.Struct, frozen=True, kw_only=True):
    """A run and the other files of its folder, ready to be committed.

    `files` maps a path below the run's folder (`history.tsv`, `artifacts/roc.png`,
    `artifacts/model.dvc`) to its bytes; `run.yaml` is made from `run` by the store.
    """

    run: Run
    files: dict[str, bytes] = {}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A file on the branch that cannot be read as what its place says it is."""

    path: str
    why: str
    hint: str | None = None
