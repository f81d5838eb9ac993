"""The command as people start it: a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def gitrack(
    folder: Path, *arguments: str, patience: float | None = None
) -> subprocess.CompletedProcess[str]:
    """`gitrack ARGUMENTS` in a folder; more than `patience` seconds raise TimeoutExpired."""
    return subprocess.run(
        [sys.executable, "-m", "gitrack", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
    )
