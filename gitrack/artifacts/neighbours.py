"""DVC remotes of the checkout that share a place with gitrack's own."""

from __future__ import annotations

from gitrack.artifacts.branch_files import REMOTE
from gitrack.artifacts.project import DvcSettings, Remote


def neighbours(settings: DvcSettings, url: str) -> list[Remote]:
    """Those at the same place, around it or inside of it, the project's default one first.

    `dvc gc --cloud` on one of these knows nothing of what only the tracking branch refers to.
    """
    found = [
        remote
        for remote in settings.remotes.values()
        if remote.name != REMOTE and overlap(remote.url, url)
    ]
    default = settings.core.get("remote")
    return sorted(found, key=lambda remote: (remote.name != default, remote.name))


def overlap(one: str, other: str) -> bool:
    """Whether one place is the other, or lies in it."""
    first, second = _parts(one), _parts(other)
    return first[: len(second)] == second or second[: len(first)] == first


def _parts(url: str) -> list[str]:
    scheme, mark, rest = url.rpartition("://")
    parts = [part for part in rest.replace("\\", "/").split("/") if part not in ("", ".")]
    return [f"{scheme.lower()}{mark}", *parts]
