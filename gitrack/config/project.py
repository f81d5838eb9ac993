"""Where a project lies: its folder with `.tracking/`, its outbox, the name of its branch."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = ".tracking"
CONFIG_FILE = f"{FOLDER}/config.yaml"
POLICY_FILE = f"{FOLDER}/policy.yaml"
DEFAULT_BRANCH = "gitrack"

_BRANCH_LINE = re.compile(r"branch:[ ]+([A-Za-z0-9][A-Za-z0-9._/-]*)[ ]*(?:#.*)?")


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


def branch_name(root: Path | None) -> str:
    """The tracking branch that `.tracking/config.yaml` names; `gitrack` when it names none.

    Listing runs needs nothing else of the settings, so the plain way of writing it is read
    without a YAML library; any other way goes through `load_config`, which also judges it.
    """
    if root is None:
        return DEFAULT_BRANCH
    try:
        text = (root / CONFIG_FILE).read_text("utf-8")
    except FileNotFoundError:
        return DEFAULT_BRANCH
    except (OSError, UnicodeDecodeError):
        text = "branch: ?"  # load_config words the fault
    if "branch" not in text:
        return DEFAULT_BRANCH
    mentions = [
        line for line in text.splitlines() if line.lstrip().startswith(("branch", '"', "'"))
    ]
    if len(mentions) == 1 and (plain := _BRANCH_LINE.fullmatch(mentions[0])):
        return plain[1]

    from gitrack.config.settings import load_config

    return load_config(root).branch
