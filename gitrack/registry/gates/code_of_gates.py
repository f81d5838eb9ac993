"""Where gates of one's own run, and what they see of the environment.

A person who promotes runs them in the worktree, as any command. A check runs them in the code of
the very commit that its policy is from, with nothing of the environment that lets anybody in.
"""

from __future__ import annotations

import os
import re
import tempfile
import weakref
from pathlib import Path

from gitrack.config.project import POLICY_FILE
from gitrack.errors import ArtifactError, NotFound
from gitrack.registry.gates.case import Case
from gitrack.store.git.process import first_complaint

#: What programs need to start, and nothing that opens doors.
_HARMLESS = re.compile(
    r"(?:PATH|LANG|LANGUAGE|LC_\w+|TZ|TERM|COLUMNS|VIRTUAL_ENV|CONDA_PREFIX|LD_LIBRARY_PATH"
    r"|DYLD_LIBRARY_PATH|PYTHONPATH|PYTHONHOME|PYTHONHASHSEED|PYTHONUTF8|PYTHONIOENCODING"
    r"|OMP_NUM_THREADS|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|TMPDIR|TMP|TEMP"
    r"|SOURCE_DATE_EPOCH|CI)\Z",
    re.IGNORECASE | re.ASCII,
)

_folders: weakref.WeakKeyDictionary[Case, tempfile.TemporaryDirectory[str]] = (
    weakref.WeakKeyDictionary()
)


def folder(case: Case) -> Path:
    """The project's folder, as a person has it or as the policy's commit has it. NotFound."""
    if not case.checked:
        place = case.opened.place
        return place.root or place.folder
    used, source = case.ruling.used, case.ruling.source or ""
    if used is None or used.commit is None:
        raise NotFound(
            "the policy is not committed, so nobody knows the code of its gates",
            hint=f"commit {POLICY_FILE} to the code's default branch",
        )
    kept = _folders.get(case)
    if kept is None:
        kept = tempfile.TemporaryDirectory(prefix="gitrack-gate-")
        _extract(case, used.commit, Path(kept.name))
        _folders[case] = kept
    path = source.partition(":")[2]
    inside = path.removesuffix(POLICY_FILE).strip("/") if path.endswith(POLICY_FILE) else ""
    return Path(kept.name, "code", inside)


def environment(case: Case) -> dict[str, str]:
    """All of it for a person; in a check, what programs need to start."""
    if not case.checked:
        return dict(os.environ)
    kept = {name: value for name, value in os.environ.items() if _HARMLESS.match(name)}
    if case in _folders:
        home = Path(_folders[case].name, "home")
        home.mkdir(exist_ok=True)
        # tools keep passwords below the real one
        kept["HOME"] = kept["USERPROFILE"] = str(home)
    return kept


def _extract(case: Case, commit: str, target: Path) -> None:
    """By git itself, which writes no file outside of its folder; with an index of our own."""
    repository = case.opened.repository
    code = target / "code"
    code.mkdir()
    environment = {
        "GIT_DIR": str(repository.git_dir),
        "GIT_WORK_TREE": str(code),
        "GIT_INDEX_FILE": str(target / "index"),
    }
    for arguments in (("read-tree", commit), ("checkout-index", "--all", "--quiet")):
        done = repository.run(*arguments, environment=environment)
        if done.code:
            raise ArtifactError(
                f"commit {commit[:12]} cannot be unpacked: {first_complaint(done.err)}",
                hint="git fetch",
            )
