"""Words to the user while training goes on: each trouble is said once, and saying it never raises.

The standard `logging` module carries them (logger `gitrack`): it prints to stderr when nobody
configured it, and unlike `warnings` it cannot be turned into an exception that ends a training.
"""

from __future__ import annotations

import logging
import shutil

_log = logging.getLogger("gitrack")
_said: set[str] = set()


def warn(message: str) -> None:
    """Say it now."""
    _log.warning("gitrack: %s", message)


def warn_once(about: str, message: str) -> None:
    """Say it unless something was said about the same thing in this process."""
    if about not in _said:
        _said.add(about)
        warn(message)


def forget() -> None:
    """Let everything be said again (a new run, a test)."""
    _said.clear()


def worded(error: BaseException) -> str:
    """An exception as one line for people."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        reasons = [reason for *_, reason in error.args[0]]  # copytree lists every file
        text = f"{reasons[0]}" + (f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else "")
        return text if len(text) < 400 else f"{text[:400]}…"
    text = " ".join(str(error).split())
    return text if text else type(error).__name__
