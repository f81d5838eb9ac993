"""Names of artifacts: paths that every system can hold, and that DVC does not obey."""

from __future__ import annotations

from gitrack.errors import InvalidName
from gitrack.model.names import artifact_path

#: DVC reads a file of this name wherever it lies, and fails at all others if it is not its own.
_OBEYED = frozenset({"dvc.yaml", "dvc.lock"})


def check_name(name: object) -> str:
    """The path below `artifacts/` under which an artifact is kept, or InvalidName."""
    path = artifact_path(name)
    for part in path.split("/"):
        if part.casefold() in _OBEYED or part.casefold().endswith(".dvc"):
            raise InvalidName(
                "artifact path",
                path,
                f"has the part {part!r}, which DVC would obey instead of keep",
                hint=f"call it {part.replace('.', '-') + '.txt'!r}",
            )
    return path


def may_lie_on_branch(relative: str) -> bool:
    """True if a file of a folder can go to git as it is named."""
    try:
        return check_name(relative) == relative
    except InvalidName:
        return False
