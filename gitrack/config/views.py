"""`.tracking/views/<name>.yaml`: ways to look at a table of runs, kept and reviewed like code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gitrack.config.shape import Fault, load
from gitrack.errors import ConfigError

#: Below the project's folder.
VIEWS_FOLDER = ".tracking/views"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}", re.ASCII)
_GROUP = re.compile(r"experiment|replicates|(?:tags|params)\..+", re.DOTALL)
_MOST = 100


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a table shows: which runs, in which order and groups, with which columns.

    `order` is a list of keys, each with `asc` or `desc`; `columns` are named as filters name them
    (`metrics.test_auc`), the project's usual ones where there are none. A view is offered above
    every table of runs, or above that of one `experiment`.
    """

    title: str | None = None
    description: str | None = None
    experiment: str | None = None
    filter: str | None = None
    order: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    group: str | None = None
    scales: bool = False

    def __post_init__(self) -> None:
        if self.group is not None and not _GROUP.fullmatch(self.group):
            why = f"is {self.group!r}, by which no table is grouped"
            raise Fault(("group",), why, "write experiment, replicates, tags.… or params.…")
        for field in ("columns", "pinned"):
            for at, name in enumerate(getattr(self, field)):
                if not name.strip():
                    raise Fault((field, at), "is empty", "name a column such as metrics.test_auc")


class NamedView(msgspec.Struct, frozen=True, kw_only=True):
    """A view, the name of its file without the ending, and the file below the project's folder."""

    name: str
    path: str
    view: View


def load_views(root: Path | None) -> tuple[NamedView, ...]:
    """Every view of the project, by the names of their files. Raises ConfigError."""
    if root is None or not (root / VIEWS_FOLDER).is_dir():
        return ()
    return tuple(_load(root, path) for path in sorted(_files(root / VIEWS_FOLDER)))


def _files(folder: Path) -> Iterator[Path]:
    found = [path for path in folder.iterdir() if path.suffix in (".yaml", ".yml")]
    if len(found) > _MOST:
        raise ConfigError(
            f"{VIEWS_FOLDER} holds {len(found)} views, which nobody finds anything in",
            hint=f"keep {_MOST} of them",
        )
    yield from found


def _load(root: Path, path: Path) -> NamedView:
    name = f"{VIEWS_FOLDER}/{path.name}"
    if path.suffix != ".yaml":
        hint = f"mv {name} {VIEWS_FOLDER}/{path.stem}.yaml"
        raise ConfigError(f"{name} does not end in .yaml", hint=hint)
    if not _NAME.fullmatch(path.stem):
        raise ConfigError(
            f"{name} is not a name for a view", hint="use lower-case letters, digits and dashes"
        )
    return NamedView(name=path.stem, path=name, view=load(root, name, View))
