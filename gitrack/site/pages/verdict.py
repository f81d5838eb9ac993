"""What came of an experiment: its best against a baseline, with how sure anybody can be of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from gitrack.model import against
from gitrack.model.against import Side, Span, Word
from gitrack.model.evaluation import EvaluationSet
from gitrack.model.measure import Measure
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.baseline import NoSides, Sides
from gitrack.site.drawing.scale import Scale, percent
from gitrack.site.extras import Paired
from gitrack.site.links import experiment_page, slug
from gitrack.site.pages.frame import RunLink, run_link

_HEADLINES: dict[Word, str] = {
    "better": "Better than its baseline",
    "worse": "Worse than its baseline",
    "unclear": "No clear difference from its baseline",
}
_JUDGED = ("test", "holdout", "eval", "evaluation", "val", "validation")
_RUNS_SHOWN = 12


class SideRow(msgspec.Struct, frozen=True, kw_only=True):
    """One side: its best run, and what all its replicates gave."""

    label: str
    run: RunLink
    others: tuple[RunLink, ...]
    more: int
    count: int
    value: str
    exact: str
    mean: str
    deviation: str | None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One interval of the difference; places in percent, from the left of a strip."""

    about: str
    word: Word
    low: str
    high: str
    from_: str
    width: str
    middle: str
    zero: str
    says: str


class VerdictPanel(msgspec.Struct, frozen=True, kw_only=True):
    """What `_verdict.html` places; without sides it says how to get some."""

    word: Word
    headline: str
    metric: str
    goal: str
    difference: str
    found: str
    found_name: str
    found_href: str | None
    sides: tuple[SideRow, ...]
    replicated: bool
    evidence: tuple[Evidence, ...]
    cautions: tuple[str, ...]
    compare: str


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """A verdict in two words, for lists of experiments."""

    word: Word
    difference: str


class NoVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is none."""

    missing: str | None
    is_baseline: bool
    example: str


class OnCases(NamedTuple):
    """The interval of the difference on the same cases."""

    span: Span
    cases: int
    of: int


def no_verdict(why: NoSides, example: str) -> NoVerdict:
    """What a reader is told instead; `example` is an experiment or a run that could be named."""
    return NoVerdict(missing=why.missing, is_baseline=why.is_baseline, example=example)


def verdict(sides: Sides, measure: Measure, paired: OnCases | None) -> VerdictPanel:
    """The best and its baseline side by side, every doubt with them."""
    new = Side(tuple(float(run.metrics[measure.metric]) for run in sides.new))
    old = Side(tuple(float(run.metrics[measure.metric]) for run in sides.old))
    training = against.by_chance_of_training(new, old)
    spans: list[tuple[str, Span, str]] = []
    if training is not None:
        spans.append(("Chance of training", training, _of_training(new, old)))
    if paired is not None:
        whole = f"{paired.cases:,} cases that both were judged on"
        if paired.cases < paired.of:
            whole = f"{paired.cases:,} of the {paired.of:,} cases that both were judged on"
        spans.append(("Chance of the test cases", paired.span, f"paired, on {whole} (DeLong)"))
    word = against.together([span.word(measure) for _, span, _ in spans])
    difference = new.mean - old.mean
    return VerdictPanel(
        word=word,
        headline=_HEADLINES.get(word) or _unproved(difference, measure),
        metric=measure.metric,
        goal=measure.goal,
        difference=_signed(difference),
        found=_found(sides),
        found_name=sides.named,
        found_href=experiment_page(sides.named)
        if sides.how == "name" or (sides.how == "tag" and sides.named == sides.old[0].experiment)
        else None,
        sides=(
            _row("Best here", sides.new, new, measure),
            _row("Baseline", sides.old, old, measure),
        ),
        replicated=max(len(new.values), len(old.values)) > 1,
        evidence=_strips(spans, measure),
        cautions=tuple(_cautions(sides, new, old, paired)),
        compare=f"compare.html#runs={slug(sides.old[0].id)},{slug(sides.new[0].id)}",
    )


def _unproved(difference: float, measure: Measure) -> str:
    if difference == 0:
        return "The same as its baseline, one run each"
    ahead = (difference > 0) == (measure.goal == "maximize")
    return f"{'Ahead of' if ahead else 'Behind'} its baseline, but by one run each"


def _found(sides: Sides) -> str:
    return {
        "tag": "The tag “baseline” of its runs names",
        "flag": "Some of its runs carry the tag “baseline”:",
        "name": "The newest baseline before it, by its name, is",
        "production": "In production when its first run started was",
    }[sides.how]


def _row(label: str, runs: Sequence[Run], side: Side, measure: Measure) -> SideRow:
    first = float(runs[0].metrics[measure.metric])
    deviation = side.deviation
    return SideRow(
        label=label,
        run=run_link(runs[0]),
        others=tuple(run_link(run) for run in runs[1:_RUNS_SHOWN]),
        more=max(0, len(runs) - _RUNS_SHOWN),
        count=len(runs),
        value=display.number(first),
        exact=repr(first),
        mean=display.number(side.mean),
        deviation=None if deviation is None else _rough(deviation),
    )


def _of_training(new: Side, old: Side) -> str:
    if len(new.values) > 1 and len(old.values) > 1:
        return (
            f"from {len(new.values)} and {len(old.values)} runs that differ by their seeds (Welch)"
        )
    many = max(len(new.values), len(old.values))
    return f"from the spread of {many} runs on one side; the other is a single run"


def _strips(spans: Sequence[tuple[str, Span, str]], measure: Measure) -> tuple[Evidence, ...]:
    """All intervals on one scale, with the place where there is no difference."""
    ends = [0.0, *(end for _, span, _ in spans for end in span if math.isfinite(end))]
    room = (max(ends) - min(ends)) * 0.08 or 1.0
    scale = Scale(min(ends) - room, max(ends) + room)
    return tuple(
        Evidence(
            about=about,
            word=span.word(measure),
            low=_signed(span.low),
            high=_signed(span.high),
            from_=percent(scale.share(span.low)),
            width=percent(scale.share(span.high) - scale.share(span.low)),
            middle=percent(scale.share(span.low / 2 + span.high / 2)),
            zero=percent(scale.share(0.0)),
            says=says,
        )
        for about, span, says in spans
        if math.isfinite(span.low) and math.isfinite(span.high)
    )


def _cautions(sides: Sides, new: Side, old: Side, paired: OnCases | None) -> list[str]:
    found = []
    if len(new.values) == len(old.values) == 1:
        found.append(
            "One run each says nothing of the chance in training: run both again with other seeds."
        )
    elif 1 in (len(new.values), len(old.values)):
        found.append("One side is a single run, held against the spread of the other side.")
    if sides.tried > len(sides.new):
        found.append(
            f"The best of {sides.tried} runs was chosen by the same metric: part of its lead "
            "is the luck of being chosen."
        )
    if paired is None:
        data = _judged_alike(sides.new[0], sides.old[0])
        if data is not None:
            found.append(data)
    commits = {run.code.commit for run in sides.new if run.code and run.code.commit}
    if len(commits) > 1:
        found.append(f"Its replicates ran {len(commits)} different commits of the code.")
    return found


def _judged_alike(new: Run, old: Run) -> str | None:
    """A doubt, where the records do not say that both were judged on the same data."""
    one, other = _judged_on(new), _judged_on(old)
    for role in _JUDGED:
        if role in one and role in other:
            if one[role] == other[role]:
                return None
            return f"They were judged on different data ({role})."
    return "The records do not say whether both were judged on the same data."


def _judged_on(run: Run) -> dict[str, list[tuple[str, str]]]:
    """By role, what the data are known by; only where there is something."""
    found: dict[str, list[tuple[str, str]]] = {}
    for dataset in run.data:
        known = dataset.dvc or dataset.version or (dataset.rows is not None and str(dataset.rows))
        if dataset.role in _JUDGED and known:
            found.setdefault(dataset.role, []).append((dataset.name, known))
    return {role: sorted(named) for role, named in found.items()}


def _signed(value: float) -> str:
    text = _rough(value)
    return text if value < 0 or not value else f"+{text}"


def _rough(value: float) -> str:
    """Three digits: a difference is not known better."""
    if not value or not math.isfinite(value) or not 1e-4 <= abs(value) < 1e6:
        return display.number(value)
    return display.number(float(f"{value:.3g}"))


def on_same_cases(
    new: Run, old: Run, ours: Sequence[EvaluationSet], theirs: Sequence[EvaluationSet],
    measure: Measure, paired: Paired,
) -> OnCases | None:  # fmt: skip
    """The paired interval, where both kept scores of the same cases and the metric is their AUC."""
    for one in ours:
        for other in theirs:
            if not _same_cases(one, other):
                continue
            if not (_is_of(one, new, measure) and _is_of(other, old, measure)):
                continue
            sample, beside = one.sample, other.sample
            assert sample is not None
            assert beside is not None
            known = [
                (bool(truth), score, their)
                for truth, score, their in zip(
                    sample.truth, sample.scores, beside.scores, strict=True
                )
                if truth is not None and score is not None and their is not None
            ]
            if sum(truth for truth, _, _ in known) < 2 or sum(not t for t, _, _ in known) < 2:
                continue
            truth, mine, others = zip(*known, strict=True)
            _, low, high = paired(truth, mine, others)
            return OnCases(Span(low, high), len(known), one.cases)
    return None


def _same_cases(one: EvaluationSet, other: EvaluationSet) -> bool:
    return (
        one.task == other.task == "binary"
        and one.cases_digest == other.cases_digest
        and one.sample is not None
        and other.sample is not None
        and one.sample.picked == other.sample.picked
        and one.sample.truth == other.sample.truth
        and len(one.sample.scores) == len(other.sample.scores)
    )


def _is_of(one: EvaluationSet, run: Run, measure: Measure) -> bool:
    """True where the metric is the AUC of these predictions, not of some others."""
    value = run.metrics.get(measure.metric)
    return one.auc is not None and value is not None and abs(one.auc - value) < 5e-4
