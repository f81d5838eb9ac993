"""Where a project lies: its folder with `.tracking/`, its outbox, the name of its branch."""

from __future__ import annotations

import re
from pathlib import Path

from gitrack.config.regular import read_regular

FOLDER = ".tracking"
CONFIG_FILE = f"{FOLDER}/config.yaml"
POLICY_FILE = f"{FOLDER}/policy.yaml"
DEFAULT_BRANCH = "gitrack"
DEFAULT_REMOTE = "origin"

_PLAIN_LINE = re.compile(r"([a-z]+):[ ]+([A-Za-z0-9][A-Za-z0-9._/-]*)[ ]*(?:#.*)?")


def project_root(start: Path | str | None = None) -> Path | None:
    """The nearest folder that holds `.tracking/`, from `start` (the current folder) upward."""
    folder = Path(start) if start is not None else Path.cwd()
    folder = folder.absolute()
    for place in (folder, *folder.parents):
        if (place / FOLDER).is_dir():
            return place
    return None


def outbox(worktree: Path | None) -> Path:
    """The folder where runs are written while they live.

    It lies at the top of the working tree; without one (a bare repository, no repository at
    all) in the user's data folder, from where `gitrack sync --into REPO` brings runs home.
    """
    if worktree is not None:
        return worktree / FOLDER / "outbox"
    from platformdirs import user_data_path

    return user_data_path("gitrack", appauthor=False) / "outbox"


def branch_and_remote(root: Path | None) -> tuple[str, str]:
    """The tracking branch and the remote that `.tracking/config.yaml` names, or their defaults.

    Listing runs needs nothing else of the settings, so the plain way of writing them is read
    without a YAML library; any other way goes through `load_config`, which also judges it.
    """
    if root is None:
        return DEFAULT_BRANCH, DEFAULT_REMOTE
    try:
        text = read_regular(root / CONFIG_FILE).decode("utf-8")
    except FileNotFoundError:
        return DEFAULT_BRANCH, DEFAULT_REMOTE
    except (OSError, UnicodeDecodeError):
        text = "?"  # load_config words the fault
    branch = _plainly(text, "branch", DEFAULT_BRANCH)
    remote = _plainly(text, "remote", DEFAULT_REMOTE)
    if branch is not None and remote is not None:
        return branch, remote

    from gitrack.config.settings import load_config

    config = load_config(root)
    return config.branch, config.remote


def _plainly(text: str, key: str, default: str) -> str | None:
    """The value of a key at the left margin; None where only YAML can tell."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if lines and not lines[0][0].isalpha():
        return None
    mentions = [line for line in lines if line.startswith((key, '"', "'", "?", "{", "<"))]
    if not mentions:
        return default
    found = _PLAIN_LINE.fullmatch(mentions[0])
    return found[2] if len(mentions) == 1 and found and found[1] == key else None
