"""Metrics and params files between two commits, as DVC itself reads and compares them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from gitrack.config.yaml_bombs import stands_for
from gitrack.errors import GitrackError, MissingExtra, NotFound, UsageError
from gitrack.store.git.repository import Repository

#: What DVC calls the files as they lie in the working tree.
WORKSPACE = "workspace"

#: file → name → `old`, `new` and, of numbers, `diff`: what `dvc metrics diff --json` prints.
Differences = dict[str, dict[str, dict[str, Any]]]
Kind = Literal["metrics", "params"]

#: More than params and metrics have; DVC holds them all in memory.
_MOST_VALUES = 1_000_000
#: Where YAML has an alias, and some places where it has none.
_ALIAS = r"(^|[[:space:],:[{-])\*[^[:space:]*]"


class FilesDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What differs. `faults` are sentences about what could not be read."""

    old: str
    new: str
    metrics: Differences | None = None
    params: Differences | None = None
    faults: list[str] = []


class DvcRefused(GitrackError):
    """DVC could not do what it was asked to; the sentence is DVC's own."""


def diff_files(
    old: str = "HEAD",
    new: str = WORKSPACE,
    *,
    kinds: Sequence[Kind] = ("metrics", "params"),
    targets: Sequence[str] = (),
    everything: bool = False,
) -> FilesDiff:
    """Compare the metrics and params files that dvc.yaml declares, in two revisions of git.

    Paths are relative to the current folder. `targets` are files to compare instead, `everything`
    keeps what is the same. Raises MissingExtra without DVC, UsageError outside of a DVC project,
    NotFound for a revision that git does not know, and DvcRefused.
    """
    try:
        from dvc.exceptions import DvcException, NotDvcRepoError
        from dvc.repo import Repo
        from dvc.scm import RevError
    except ImportError as error:
        raise MissingExtra("comparing metrics and params files", "dvc", "dvc") from error
    found: dict[str, Differences] = {}
    faults: list[str] = []
    try:
        with Repo() as repo:
            for revision in (old, new):
                _no_bombs(Path(repo.root_dir), revision)
            for kind in kinds:
                compared = getattr(repo, kind).diff(
                    a_rev=old, b_rev=new, targets=list(targets) or None, all=everything
                )
                found[kind] = _here(compared.get("diff", {}), repo.root_dir)
                faults += _faults(kind, compared.get("errors", {}))
    except NotDvcRepoError as error:
        hint = "compare two runs, or type  gitrack init  to make this a DVC project"
        raise UsageError(f"there is no DVC project here: {error}", hint=hint) from error
    except RevError as error:
        raise NotFound(str(error), hint="'git log' shows commits, 'git tag' tags") from error
    except DvcException as error:
        raise DvcRefused(" ".join(str(error).split())) from error
    return FilesDiff(
        old=old,
        new=new,
        metrics=found.get("metrics"),
        params=found.get("params"),
        faults=faults,
    )


def _no_bombs(root: Path, revision: str) -> None:
    """DVC writes every alias out: a file of 1 kB can stand for more than any memory holds.

    Raises DvcRefused for such a file of a commit, which may be anybody's; the working tree is one's
    own, and what git cannot find there DVC tells better.
    """
    if revision == WORKSPACE:
        return
    repository = Repository.discover(root)
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = repository.run(*asked).out.decode("ascii").strip()
    if not commit:
        return
    names = ("*.yaml", "*.yml", "dvc.lock", "*.dvc")
    search = ("grep", "--name-only", "--null", "--full-name", "-I", "-E", "-e", _ALIAS)
    found = repository.run(*search, commit, "--", *names)
    for place in filter(None, found.out.split(b"\0")):
        name = place.decode("utf-8", "surrogateescape")
        done = repository.run("cat-file", "blob", name)
        if done.code == 0 and stands_for(done.out, _MOST_VALUES) > _MOST_VALUES:
            raise DvcRefused(
                f"{name.partition(':')[2]} in {revision} stands for more than {_MOST_VALUES:,} "
                "values once its aliases are written out",
                hint="compare other commits",
            )


def _here(differences: Differences, root: str) -> Differences:
    """With paths from the current folder, as DVC prints them."""
    start = os.path.relpath(os.getcwd(), root)  # noqa: PTH109 - as DVC does it
    return {os.path.relpath(path, start): values for path, values in differences.items()}


def _faults(kind: str, errors: dict[str, Any]) -> list[str]:
    said = []
    for revision, trouble in errors.items():
        each = trouble.items() if isinstance(trouble, dict) else [("", trouble)]
        for path, error in each:
            if path and isinstance(error, FileNotFoundError):
                said.append(f"{path} is not there in {revision}")
                continue
            why = " ".join(str(error).split())[:400] or type(error).__name__
            said.append(f"{kind} of {path or 'dvc.yaml'} in {revision} cannot be read: {why}")
    return said
