"""What differs between two versions of a registered model: what is said of them, their runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from gitrack.analysis.run_diff import RunDiff, diff_runs
from gitrack.errors import NotFound
from gitrack.model.registered import ModelVersion, Proof
from gitrack.model.run import Code, Run

if TYPE_CHECKING:
    from gitrack.store.git.repository import Repository
    from gitrack.store.registry import Registry
    from gitrack.store.runs import RunStore

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.ASCII)


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


class ComparedVersions(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions of one model, and what differs in their runs."""

    model: str
    old: Side
    new: Side
    code_range: CodeRange | None
    runs: RunDiff


def compare_versions(
    name: str, old: int | str, new: int | str, *, everything: bool = False
) -> ComparedVersions:
    """All in which two versions of a registered model differ.

    Each is a number, a stage or an alias. `everything` keeps what is the same in both runs. Raises
    NotFound, and UnreadableFile for a record that cannot be read.
    """
    from gitrack.store import open_store
    from gitrack.store.git.branch import GitBranch
    from gitrack.store.registry import Registry

    store = open_store()
    branch = store.branch
    repository = branch.repository if isinstance(branch, GitBranch) else None
    return compared(store, repository, Registry(branch), name, old, new, everything=everything)


def compared(
    store: RunStore,
    repository: Repository | None,
    registry: Registry,
    name: str,
    old: int | str,
    new: int | str,
    *,
    everything: bool,
) -> ComparedVersions:
    """The same, of what is open already."""
    sides = _side(registry, name, old), _side(registry, name, new)
    folders = [store.find(side.version.run) for side in sides]
    first, second = (store.run(folder) for folder in folders)
    packages = _packages(store, folders[0]), _packages(store, folders[1])
    return ComparedVersions(
        model=name,
        old=sides[0],
        new=sides[1],
        code_range=None if repository is None else _code_range(repository, first, second),
        runs=diff_runs(first, second, packages=packages, everything=everything),
    )


def _side(registry: Registry, name: str, reference: int | str) -> Side:
    version = registry.version(name, reference)
    number = version.version
    return Side(
        version=version,
        stages=[stage for stage, held in registry.stages(name).items() if number in held],
        aliases=[alias for alias, held in registry.aliases(name).items() if held == number],
        evidence={proof.kind: proof for proof in registry.proofs(name, number).values()},
    )


def _packages(store: RunStore, folder: str) -> str | None:
    try:
        return store.read(f"{folder}/environment.txt").decode("utf-8", "replace")
    except NotFound:
        return None


def _code_range(repository: Repository, old: Run, new: Run) -> CodeRange | None:
    before, after = _commit(old.code), _commit(new.code)
    if before is None or after is None or before == after:
        return None
    named = f"{before[:12]}..{after[:12]}"
    asked = ("rev-list", "--left-right", "--count", f"{before}...{after}", "--")
    done = repository.run(*asked)
    if done.code:
        return CodeRange(range=named)
    behind, ahead = map(int, done.out.split())
    return CodeRange(range=named, ahead=ahead, behind=behind)


def _commit(code: Code | None) -> str | None:
    """A record is a stranger's: only what can be nothing but a commit goes to git."""
    commit = code.commit if code is not None else None
    return commit if commit is not None and _COMMIT.match(commit) else None
