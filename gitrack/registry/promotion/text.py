"""What reviewers read: the gates with their values, and what differs from the present occupant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from shlex import quote
from typing import NamedTuple

from gitrack.errors import GitrackError
from gitrack.model.display import plain
from gitrack.model.promotion import Outcome, Promotion, Verdict
from gitrack.model.ranking import telling
from gitrack.model.run import Run, Status
from gitrack.registry.gates.case import Standing
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.hosts.place import Host
from gitrack.registry.promotion.markdown import code, prose, table
from gitrack.registry.promotion.plan import Planned
from gitrack.registry.promotion.ranges import code_range
from gitrack.store.layout import RECORD

#: GitHub takes 65,536 characters, others more.
LONGEST_TEXT = 60_000

_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.WAITING: "⏳"}
_WORST_FIRST = (Outcome.FAILED, Outcome.WAITING, Outcome.PASSED)
_MOST_METRICS = 40
_MOST = 30


class Side(NamedTuple):
    """A version with its run and where that lies."""

    version: int
    run: Run
    folder: str


class Sides(NamedTuple):
    """Whom a promotion brings, and who stands there now."""

    ours: Side
    theirs: Side | None


def text_of(opened: OpenRegistry, planned: Planned, host: Host | None) -> str:
    """The text of the pull request, as Markdown. Nothing in it that a record says is markup."""
    promotion, sides = planned.promotion, _sides(planned)
    parts: list[Callable[[], Iterator[str]]] = [
        lambda: _head(promotion, sides.ours.run),
        lambda: _gates(promotion),
        lambda: _metrics(sides),
        lambda: _code(opened, sides, host),
        lambda: _data(sides),
        lambda: _differences("Params", sides, lambda run: run.params),
        lambda: _environment(opened, sides, promotion.base),
        lambda: _lineage(promotion, sides),
        lambda: _foot(planned.id, promotion),
    ]
    sections = ["\n".join(lines) for part in parts if (lines := list(part()))]
    text = "\n\n".join(sections) + "\n"
    while len(text) > LONGEST_TEXT and len(sections) > 3:
        sections.pop(-2)  # the gates come first, the way back last
        text = "\n\n".join([*sections[:-1], "More would not fit.", sections[-1]]) + "\n"
    return text


def _sides(planned: Planned) -> Sides:
    case = planned.case
    try:
        other = case.occupant(planned.promotion.to)
    except GitrackError:  # whoever stands there has no run any more, which the gates say
        other = None
    return Sides(_side(case.standing), None if other is None else _side(other))


def _side(standing: Standing) -> Side:
    return Side(standing.version.version, standing.run, standing.path.rpartition("/")[0])


def _head(promotion: Promotion, run: Run) -> Iterator[str]:
    if promotion.draft:
        yield "**A draft: it does not pass its gates, and is not to be merged.**"
        yield ""
    what = "Rolls back to" if promotion.kind == "rollback" else "Promotes"
    source = f" from {code(promotion.source)}" if promotion.source else ""
    yield (
        f"{what} {code(promotion.model)} version **{promotion.version}**{source} to "
        f"**{promotion.to}**, asked for by {code(promotion.by)}:"
    )
    yield ""
    yield f"> {prose(promotion.why)}"
    if run.status is not Status.FINISHED:
        yield ""
        yield f"⚠️ Its run did not finish: it is {run.status}."
    for versions, what in (
        (promotion.archived, "to the archive"),
        (promotion.kept, "kept beside it"),
    ):
        if versions:
            yield ""
            yield f"{', '.join(f'v{version}' for version in versions)}: {what}."


def _gates(promotion: Promotion) -> Iterator[str]:
    yield f"### Gates{_counted(promotion.verdicts)}"
    yield ""
    if not promotion.verdicts:
        yield "None is asked for."
        return
    headers = ("", "gate", "value", "rule", "margin", "baseline", "from")
    yield from table(headers, map(_verdict, promotion.verdicts), most=100)
    for verdict in promotion.verdicts:
        if verdict.outcome is not Outcome.PASSED:
            yield ""
            yield f"{_MARKS[verdict.outcome]} {code(verdict.gate)}: {prose(verdict.says)}"


def _counted(verdicts: Iterable[Verdict]) -> str:
    """`: 2 failed, 1 waiting, 6 passed`, which decides whether to read on."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    told = [f"{counts[which]} {which}" for which in _WORST_FIRST if counts[which]]
    return f": {', '.join(told)}" if told else ""


def _verdict(verdict: Verdict) -> tuple[str, ...]:
    gate = code(verdict.gate) + (f" (of {code(verdict.via)})" if verdict.via else "")
    return (
        _MARKS[verdict.outcome],
        gate,
        _value(verdict.value),
        _value(verdict.required),
        "" if verdict.margin is None else code(f"{verdict.margin:+.4g}"),
        "" if verdict.baseline is None else _value(verdict.baseline),
        code(verdict.nearby) if verdict.source else "",
    )


def _metrics(sides: Sides) -> Iterator[str]:
    ours, theirs = sides
    names = sorted(ours.run.metrics, key=telling)
    if theirs is None:
        yield "### Metrics"
        yield ""
        yield from table(
            ("metric", f"v{ours.version}"),
            ((code(name), _value(ours.run.metrics[name])) for name in names),
            most=_MOST_METRICS,
        )
        return
    others = theirs.run.metrics
    names += [name for name in sorted(others, key=telling) if name not in ours.run.metrics]
    yield f"### Metrics against v{theirs.version}, which stands there now"
    yield ""
    rows = []
    for name in names:
        mine, other = ours.run.metrics.get(name), others.get(name)
        gap = "" if mine is None or other is None else f"{mine - other:+.4g}"
        rows.append((code(name), _value(mine), _value(other), code(gap) if gap else ""))
    headers = ("metric", f"v{ours.version}", f"v{theirs.version}", "difference")
    yield from table(headers, rows, most=_MOST_METRICS)


def _code(opened: OpenRegistry, sides: Sides, host: Host | None) -> Iterator[str]:
    new = sides.ours.run.code
    old = sides.theirs.run.code if sides.theirs is not None else None
    if new is None or new.commit is None:
        yield "### Code"
        yield ""
        yield "The run does not say which code it ran."
        return
    yield "### Code"
    yield ""
    yield from code_range(opened, old.commit if old else None, new.commit, host)
    if new.dirty:
        yield ""
        yield "The run had changes that were not committed; its `code.patch` has them."


def _data(sides: Sides) -> Iterator[str]:
    ours = {_key(data): data for data in sides.ours.run.data}
    theirs = {_key(data): data for data in sides.theirs.run.data} if sides.theirs else {}
    rows = []
    for key in dict.fromkeys([*theirs, *ours]):
        new, old = ours.get(key), theirs.get(key)
        if new != old:
            rows.append((code(key), _dataset(new), _dataset(old)))
    if not rows:
        return
    yield "### Data"
    yield ""
    if sides.theirs is None:
        yield from table(("data", f"v{sides.ours.version}"), [row[:2] for row in rows], most=_MOST)
    else:
        headers = ("data", f"v{sides.ours.version}", f"v{sides.theirs.version}")
        yield from table(headers, rows, most=_MOST)


def _key(data: object) -> str:
    name, role = getattr(data, "name", ""), getattr(data, "role", None)
    return f"{name} ({role})" if role else str(name)


def _dataset(data: object) -> str:
    if data is None:
        return "—"
    parts = []
    for field in ("version", "dvc", "table_version", "uri", "path"):
        value = getattr(data, field, None)
        if value is not None:
            parts.append(code(value, widest=80))
            break
    rows = getattr(data, "rows", None)
    return " ".join(parts) + (f" {rows:,} rows" if isinstance(rows, int) else "")


def _differences(
    what: str, sides: Sides, pick: Callable[[Run], Mapping[str, object]]
) -> Iterator[str]:
    """A table of what is not the same on both sides."""
    if sides.theirs is None:
        return
    yield from _compared(what, sides, pick(sides.ours.run), pick(sides.theirs.run))


def _compared(
    what: str, sides: Sides, ours: Mapping[str, object], theirs: Mapping[str, object]
) -> Iterator[str]:
    if sides.theirs is None:
        return
    names = [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]
    if not names:
        return
    yield f"### {what}"
    yield ""
    rows = ((code(name), _value(ours.get(name)), _value(theirs.get(name))) for name in names)
    headers = ("", f"v{sides.ours.version}", f"v{sides.theirs.version}")
    yield from table(headers, rows, most=_MOST)


def _environment(opened: OpenRegistry, sides: Sides, base: str) -> Iterator[str]:
    if sides.theirs is None:
        return
    ours, theirs = (
        {**_machine(side.run), **_packages(opened, side, base)}
        for side in (sides.ours, sides.theirs)
    )
    yield from _compared("Environment", sides, ours, theirs)


def _machine(run: Run) -> dict[str, object]:
    if run.environment is None:
        return {}
    fields = ("python", "image", "os", "gpu")
    found = {name: getattr(run.environment, name) for name in fields}
    return {name: value for name, value in found.items() if value is not None}


def _packages(opened: OpenRegistry, side: Side, base: str) -> dict[str, object]:
    """The versions of packages, as the run froze them; none where the file is not there."""
    try:
        data = opened.branch.read(f"{side.folder}/environment.txt", at=base)
    except GitrackError:
        return {}
    found: dict[str, object] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        name, equals, version = line.partition("==")
        if equals and name.strip():
            found[name.strip()] = version.strip()
    return found


def _lineage(promotion: Promotion, sides: Sides) -> Iterator[str]:
    run = sides.ours.run
    yield "### Where it comes from"
    yield ""
    used = [f"{use.name}:v{use.version}" if use.name else use.uri or use.path for use in run.uses]
    inputs = [_key(data) for data in run.data] + [text for text in used if text]
    shown = ", ".join(code(text, widest=80) for text in inputs[:8]) or "no recorded data"
    more = f" and {len(inputs) - 8} more" if len(inputs) > 8 else ""
    yield f"{shown}{more} → run {code(run.id)} ({code(run.name)}, experiment"
    yield f"{code(run.experiment)}) → {code(promotion.model)} version {promotion.version}"
    yield ""
    yield f"Its record: {code(f'{sides.ours.folder}/{RECORD}')}"


def _foot(id: str, promotion: Promotion) -> Iterator[str]:
    yield "### The way back"
    yield ""
    yield "```"
    yield f'gitrack rollback {quote(promotion.model)} --stage {promotion.to} --why "…"'
    yield "```"
    yield "or revert this pull request."
    yield ""
    judged = f"Judged at {promotion.at} on {code(promotion.base)} of the tracking branch"
    if promotion.policy is not None:
        judged += f", by the policy {code(promotion.policy.sha256[:12])}"
        if promotion.policy.commit:
            judged += f" of {code(promotion.policy.commit[:12])}"
    yield f"{judged}. Recorded as {code(id)}."


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return plain(value) or "—"
    return code(plain(value))
