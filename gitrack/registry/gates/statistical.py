"""No regression, by statistics: the predictions of two runs on the same cases, held together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gitrack.config.gates import RegressionGate
from gitrack.errors import GitrackError, MissingExtra
from gitrack.model.display import number, safe
from gitrack.model.measure import Goal
from gitrack.model.promotion import Outcome
from gitrack.model.run import Artifact
from gitrack.registry.gates import measures
from gitrack.registry.gates.bytes_of import brought, located
from gitrack.registry.gates.case import CannotJudge, Case, Standing
from gitrack.registry.gates.finding import Finding, failed
from gitrack.registry.gates.measures import NotComputable, Predictions, kind_of_metric, measured
from gitrack.registry.gates.metrics import allowed_loss
from gitrack.registry.gates.paired import Interval, TooFew, bootstrap, delong

KIND = "predictions"
_MOST_CASES = 20_000_000
#: People round what they log; beyond this the predictions are those of something else.
_ROUNDING = 1e-3


class _Unlike(Exception):
    """Why two sets of predictions cannot be compared."""


def judge_paired(
    case: Case, gate: RegressionGate, goal: Goal, other: Standing, new: float, old: float
) -> Finding:
    """The interval of the difference must not reach beyond what is allowed."""
    metric = gate.no_regression
    source = f"{case.source}: metrics.{metric}"
    kind = kind_of_metric(metric)
    if kind is None:
        known = ", ".join(measures.computable())
        return failed(
            f"{metric} cannot be computed from predictions ({known} can); leave  test  out of the "
            f"gate",
            source=source,
        )
    if gate.test == "delong" and kind != "roc_auc":
        return failed(
            f"DeLong compares the area under ROC curves, not {metric}; write  test: bootstrap",
            source=source,
        )
    try:
        mine, theirs = _chosen(case.standing, other, metric)
        source = f"{case.source.removesuffix('run.yaml')}artifacts/{mine.path}"
        pair = _aligned(
            _read(case, case.standing, mine), _read(case, other, theirs), case.standing, other
        )
        values = [measured(kind, each) for each in pair]
        for standing, value, said in ((case.standing, values[0], new), (other, values[1], old)):
            _must_be(standing, metric, value.value(), said)
        seed = f"{mine.md5} {theirs.md5} {kind}"
        interval = (
            delong(
                measures.positives(pair[0]),
                *(measures.positive_scores(each) for each in pair),
                confidence=gate.confidence,
            )
            if gate.test == "delong"
            else bootstrap(*values, confidence=gate.confidence, resamples=gate.resamples, seed=seed)
        )
    except (_Unlike, NotComputable, TooFew) as error:
        return failed(f"{metric} cannot be compared: {error}", source=source)
    return _found(gate, goal, interval, values[0].cases, other, new, old, source)


def _found(
    gate: RegressionGate,
    goal: Goal,
    interval: Interval,
    cases: int,
    other: Standing,
    new: float,
    old: float,
    source: str,
) -> Finding:
    better, worst, best = interval.difference, interval.low, interval.high
    if goal == "minimize":
        better, worst, best = -better, -best, -worst
    allowed = allowed_loss(gate, old)
    how = "DeLong" if gate.test == "delong" else f"{gate.resamples} draws"
    side = "better" if better >= 0 else "worse"
    return Finding(
        outcome=Outcome.PASSED if worst >= -allowed else Outcome.FAILED,
        says=(
            f"{gate.no_regression} is {side} than in version {other.version.version} of "
            f"{gate.against} by {number(abs(better), 3)}, between {number(worst, 3)} and "
            f"{number(best, 3)} at {number(gate.confidence * 100)} % ({how}, {cases} cases); "
            f"{number(-allowed, 9) if allowed else '0'} is the least"
        ),
        value=new,
        required=float(f"{old - allowed if goal == 'maximize' else old + allowed:.12g}"),
        margin=float(f"{worst + allowed:.12g}"),
        baseline=old,
        source=source,
    )


def _chosen(mine: Standing, theirs: Standing, metric: str) -> tuple[Artifact, Artifact]:
    """The predictions of one name in both runs: of several, those of the metric's test set."""
    found = [_logged(standing) for standing in (mine, theirs)]
    for standing, artifacts in zip((mine, theirs), found, strict=True):
        if not artifacts:
            raise _Unlike(
                f"run {standing.run.id} of version {standing.version.version} logged no "
                f"predictions; call run.log_predictions(y_test, scores)"
            )
    if all(len(artifacts) == 1 for artifacts in found):
        return next(iter(found[0].values())), next(iter(found[1].values()))
    both = [path for path in found[0] if path in found[1]]
    split = metric.partition("_")[0].lower()
    chosen = [path for path in both if split in path.lower()] if len(both) > 1 else both
    chosen = chosen or [path for path in both if path == f"{KIND}.parquet"]
    if len(chosen) != 1:
        raise _Unlike(
            f"the runs logged predictions as {', '.join(found[0])} and {', '.join(found[1])}, and "
            f"nothing says which are of {metric}; name them after it: {split}.parquet"
        )
    return found[0][chosen[0]], found[1][chosen[0]]


def _logged(standing: Standing) -> dict[str, Artifact]:
    return {each.path: each for each in standing.run.artifacts if each.kind == KIND}


def _must_be(standing: Standing, metric: str, computed: float, said: float) -> None:
    if not abs(computed - said) <= _ROUNDING * max(1.0, abs(said)):
        raise _Unlike(
            f"the predictions of run {standing.run.id} give {number(computed)} for {metric}, and "
            f"it says {number(said)}: they are of other cases, or computed in another way"
        )


class _Table:
    """A file of predictions: `ids` or None, true values, and a column a score."""

    def __init__(self, ids: Any, truth: Any, scores: Any) -> None:
        self.ids = ids
        self.truth = truth
        self.scores = scores


def _read(case: Case, standing: Standing, artifact: Artifact) -> _Table:
    """Raises CannotJudge for bytes that are not here, _Unlike for what is none."""
    place = brought(case, located(case, standing, artifact.path))
    try:
        return _table(place)
    except _Unlike as error:
        raise _Unlike(f"{artifact.path} of run {standing.run.id} {error}") from error
    except GitrackError:
        raise
    except Exception as error:  # bytes that may be anybody's
        why = safe(str(error))[:200]
        raise _Unlike(f"{artifact.path} of run {standing.run.id} is no table: {why}") from error


def _table(place: Path) -> _Table:
    import numpy as np

    try:
        from pyarrow import parquet
    except ImportError as error:
        raise CannotJudge(str(MissingExtra("a statistical gate", "pyarrow", "data"))) from error
    with parquet.ParquetFile(place) as file:
        if file.metadata.num_rows > _MOST_CASES or file.metadata.num_columns > 1002:
            raise _Unlike("is too large to be predictions")
        table = file.read()
    names = table.column_names
    score_names = ["score"] if "score" in names else [n for n in names if n.startswith("score_")]
    if "y_true" not in names or not score_names or not table.num_rows:
        raise _Unlike("has no columns y_true and score")
    columns = {name: table[name].to_numpy() for name in names}
    scores = np.column_stack([columns[name] for name in score_names])
    truth = columns["y_true"]
    if scores.dtype.kind not in "biuf" or not np.isfinite(scores.astype(np.float64)).all():
        raise _Unlike("has scores that are missing, NaN or infinite")
    if any(table[name].null_count for name in ("y_true", *(["id"] if "id" in names else []))):
        raise _Unlike("has cases without a true value or id")
    if truth.dtype.kind == "f" and not np.isfinite(truth).all():
        raise _Unlike("has true values that are NaN or infinite")
    truth = truth.astype(str) if truth.dtype.kind == "O" else truth
    ids = columns.get("id")
    return _Table(None if ids is None else ids.astype(str), truth, scores)


def _aligned(
    mine: _Table, theirs: _Table, one: Standing, other: Standing
) -> tuple[Predictions, Predictions]:
    """Both in one order of cases. Raises _Unlike for what are not the same cases."""
    import numpy as np

    names = f"runs {one.run.id} and {other.run.id}"
    count, their_count = len(mine.truth), len(theirs.truth)
    if mine.ids is not None and theirs.ids is not None:
        lacking = len(np.setdiff1d(mine.ids, theirs.ids)), len(np.setdiff1d(theirs.ids, mine.ids))
        if any(lacking):
            raise _Unlike(
                f"{names} predicted other cases: {lacking[0]} ids of {count} are in the first "
                f"only, {lacking[1]} of {their_count} in the second"
            )
        if count != their_count or len(np.unique(mine.ids)) != count:
            raise _Unlike(f"{names} have ids that are not unique")
        first, second = np.argsort(mine.ids), np.argsort(theirs.ids)
    elif count != their_count:
        raise _Unlike(f"{names} predicted {count} and {their_count} cases")
    else:
        first = second = np.arange(count)
    truth, their_truth = mine.truth[first], theirs.truth[second]
    if (truth.dtype.kind in "biuf") != (their_truth.dtype.kind in "biuf"):
        raise _Unlike(f"{names} have true values of another kind")
    unlike = int((truth != their_truth).sum())
    if unlike:
        raise _Unlike(
            f"{names} have other true values in {unlike} of {count} cases: another test set, or "
            f"another order; log ids, as in log_predictions(y, scores, ids=…)"
        )
    if mine.scores.shape[1] != theirs.scores.shape[1]:
        raise _Unlike(f"{names} have another number of scores a case")
    return (
        Predictions(truth, mine.scores[first]),
        Predictions(their_truth, theirs.scores[second]),
    )
