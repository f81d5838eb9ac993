"""What logged predictions say, in a small file beside the record: curves, tables, some cases.

Runs that were judged on the same cases keep the same cases, chosen by a hash of their ids or of
their places, so that two of them can be held together without fetching the predictions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gitrack.errors import GitrackError, MissingExtra
from gitrack.model.evaluation import (
    FILE,
    Confusion,
    Evaluation,
    EvaluationSet,
    Residuals,
    Sample,
    dump_evaluation,
    load_evaluation,
)
from gitrack.tracking.content import curves

_MOST_CASES = 20_000_000
_MOST_LABELS = 40
_LABEL = 60
_BINS = 30


class NotEvaluable(ValueError):
    """What a table of predictions does not say."""


class _Cases(NamedTuple):
    """Predictions as they were logged. `truth` are numbers, or places in `labels`."""

    truth: Any
    labels: list[str] | None
    scores: Any
    said: Any  # labels that were predicted themselves, as places in `labels`
    order: Any  # of cases by their ids
    hashes: Any
    by: str
    digest: str


def evaluate(path: Path, *, sample: int) -> EvaluationSet:
    """A Parquet file of `log_predictions`, judged; at most `sample` cases are kept one by one.

    Raises NotEvaluable, and MissingExtra without pyarrow.
    """
    cases = _read(path)
    usable = ~(_is_nan(cases.truth) | _is_nan(cases.scores).any(axis=1))
    if cases.said is not None:
        usable &= cases.said >= 0
    found = _judged(cases, usable)
    kept = _sample(found, cases, sample) if sample else None
    return EvaluationSet(
        **{
            **found,
            "cases": len(usable),
            "cases_digest": cases.digest,
            "missing": int(len(usable) - usable.sum()),
            "sample": kept,
        }
    )


def united(earlier: bytes | None, fresh: Evaluation, replaced: Collection[str]) -> bytes | None:
    """What a run's file becomes when more was logged later; None for no file at all."""
    sets: Mapping[str, EvaluationSet] = {}
    if earlier is not None:
        try:
            sets = load_evaluation(FILE, earlier).sets
        except GitrackError:
            sets = {}  # it can be made again from the predictions, which are all there
    left = {name: one for name, one in sets.items() if name not in replaced}
    whole = Evaluation(sets={**left, **fresh.sets})
    return dump_evaluation(whole) if whole.sets or earlier is not None else None


def _judged(cases: _Cases, usable: Any) -> dict[str, Any]:
    """The fields of a set that follow from the usable cases."""
    truth, scores = cases.truth[usable], cases.scores[usable]
    if not len(truth):
        raise NotEvaluable("no case has both a true value and a score")
    if cases.labels is None:
        return _regression(truth, scores)
    if cases.said is not None:
        return _told(cases.labels, truth, cases.said[usable])
    if scores.shape[1] > 2 or len(cases.labels) > 2:
        return _multiclass(cases.labels, truth, scores)
    return _binary(cases.labels, truth.astype(bool), scores[:, -1])


def _binary(labels: list[str], truth: Any, scores: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "task": "binary",
        "positives": int(truth.sum()),
        "positive": labels[-1],
    }
    if truth.any() and not truth.all():
        found["roc"], found["auc"], found["pr"], found["ap"] = curves.ranked(truth, scores)
    if ((scores >= 0) & (scores <= 1)).all():
        found["calibration"] = curves.calibration(truth, scores)
        found["brier"] = curves.short(float(((scores - truth) ** 2).mean()))
        said = scores > 0.5  # as `predict` has it
        found |= _table(labels, truth.astype(int), said.astype(int), threshold=0.5)
    return found


def _multiclass(labels: list[str], truth: Any, scores: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"task": "multiclass"}
    found |= _table(labels, truth, scores.argmax(axis=1))
    if len(labels) <= 20 and scores.size <= 10**7:
        found["aucs"] = [curves.area(truth == at, scores[:, at]) for at in range(len(labels))]
    return found


def _told(labels: list[str], truth: Any, said: Any) -> dict[str, Any]:
    """Labels were predicted, without scores."""
    task = "binary" if len(labels) <= 2 else "multiclass"
    found: dict[str, Any] = {"task": task, **_table(labels, truth, said)}
    if task == "binary":
        found |= {"positives": int((truth == len(labels) - 1).sum()), "positive": labels[-1]}
    return found


def _regression(truth: Any, scores: Any) -> dict[str, Any]:
    import numpy as np

    if scores.shape[1] > 1:
        raise NotEvaluable(f"there are {scores.shape[1]} scores a case for true values in numbers")
    finite = np.isfinite(truth) & np.isfinite(scores[:, 0])
    if not finite.any():
        raise NotEvaluable("no case has finite values")
    truth, scores = truth[finite], scores[finite, 0]
    missed = scores - truth
    spread = float(((truth - truth.mean()) ** 2).sum())
    # the middle in detail, what lies far outside in the bins at the ends
    low, high = np.quantile(missed, [0.005, 0.995])
    edges = np.linspace(low, high, _BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    edges = np.array([curves.short(float(edge)) for edge in edges])
    counts, _ = np.histogram(np.clip(missed, edges[0], edges[-1]), edges)
    squared = float((missed**2).sum())
    return {
        "task": "regression",
        "rmse": curves.short((squared / len(truth)) ** 0.5),
        "mae": curves.short(float(abs(missed).mean())),
        "r2": curves.short(1 - squared / spread) if spread > 0 else None,
        "residuals": Residuals(edges=edges.tolist(), counts=counts.tolist()),
    }


def _table(labels: list[str], truth: Any, said: Any, **more: Any) -> dict[str, Any]:
    import numpy as np

    found: dict[str, Any] = {"accuracy": curves.short(float((truth == said).mean()))}
    size = len(labels)
    if size <= _MOST_LABELS:
        flat = np.bincount(truth.astype(np.int64) * size + said, minlength=size * size)
        counts = flat.reshape(size, size).tolist()
        found["confusion"] = Confusion(labels=labels, counts=counts, **more)
    return found


def _sample(found: dict[str, Any], cases: _Cases, most: int) -> Sample:
    import numpy as np

    total = len(cases.truth)
    if total > most:
        # equal hashes are too rare to matter, but must not make it a matter of chance
        lowest = np.argsort(cases.hashes, kind="stable")[:most]
        chosen = np.zeros(total, bool)
        chosen[lowest] = True
        places = cases.order[chosen[cases.order]]
    else:
        places = cases.order
    scores = cases.scores[places]
    truth = cases.truth[places]
    said = None
    if found["task"] == "binary" and cases.said is None:
        column = scores[:, -1]
    elif cases.labels is None:
        column = scores[:, 0]
    elif cases.said is not None:
        column, said = np.full(len(places), np.nan), cases.said[places].astype(float)
        said[said < 0] = np.nan
    else:
        known = np.where(_is_nan(truth), 0, truth).astype(np.int64)
        column = scores[np.arange(len(places)), known]
        said = np.where(_is_nan(scores).any(axis=1), np.nan, scores.argmax(axis=1))
    return Sample(
        of=total,
        picked=f"by {cases.by}" if total > most else "all",
        truth=_listed(truth),
        scores=_listed(column),
        said=None if said is None else _listed(said),
    )


def _listed(values: Any) -> list[float | None]:
    return [curves.short(value) for value in values.tolist()]


def _is_nan(values: Any) -> Any:
    import numpy as np

    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)


def _read(path: Path) -> _Cases:
    try:
        import numpy as np
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra("evaluation.json", "pyarrow", "data") from error
    try:
        if parquet.read_metadata(path).num_rows > _MOST_CASES:
            raise NotEvaluable(f"there are more than {_MOST_CASES:,} cases")
        table = parquet.read_table(path)
    except (OSError, arrow.ArrowException) as error:
        raise NotEvaluable(f"this is no Parquet file: {error}") from error
    names = [name for name in table.column_names if name.startswith("score")]
    if "y_true" not in table.column_names or not names or not len(table):
        raise NotEvaluable("there is no table of true values and scores")
    truth, column = table["y_true"].combine_chunks(), table[names[0]].combine_chunks()
    scores = [table[name].combine_chunks() for name in names]
    labels: list[str] | None
    said = None
    if len(scores) == 1 and (texts := _as_texts(column)) is not None:
        codes, labels = _labelled(_as_texts(truth) or truth.cast(arrow.string()), texts)
        truth_values, said = codes[: len(truth)], codes[len(truth) :]
        matrix = np.zeros((len(truth), 1))
    else:
        matrix = np.column_stack([_numbers(one) for one in scores])
        truth_values, labels, said = _truth(truth, matrix)
    ids = table["id"].combine_chunks() if "id" in table.column_names else None
    order, hashes, told = _places(ids, len(truth))
    digest = hashlib.sha256(told + _told_truth(truth, order)).hexdigest()[:20]
    by = "place" if ids is None else "id"
    return _Cases(truth_values, labels, matrix, said, order, hashes, by, digest)


def _truth(truth: Any, scores: Any) -> tuple[Any, list[str] | None, Any]:
    """(numbers or places in labels, the labels, what was said where whole labels were)."""
    import numpy as np

    texts = _as_texts(truth)
    columns = scores.shape[1]
    if texts is not None:
        codes, labels = _labelled(texts)
        if len(labels) < 2:
            raise NotEvaluable("y_true has one value only")
        return _of_columns(codes, labels, columns), labels, None
    values = _numbers(truth)
    there = values[~np.isnan(values)]
    whole = bool((np.isfinite(there) & (there == np.floor(there))).all())
    known = np.unique(there) if whole else there
    if whole and np.isin(known, (0.0, 1.0)).all():
        known = np.array([0.0, 1.0])  # also where all cases are of one class
    if columns == 1 and (not whole or len(known) != 2):
        single = scores[:, 0]
        # what is a whole number among those that are true is a label, not a measure
        if not whole or len(known) > _MOST_LABELS or not np.isin(single, known).all():
            return values, None, None
        return (*_coded(values, known), np.searchsorted(known, single))
    if not whole or len(known) > max(columns, 2):
        if columns > 1 and whole:
            raise NotEvaluable(f"y_true has {len(known)} values, and there are {columns} scores")
        return values, None, None
    if columns > 2 and len(known) < columns:
        if known[0] < 0 or known[-1] >= columns:
            raise NotEvaluable(f"y_true has {len(known)} values, and there are {columns} scores")
        known = np.arange(columns, dtype=float)
    return (*_coded(values, known), None)


def _coded(values: Any, known: Any) -> tuple[Any, list[str]]:
    import numpy as np

    codes = np.searchsorted(known, values).astype(float)
    codes[np.isnan(values)] = np.nan
    return codes if np.isnan(codes).any() else codes.astype(np.int64), [
        f"{value:.0f}" for value in known.tolist()
    ]


def _of_columns(codes: Any, labels: list[str], columns: int) -> Any:
    if len(labels) > max(columns, 2) or (columns > 2 and len(labels) != columns):
        raise NotEvaluable(f"y_true has {len(labels)} values, and there are {columns} scores")
    return codes


def _labelled(*columns: Any) -> tuple[Any, list[str]]:
    """Texts as places among all different ones, in order; -1 or NaN for none."""
    import numpy as np
    import pyarrow as arrow

    joined = arrow.concat_arrays(columns)
    encoded = joined.dictionary_encode()
    names = [str(name) for name in encoded.dictionary.to_pylist()]
    ranks = np.empty(len(names) + 1, np.int64)
    ranks[np.argsort(np.array(names, dtype=object), kind="stable")] = np.arange(len(names))
    ranks[-1] = -1
    codes = ranks[encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)]
    if len(columns) == 1 and (codes < 0).any():
        codes = np.where(codes < 0, np.nan, codes)
    return codes, [name[:_LABEL] for name in sorted(names)]


def _as_texts(column: Any) -> Any:
    """The column as texts if it holds any (or yes and no), None if it holds numbers."""
    import pyarrow as arrow

    kind = column.type
    if arrow.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if arrow.types.is_string(kind) or arrow.types.is_large_string(kind):
        return column.cast(arrow.string())
    return None


def _numbers(column: Any) -> Any:
    import numpy as np
    import pyarrow as arrow

    try:
        return column.cast(arrow.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
        raise NotEvaluable(f"a column holds neither numbers nor labels: {error}") from error


def _places(ids: Any, count: int) -> tuple[Any, Any, bytes]:
    """(the cases in the order of their ids, a hash of each, what the digest is told of them)."""
    import numpy as np

    if ids is None:
        places = np.arange(count)
        return places, _mixed(places.astype(np.uint64)), b"places\n"
    texts = _as_texts(ids)
    if texts is None:
        numbers = _numbers(ids)
        order = np.argsort(numbers, kind="stable")
        return order, _mixed(numbers.view(np.uint64)), b"ids\n" + numbers[order].tobytes()
    from zlib import crc32

    encoded = [(text or "").encode() for text in texts.to_pylist()]
    order = np.array(sorted(range(count), key=encoded.__getitem__), dtype=np.int64)
    sums = np.fromiter(map(crc32, encoded), np.uint64, count)
    return order, _mixed(sums), b"ids\n" + b"\0".join(encoded[at] for at in order)


def _mixed(numbers: Any) -> Any:
    """Splitmix64: neighbouring numbers fall far from each other, on every machine alike."""
    import numpy as np

    with np.errstate(over="ignore"):
        mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _told_truth(truth: Any, order: Any) -> bytes:
    texts = _as_texts(truth)
    if texts is None:
        told: bytes = _numbers(truth)[order].astype("<f8").tobytes()
        return b"\nnumbers\n" + told
    listed = texts.to_pylist()
    return b"\ntexts\n" + b"\0".join((listed[at] or "").encode() for at in order.tolist())
