"""The bytes of the version's artifact: which they are, and bringing them here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.errors import ArtifactError, NotFound
from gitrack.registry.gates.case import CannotJudge, Case, Standing

if TYPE_CHECKING:
    from gitrack.retrieval import Located


def located(case: Case, standing: Standing, path: str) -> Located:
    """An artifact of a version's run, as its record has it. Raises NotFound, UnreadableFile."""
    from gitrack.retrieval import locate
    from gitrack.store.layout import RECORD

    folder = standing.path.removesuffix(f"/{RECORD}")
    return locate(case.store, f"runs:/{folder}/{path}")


def brought(case: Case, found: Located) -> Path:
    """Where the bytes are, fetched and held against their md5. Raises CannotJudge."""
    from gitrack.retrieval import obtain

    if not case.fetch and not is_here(case, found):
        raise CannotJudge(f"{found.path} is not here, and nothing is fetched")
    try:
        return obtain(case.store, case.opened.repository, found)
    except ArtifactError as error:
        raise CannotJudge(str(error)) from error


def is_here(case: Case, found: Located) -> bool:
    """True where no network is needed for an artifact."""
    if found.artifact.store == "git":
        return True
    if found.artifact.store == "uri":
        return False
    from gitrack.artifacts import cache_of
    from gitrack.artifacts.fetch import missing
    from gitrack.retrieval.obtain import pointer_of

    repository = case.opened.repository
    cache = cache_of(repository.worktree, repository.common_dir)
    try:
        return not missing(pointer_of(case.store, found), cache)
    except NotFound:
        return False
