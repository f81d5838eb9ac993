"""Names of artifacts: paths that every system can hold, and that DVC does not obey."""

from __future__ import annotations

from gitrack.errors import ArtifactError, InvalidName
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


def refuse_repository(relative: str, where: object) -> None:
    """Raise ArtifactError for a file of a git repository inside of a folder.

    Its settings name programs, which git runs for whoever goes into the folder.
    """
    if "git" not in relative.casefold():
        return
    for part in relative.replace("\\", "/").casefold().split("/"):
        if part.rstrip(". ") in (".git", "git~1"):
            raise ArtifactError(
                f"{where} holds {relative[:80]!r}: a git repository, whose settings could run "
                "programs here",
                hint="fetch what else it holds by its path, as in NAME:VERSION/FILE",
            )
