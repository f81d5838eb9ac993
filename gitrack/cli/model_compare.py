"""What `gitrack model compare` prints: all in which two versions of a model differ, a row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gitrack.cli.differences import Row, run_rows
from gitrack.cli.sections import shown
from gitrack.registry.evidence import junit as reports

if TYPE_CHECKING:
    from gitrack.analysis.version_diff import ComparedVersions
    from gitrack.model.registered import Proof

_NONE = "-"


def rows(found: ComparedVersions) -> Iterator[Row]:
    """What differs, a row each."""
    old, new = found.old, found.new
    yield from _unlike("stages", "", ", ".join(old.stages), ", ".join(new.stages))
    yield from _unlike("aliases", "", _at(old.aliases), _at(new.aliases))
    about = (old.version.description or "", new.version.description or "")
    yield from _unlike("about", "", *about)
    yield from _unlike("run", "", old.version.run, new.version.run)
    yield from _unlike("artifact", "", old.version.artifact, new.version.artifact)
    yield from _maps("tag", _texts(old.version.tags), _texts(new.version.tags))
    yield from _maps("evidence", _facts(old.evidence), _facts(new.evidence))
    if found.code_range is not None:
        yield "code", "commits", *found.code_range.range.split(".."), found.code_range.told
    yield from run_rows(found.runs)


def _facts(evidence: Mapping[str, Proof]) -> dict[str, str]:
    return {
        kind: ("passed" if proof.passed else "NOT PASSED")
        + (f", {reports.told(proof.junit)}" if proof.junit is not None else "")
        for kind, proof in evidence.items()
    }


def _texts(tags: Mapping[str, Any]) -> dict[str, str]:
    return {key: shown(value) for key, value in tags.items()}


def _maps(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Row]:
    for key in sorted({*old, *new}):
        yield from _unlike(what, key, old.get(key, ""), new.get(key, ""))


def _unlike(what: str, name: str, old: str, new: str) -> Iterator[Row]:
    if old != new:
        yield what, name, old or _NONE, new or _NONE, ""


def _at(aliases: list[str]) -> str:
    return ", ".join(f"@{alias}" for alias in aliases)
