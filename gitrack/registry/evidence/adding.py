"""Evidence about a version is added: once, under the lock, never in the place of another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from gitrack.errors import UsageError
from gitrack.model import moments
from gitrack.model.names import evidence_kind
from gitrack.model.registered import JUnitCount, Proof
from gitrack.registry import written
from gitrack.registry.evidence import junit as reports
from gitrack.registry.messages import version_message
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.registering import known_model
from gitrack.retrieval.uris import recorded
from gitrack.store.branch import Plan
from gitrack.store.codec.records import dump_record
from gitrack.store.registry import Registry
from gitrack.store.registry.checks import place_of_proof
from gitrack.store.registry.paths import REGISTRY, SUFFIX, evidence_path

Level = Literal["bitwise", "tolerance", "statistical"]

_MOST_LINKS = 50
#: Clocks of two machines differ by so much without anybody being to blame.
_SLACK = timedelta(minutes=5)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def add_evidence(
    opened: OpenRegistry,
    name: str,
    reference: int | str,
    kind: str,
    *,
    passed: bool = True,
    begin: str | datetime | None = None,
    end: str | datetime | None = None,
    junit: Iterable[str] = (),
    links: Iterable[str] = (),
    note: str | None = None,
    level: Level | None = None,
    details: Mapping[str, Any] | None = None,
) -> Proof:
    """Record a fact about a version, which a gate may ask for. Who and when come of themselves.

    `begin` and `end` (until now, unless given) say for how long something was watched. `junit`
    are reports, or patterns that find some: a failed test makes the fact one against the version.
    Raises NotFound, UsageError, InvalidName, UnreadableFile for what is no report.
    """
    wanted = evidence_kind(kind)
    if level is not None and level not in get_args(Level):
        raise UsageError(f"level {level!r} is none", hint=f"one of {', '.join(get_args(Level))}")
    fact: dict[str, Any] = {
        "links": _links(links),
        "note": None if note is None else written.prose(opened.place, "a note", note),
        "details": written.labels(opened.place, details or {}),
        "level": level,
    }
    counted = _counted(junit)
    if counted is not None:
        fact["junit"] = counted
        passed = passed and reports.passed(counted)
    by, now = opened.author(), moments.now()
    since, until = _watched(begin, end, now)
    done: list[Proof] = []

    def plan(tip: str | None) -> Plan:
        registry = opened.reader(at=tip)
        model = known_model(registry, name)
        version = registry.version(model, reference)
        _not_before(since, version.run, f"{model} v{version.version}")
        spelled, stem = _free(registry, model, version.version, wanted)
        proof = Proof(
            kind=spelled,
            version=version.version,
            run=version.run,
            passed=bool(passed),
            recorded=now,
            by=by,
            begin=since,
            end=until,
            **fact,
        )
        done.append(proof)
        said = f"evidence {spelled} ({'passed' if proof.passed else 'not passed'})"
        message = version_message(model, version.version, said, {"Evidence": spelled})
        path = evidence_path(model, version.version, stem)
        return Plan({path: dump_record(proof)}, message)

    opened.branch.commit_on_tip(plan)
    return done[-1]


def _counted(junit: Iterable[str]) -> JUnitCount | None:
    patterns = [junit] if isinstance(junit, str) else [str(pattern) for pattern in junit]
    return reports.read_reports(patterns) if patterns else None


def _links(links: Iterable[str]) -> list[str]:
    """What people may click: URIs that open something, without what lets somebody in."""
    given = [links] if isinstance(links, str) else list(links)
    if len(given) > _MOST_LINKS:
        raise UsageError(f"{len(given)} links are more than {_MOST_LINKS}", hint="link one page")
    return [recorded(link) for link in given]


def _watched(
    begin: str | datetime | None, end: str | datetime | None, now: str
) -> tuple[str | None, str | None]:
    """From when until when, checked against each other and the clock. Raises UsageError."""
    if begin is None and end is None:
        return None, None
    if begin is None:
        raise UsageError(f"the evidence ends ({end}) and does not begin", hint="add --from TIME")
    since = _moment(begin, "begins")
    until = moments.read(now) if end is None else _moment(end, "ends")
    if since >= until:
        raise UsageError(
            f"the evidence begins ({moments.written(since)}) and ends no later "
            f"({moments.written(until)})",
            hint="exchange the two times" if since > until else "give the time of day, too",
        )
    if until > moments.read(now) + _SLACK:
        raise UsageError(
            f"the evidence ends at {moments.written(until)}, which is yet to come",
            hint="record it when it is over; without --to it ends now",
        )
    return moments.written(since), moments.written(until)


def _moment(when: str | datetime, what: str) -> datetime:
    try:
        return moments.read(when.isoformat() if isinstance(when, datetime) else when.strip())
    except (ValueError, AttributeError, OverflowError):
        raise UsageError(
            f"the evidence {what} at {str(when)[:60]!r}, which is no time",
            hint="write 2026-05-22 or 2026-05-22T09:30 (UTC unless it says otherwise)",
        ) from None


def _not_before(since: str | None, run: str, what: str) -> None:
    """Nobody watched a model before there was one. A run's id begins with the day of its start."""
    made = f"{run[:4]}-{run[4:6]}-{run[6:8]}"
    if since is not None and _DAY.match(made) and since[:10] < made:
        raise UsageError(
            f"the evidence begins on {since[:10]}, before the run of {what} ({made})",
            hint="is it about another version?",
        )


def _free(registry: Registry, model: str, number: int, kind: str) -> tuple[str, str]:
    """The kind as it is spelled there, and a file name that nobody has taken: append-only."""
    folder = f"{REGISTRY}/{model}/evidence/{number}"
    there = [
        name.removesuffix(SUFFIX) for name in registry.branch.children(folder, at=registry.commit)
    ]
    kinds = {proof.kind for proof in registry.proofs(model, number).values()}
    spelled = written.spelled(kind, kinds)
    taken = {stem.casefold() for stem in there}
    places = [place_of_proof(stem.casefold(), spelled.casefold()) or 0 for stem in there]
    place = max(places, default=0) + 1
    stem = spelled if place == 1 else f"{spelled}-{place}"
    while stem.casefold() in taken:  # of another kind, which is called so
        place += 1
        stem = f"{spelled}-{place}"
    return spelled, stem
