"""What predictions say, small enough to be kept beside the record: `evaluation.json`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from gitrack.errors import UnreadableFile

FORMAT = 1
FILE = "evaluation.json"
_MOST_BYTES = 20_000_000

Task = Literal["binary", "multiclass", "regression"]
#: More would be a file that is not ours, and a page that nobody can open.
_Points = Annotated[list[tuple[float, float]], msgspec.Meta(max_length=1_000)]
_Labels = Annotated[list[str], msgspec.Meta(max_length=100)]
_Counts = Annotated[list[list[int]], msgspec.Meta(max_length=100)]
_Cases = Annotated[list[float | None], msgspec.Meta(max_length=100_000)]


class Confusion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often each label (a row) was taken for each (a column)."""

    labels: _Labels
    counts: _Counts
    threshold: float | None = None

    def __post_init__(self) -> None:
        size = len(self.labels)
        if len(self.counts) != size or any(len(row) != size for row in self.counts):
            raise ValueError(f"the table does not have {size} rows of {size} counts")


class Residuals(msgspec.Struct, frozen=True, kw_only=True):
    """How far predictions lay above what was true: counts between each two of `edges`."""

    edges: Annotated[list[float], msgspec.Meta(min_length=2, max_length=200)]
    counts: Annotated[list[int], msgspec.Meta(max_length=200)]

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.edges) - 1:
            raise ValueError("there is not one count between each two edges")


class Sample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Some cases one by one: the same in all runs that were judged on the same cases.

    Binary: `truth` is 0 or 1, `scores` that of the positive class. Multiclass: `truth` and `said`
    are places in the labels of the confusion, `scores` those of the true class. Regression:
    values. None where a value is missing.
    """

    of: int
    picked: str
    truth: _Cases
    scores: _Cases
    said: _Cases | None = None

    def __post_init__(self) -> None:
        if len({len(self.truth), len(self.scores), len(self.said or self.truth)}) != 1:
            raise ValueError("truth and scores have different lengths")


class EvaluationSet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of predictions. Which fields there are follows from the task."""

    task: Task
    cases: int
    cases_digest: str
    missing: int = 0
    positives: int | None = None
    positive: str | None = None
    roc: _Points | None = None
    auc: float | None = None
    pr: _Points | None = None
    ap: float | None = None
    calibration: Annotated[list[tuple[float, float, int]], msgspec.Meta(max_length=100)] | None = (
        None
    )
    brier: float | None = None
    confusion: Confusion | None = None
    accuracy: float | None = None
    aucs: list[float | None] | None = None
    residuals: Residuals | None = None
    rmse: float | None = None
    mae: float | None = None
    r2: float | None = None
    sample: Sample | None = None


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """All files of predictions of a run, by their paths among its artifacts."""

    format: Literal[1] = 1
    sets: Annotated[dict[str, EvaluationSet], msgspec.Meta(max_length=100)] = {}


def load_evaluation(path: str, data: bytes) -> Evaluation:
    """Read `evaluation.json`, where anybody may have put it. Raises UnreadableFile."""
    if len(data) > _MOST_BYTES:
        raise UnreadableFile(path, f"{len(data):,} bytes are too many for what predictions say")
    try:
        return msgspec.json.decode(data, type=Evaluation)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFile(path, f"not what predictions say: {error}") from error


def dump_evaluation(evaluation: Evaluation) -> bytes:
    """As it is kept: a line for each set, so that git shows which have changed."""
    sets = [
        msgspec.json.encode(name) + b":" + msgspec.json.encode(evaluation.sets[name])
        for name in sorted(evaluation.sets)
    ]
    return b'{"format":%d,"sets":{\n' % FORMAT + b",\n".join(sets) + b"\n}}\n"
