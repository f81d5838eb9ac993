"""Git as a child process: a cleaned environment, and errors that say what git said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gitrack.errors import GitFailed, StoreError

#: What ties a git process to another repository, index or pathspec than the one that we name.
#: Hooks leak these. Settings (GIT_CONFIG_COUNT, GIT_CONFIG_GLOBAL …) are the user's will and stay.
_LEAKED = frozenset(
    """
    GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
    GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_QUARANTINE_PATH GIT_PREFIX GIT_NAMESPACE GIT_CONFIG
    GIT_GRAFT_FILE GIT_SHALLOW_FILE GIT_REPLACE_REF_BASE GIT_IMPLICIT_WORK_TREE
    GIT_INTERNAL_SUPER_PREFIX GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS GIT_NOGLOB_PATHSPECS
    GIT_ICASE_PATHSPECS GIT_EXTERNAL_DIFF GIT_DIFF_OPTS GIT_DEFAULT_HASH GIT_EDITOR
    GIT_AUTHOR_DATE GIT_COMMITTER_DATE GIT_REFLOG_ACTION
    """.split()  # noqa: SIM905 (a list of quoted words is harder to read)
)


class Done(NamedTuple):
    """A git process that has ended."""

    code: int
    out: bytes
    err: str


def clean_environment(**more: str) -> dict[str, str]:
    """The environment for git: nothing that a hook leaked, messages in English."""
    kept = {name: value for name, value in os.environ.items() if name not in _LEAKED}
    kept.update(LC_ALL="C", LANGUAGE="", GIT_OPTIONAL_LOCKS="0", GIT_NO_REPLACE_OBJECTS="1")
    kept.update(more)
    return kept


def git_missing() -> StoreError:
    """There is no git on this machine."""
    return StoreError("git was not found", hint="install git 2.38 or newer and put it on PATH")


def run_git(
    folder: Path,
    arguments: Sequence[str],
    *,
    input: bytes | None = None,
    timeout: float | None = None,
    environment: Mapping[str, str] | None = None,
) -> Done:
    """Run git in `folder` to its end, whatever its exit code."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            env=clean_environment(**(environment or {})),
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        if not folder.is_dir():
            raise StoreError(f"{folder} is gone", hint=None) from error
        raise git_missing() from error
    except subprocess.TimeoutExpired as error:
        raise GitFailed(arguments, f"took longer than {timeout:g} s") from error
    return Done(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip())


def first_complaint(err: str) -> str:
    """The line of git's talk that says what is wrong, without its `fatal: `."""
    lines = [line for line in err.splitlines() if line.strip()]
    for line in lines:
        for mark in ("fatal: ", "error: "):
            if line.startswith(mark):
                return line.removeprefix(mark)
    return lines[-1] if lines else "said nothing"
