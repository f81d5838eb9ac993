"""The command line that started this process, as somebody would type it."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

_LONGEST = 2000


def command_line(top: Path | None = None) -> str:
    """`python train.py --lr 0.05`: program by its name, the script relative to the repository."""
    notebook = _notebook()
    if notebook is not None:
        return notebook
    arguments = list(sys.orig_argv) or ["python", *sys.argv]
    shown = [Path(arguments[0]).name or "python"]
    shown += [_within(argument, top) for argument in arguments[1:]]
    line = shlex.join(shown)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def interactive() -> bool:
    """True where code is typed while the process lives: a prompt or a notebook."""
    return hasattr(sys, "ps1") or bool(sys.flags.interactive) or "ipykernel" in sys.modules


def _notebook() -> str | None:
    if "ipykernel" not in sys.modules:
        return None
    name = os.environ.get("JPY_SESSION_NAME", "")
    return shlex.join(["jupyter", "notebook", Path(name).name]) if name else "jupyter notebook"


def _within(argument: str, top: Path | None) -> str:
    """An absolute path inside the repository means nothing in another clone: make it relative."""
    if top is None or not os.path.isabs(argument):  # noqa: PTH117 - most arguments are no paths
        return argument
    try:
        return Path(argument).relative_to(top).as_posix()
    except ValueError:
        return argument
