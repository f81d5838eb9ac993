"""Two runs side by side for a page without scripts: what differs, and which is better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from gitrack.model.measure import Measure
from gitrack.model.run import Dataset, Run
from gitrack.site import display
from gitrack.site.goals import Goals
from gitrack.site.pages.frame import Cell, RunLink, run_link
from gitrack.site.pages.group import is_system, ranked_metrics

#: In each of the groups; the page with scripts has them all.
_MOST = 40


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A value of both; `change` is the way from one to the other, if they are numbers."""

    name: str
    goal: str | None
    one: Cell
    other: Cell
    change: str | None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from one run to the other; `same` values do not, `more` are not listed."""

    one: RunLink
    other: RunLink
    metric: str | None
    verdict: str
    groups: tuple[tuple[str, tuple[Line, ...]], ...]
    same: int
    more: int


def beside(one: Run, other: Run, goals: Goals) -> Beside:
    """The one is what the other is measured against."""
    measure = goals.measure([one, other])
    groups, same, more = [], 0, 0
    for title, lines, alike in _differing(one, other, measure, goals):
        same += alike
        more += max(0, len(lines) - _MOST)
        if lines:
            groups.append((title, tuple(lines[:_MOST])))
    return Beside(
        one=run_link(one),
        other=run_link(other),
        metric=measure.metric if measure else None,
        verdict=_verdict(one, other, measure),
        groups=tuple(groups),
        same=same,
        more=more,
    )


def _verdict(one: Run, other: Run, measure: Measure | None) -> str:
    """Which is better by the number alone."""
    ours = one.metrics.get(measure.metric) if measure else None
    theirs = other.metrics.get(measure.metric) if measure else None
    if measure is None or ours is None or theirs is None:
        return "has no result in common with"
    away = display.apart(theirs, ours)
    if away == 0:
        return "is level with"
    return "is ahead of" if (away > 0) == (measure.goal == "maximize") else "is behind"


def _differing(
    one: Run, other: Run, measure: Measure | None, goals: Goals
) -> Iterator[tuple[str, list[Line], int]]:
    """Groups of lines in the order of the page with scripts, and how many were alike."""
    names = [n for n in ranked_metrics([one, other], measure) if not is_system(n)]
    metrics = [_metric(n, one.metrics.get(n), other.metrics.get(n), goals) for n in names]
    kept = [line for line in metrics if line.one.exact != line.other.exact]
    yield "Metrics", kept, len(metrics) - len(kept)
    for title, ours, theirs in (
        ("Params", one.params, other.params),
        ("Tags", one.tags, other.tags),
        ("Seeds", one.seeds, other.seeds),
        ("Data", _data(one), _data(other)),
        ("Code", _code(one), _code(other)),
    ):
        yield (title, *_settings(ours, theirs))


def _metric(name: str, ours: float | None, theirs: float | None, goals: Goals) -> Line:
    change = None
    if ours is not None and theirs is not None:
        shown = display.number(display.apart(theirs, ours))
        change = shown if shown.startswith("-") else f"+{shown}"
    return Line(
        name=name,
        goal=goals.goal(name),
        one=Cell(name, display.number(ours), repr(ours)),
        other=Cell(name, display.number(theirs), repr(theirs)),
        change=change,
    )


def _settings(ours: Mapping[str, object], theirs: Mapping[str, object]) -> tuple[list[Line], int]:
    lines, same = [], 0
    for name in sorted({*ours, *theirs}):
        one, other = (_said(side, name) for side in (ours, theirs))
        if one.exact == other.exact:
            same += 1
        else:
            lines.append(Line(name=name, goal=None, one=one, other=other, change=None))
    return lines, same


def _said(side: Mapping[str, object], name: str) -> Cell:
    if name not in side:
        return Cell(name, "–", None)
    return Cell(name, display.setting(side[name]), repr(side[name]))


def _data(run: Run) -> dict[str, object]:
    """What it read, by name and role: the version, and the beginning of its digest."""
    found: dict[str, object] = {}
    for one in run.data:
        name = one.name if one.role in (None, one.name) else f"{one.name} ({one.role})"
        found[name] = _version(one)
    return found


def _version(one: Dataset) -> str:
    digest = (one.dvc or "").removeprefix("md5:")[:12]
    return " ".join(part for part in (one.version, digest) if part) or one.path or one.uri or "–"


def _code(run: Run) -> dict[str, object]:
    code = run.code
    told: dict[str, object] = {"command": run.command} if run.command else {}
    if code is not None and code.commit:
        told["commit"] = code.commit[:12]
        told["uncommitted changes"] = "yes" if code.dirty else "no"
    return told
