"""Checks of the machine: git, libraries, disk."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator

from gitrack.cli.checks.finding import Finding, Patient

_OLDEST_GIT = (2, 38)
_LOW_DISK = 1_000_000_000

#: What each extra is recognised by.
_EXTRAS = {
    "data": ("numpy", "pandas", "pyarrow"),
    "dvc": ("dvc",),
    "models": ("skops",),
    "site": ("altair", "jinja2", "vl_convert"),
}


def git(patient: Patient) -> Iterator[Finding]:
    """Is there a git that is new enough?"""
    from gitrack.store.git.process import run_git

    said = run_git(patient.folder, ["--version"]).out.decode(errors="replace").strip()
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST_GIT:
        yield Finding(
            name="git", state="fail", message=f"{said} is too old", mend="install git 2.38 or newer"
        )
        return
    yield Finding(name="git", message=said)


def libraries(patient: Patient) -> Iterator[Finding]:
    """Which extras are there? None is needed to track."""
    for extra, modules in _EXTRAS.items():
        absent = [name for name in modules if importlib.util.find_spec(name) is None]
        yield Finding(
            name=f"extra {extra}",
            message=f"not installed: {', '.join(absent)}" if absent else "installed",
            mend=f"pip install 'gitrack-ml[{extra}]'" if absent else None,
        )


def disk(patient: Patient) -> Iterator[Finding]:
    """Is there room to write runs?"""
    free = shutil.disk_usage(patient.folder).free
    low = free < _LOW_DISK
    yield Finding(
        name="disk",
        state="warn" if low else "ok",
        message=f"{free / 1e9:,.1f} GB free" + (" is little for models" if low else ""),
        mend="free some disk space" if low else None,
    )


CHECKS = {"git": git, "libraries": libraries, "disk": disk}
