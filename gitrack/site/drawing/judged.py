"""What predictions say, drawn at build: ROC, precision and recall, calibration, confusion."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gitrack.model.evaluation import Confusion, Evaluation, EvaluationSet, Residuals
from gitrack.site import display
from gitrack.site.drawing.lines import path
from gitrack.site.drawing.scale import SIZE, Scale, Tick, scale_of

_UNIT = Scale(0.0, 1.0)
_TICKS = (Tick("0", "0"), Tick("50", "0.5"), Tick("100", "1"))
_FROM_TOP = (Tick("100", "0"), Tick("0", "1"))
_POINTS = 60
_SHOWN_LABELS = 12


class SquareDrawing(msgspec.Struct, frozen=True, kw_only=True):
    """A curve from 0 to 1 on both axes. `level` is what chance would give."""

    kind: str
    title: str
    about: str | None
    across: str
    up: str
    path: str
    dots: str = ""
    level: str = ""
    x: tuple[Tick, ...] = _TICKS
    y: tuple[Tick, ...] = _FROM_TOP


class BarsDrawing(msgspec.Struct, frozen=True, kw_only=True):
    """Bars over a stretch of numbers; `zero` is where no error lies, in percent."""

    title: str
    about: str
    path: str
    zero: str | None
    x: tuple[Tick, ...]


class ConfusionCell(msgspec.Struct, frozen=True):
    """How many, what share of its row (0 to 1), and whether they are right."""

    count: str
    share: str
    right: bool


class ConfusionTable(msgspec.Struct, frozen=True, kw_only=True):
    """Rows are true labels, columns predicted ones."""

    labels: tuple[str, ...]
    rows: tuple[tuple[ConfusionCell, ...], ...]
    threshold: str | None


class JudgedSet(msgspec.Struct, frozen=True, kw_only=True):
    """One file of predictions, for its part of a page."""

    path: str
    facts: tuple[tuple[str, str], ...]
    squares: tuple[SquareDrawing, ...]
    bars: BarsDrawing | None
    confusion: ConfusionTable | None
    labels_left_out: int


def judged(evaluation: Evaluation | None) -> tuple[JudgedSet, ...]:
    """Every set, by path."""
    sets = evaluation.sets if evaluation else {}
    return tuple(_set(path, sets[path]) for path in sorted(sets))


def _set(path: str, one: EvaluationSet) -> JudgedSet:
    squares = [_roc(one), _pr(one), _calibration(one)]
    large = one.confusion is not None and len(one.confusion.labels) > _SHOWN_LABELS
    return JudgedSet(
        path=path,
        facts=tuple(_facts(one)),
        squares=tuple(square for square in squares if square is not None),
        bars=_bars(one.residuals) if one.residuals else None,
        confusion=_table(one.confusion) if one.confusion and not large else None,
        labels_left_out=len(one.confusion.labels) if one.confusion and large else 0,
    )


def _facts(one: EvaluationSet) -> list[tuple[str, str]]:
    told: list[tuple[str, str | None]] = [
        ("cases", display.grouped(one.cases)),
        ("without a value", display.grouped(one.missing) if one.missing else None),
        ("positives", display.grouped(one.positives)),
    ]
    measured = {
        "ROC AUC": one.auc,
        "average precision": one.ap,
        "Brier score": one.brier,
        "accuracy": one.accuracy,
        "RMSE": one.rmse,
        "MAE": one.mae,
        "R²": one.r2,
    }
    told += [(name, display.number(v)) for name, v in measured.items() if v is not None]
    return [(name, value) for name, value in told if value is not None]


def _roc(one: EvaluationSet) -> SquareDrawing | None:
    if not one.roc or len(one.roc) < 2:
        return None
    return SquareDrawing(
        kind="roc",
        title="ROC",
        about=None if one.auc is None else f"AUC {display.number(one.auc)}",
        across="false positive rate",
        up="true positive rate",
        path=path(_few(one.roc), _UNIT, _UNIT),
        level=f"M0 {SIZE}L{SIZE} 0",
    )


def _pr(one: EvaluationSet) -> SquareDrawing | None:
    if not one.pr or len(one.pr) < 2:
        return None
    level = ""
    if one.positives is not None and one.cases > one.missing:
        share = one.positives / (one.cases - one.missing)
        level = f"M0 {SIZE - _UNIT.place(share)}H{SIZE}"
    return SquareDrawing(
        kind="pr",
        title="Precision and recall",
        about=None if one.ap is None else f"AP {display.number(one.ap)}",
        across="recall",
        up="precision",
        path=path(_few(one.pr), _UNIT, _UNIT),
        level=level,
    )


def _calibration(one: EvaluationSet) -> SquareDrawing | None:
    if not one.calibration:
        return None
    points = [(score, share) for score, share, _ in one.calibration]
    return SquareDrawing(
        kind="calibration",
        title="Calibration",
        about=None if one.brier is None else f"Brier {display.number(one.brier)}",
        across="mean score",
        up="share of positives",
        path=path(points, _UNIT, _UNIT) if len(points) > 1 else "",
        dots="".join(f"M{_UNIT.place(a)} {SIZE - _UNIT.place(b)}h0" for a, b in points),
        level=f"M0 {SIZE}L{SIZE} 0",
    )


def _few(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    every = -(-len(points) // _POINTS)
    return [*points[:-1:every], points[-1]]


def _bars(residuals: Residuals) -> BarsDrawing | None:
    edges, counts = residuals.edges, residuals.counts
    across = scale_of(edges, pad=0)
    most = max(counts, default=0)
    if across is None or most <= 0:
        return None
    up = Scale(0.0, float(most))
    steps = [f"M{across.place(edges[0])} {SIZE}"]
    for right, count in zip(edges[1:], counts, strict=True):
        steps.append(f"V{SIZE - up.place(max(count, 0))}H{across.place(right)}")
    zero = f"{across.share(0.0) * 100:.1f}" if across.low < 0 < across.high else None
    return BarsDrawing(
        title="Errors",
        about="predicted minus true",
        path="".join(steps) + f"V{SIZE}z",
        zero=zero,
        x=across.ticks(5),
    )


def _table(confusion: Confusion) -> ConfusionTable:
    rows = []
    for at, counts in enumerate(confusion.counts):
        total = sum(max(count, 0) for count in counts) or 1
        told = [(f"{count:,}", f"{max(count, 0) / total:.2f}") for count in counts]
        rows.append(tuple(ConfusionCell(*one, at == to) for to, one in enumerate(told)))
    threshold = confusion.threshold
    return ConfusionTable(
        labels=tuple(confusion.labels),
        rows=tuple(rows),
        threshold=None if threshold is None else display.number(threshold),
    )
