"""What `gitrack model compare` says: all in which two versions of a model differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.analysis.run_diff import RunDiff, diff_runs
from gitrack.cli.differences import Row, packages_of, run_rows
from gitrack.cli.sections import shown
from gitrack.cli.standing import standing
from gitrack.registry.evidence import junit as reports

if TYPE_CHECKING:
    from gitrack.model.registered import ModelVersion, Proof
    from gitrack.model.run import Code, Run
    from gitrack.registry.opened import OpenRegistry
    from gitrack.store.registry import Registry

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.ASCII)
_NONE = "-"


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it is compared. `evidence` has the latest of each kind."""

    version: ModelVersion
    stages: list[str]
    aliases: list[str]
    evidence: dict[str, Proof]

    @property
    def name(self) -> str:
        """`v7`."""
        return f"v{self.version.version}"


class CodeRange(msgspec.Struct, frozen=True, kw_only=True):
    """The commits of the code between two runs; None where this clone lacks one of the two."""

    range: str
    ahead: int | None = None
    behind: int | None = None

    @property
    def told(self) -> str:
        """`12 commits`, and how many the newer one lacks."""
        if self.ahead is None or self.behind is None:
            return "this clone lacks one of the two commits"
        lacks = f", without {self.behind:,} of the other's" if self.behind else ""
        return f"{self.ahead:,} {'commit' if self.ahead == 1 else 'commits'}{lacks}"


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions of one model, and what differs in their runs."""

    model: str
    old: Side
    new: Side
    code_range: CodeRange | None
    runs: RunDiff

    def rows(self) -> Iterator[Row]:
        """What differs, a row each."""
        old, new = self.old, self.new
        yield from _unlike("stages", "", ", ".join(old.stages), ", ".join(new.stages))
        yield from _unlike("aliases", "", _at(old.aliases), _at(new.aliases))
        about = (old.version.description or "", new.version.description or "")
        yield from _unlike("about", "", *about)
        yield from _unlike("run", "", old.version.run, new.version.run)
        yield from _unlike("artifact", "", old.version.artifact, new.version.artifact)
        yield from _maps("tag", _texts(old.version.tags), _texts(new.version.tags))
        yield from _maps("evidence", _facts(old.evidence), _facts(new.evidence))
        if self.code_range is not None:
            yield "code", "commits", *self.code_range.range.split(".."), self.code_range.told
        yield from run_rows(self.runs)


def compare(
    opened: OpenRegistry, registry: Registry, name: str, old: str, new: str, *, everything: bool
) -> Compared:
    """Raises NotFound, UnreadableFile. `everything` keeps what is the same in both runs."""
    sides = _side(registry, name, old), _side(registry, name, new)
    folders = [opened.store.find(side.version.run) for side in sides]
    first, second = (opened.store.run(folder) for folder in folders)
    packages = packages_of(opened.store, folders[0]), packages_of(opened.store, folders[1])
    return Compared(
        model=name,
        old=sides[0],
        new=sides[1],
        code_range=_code_range(opened, first, second),
        runs=diff_runs(first, second, packages=packages, everything=everything),
    )


def _side(registry: Registry, name: str, reference: str) -> Side:
    version = registry.version(name, reference)
    stands = standing(registry, name, version.version)
    proofs = registry.proofs(name, version.version).values()
    return Side(
        version=version,
        stages=stands.stages,
        aliases=stands.aliases,
        evidence={proof.kind: proof for proof in proofs},
    )


def _code_range(opened: OpenRegistry, old: Run, new: Run) -> CodeRange | None:
    before, after = _commit(old.code), _commit(new.code)
    if before is None or after is None or before == after:
        return None
    named = f"{before[:12]}..{after[:12]}"
    asked = ("rev-list", "--left-right", "--count", f"{before}...{after}", "--")
    done = opened.repository.run(*asked)
    if done.code:
        return CodeRange(range=named)
    behind, ahead = map(int, done.out.split())
    return CodeRange(range=named, ahead=ahead, behind=behind)


def _commit(code: Code | None) -> str | None:
    """A record is a stranger's: only what can be nothing but a commit goes to git."""
    commit = code.commit if code is not None else None
    return commit if commit is not None and _COMMIT.match(commit) else None


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
