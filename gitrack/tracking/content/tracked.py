"""What DVC has on record about a path: its `.dvc` file, or its entry in a `dvc.lock`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gitrack.errors import ConfigError, GitrackError, UnreadableFile
from gitrack.model.md5 import is_md5
from gitrack.tracking import notice
from gitrack.tracking.content.ignored import dvc_root

if TYPE_CHECKING:
    from gitrack.artifacts import Cache
    from gitrack.store.git.repository import Repository

LOCK = "dvc.lock"
_MOST_LOCK = 16 * 1024 * 1024
_MOST_TREE = 512 * 1024 * 1024


class Record(NamedTuple):
    """`md5` is None where the record speaks of a folder around the path whose list is not here.

    And where DVC 2 wrote it: that took the md5 of text as if its lines ended in LF.
    """

    #: the `.dvc` file or `dvc.lock` that says so
    source: Path
    md5: str | None
    #: the list of the folder around, for what lies in it
    around: str | None = None


def recorded(path: Path) -> Record | None:
    """DVC's record of a file or folder, or of a folder that it lies in."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - DVC may have made it a link into its cache
    root = dvc_root(whole)
    if root is None:
        return None
    place = whole
    while place != root:
        for source, out in _outs_of(place, root):
            if out.get("hash") != "md5":
                return Record(source, None)
            md5 = str(out["md5"])
            if place == whole:
                return Record(source, md5)
            inner = whole.relative_to(place).as_posix()
            return Record(source, _in_tree(whole, md5, inner), md5)
        place = place.parent
    return None


def revision_of(record: Record, repository: Repository | None) -> str | None:
    """The commit that made the record what it is now; None while it is not committed."""
    if repository is None or repository.worktree is None:
        return None
    source = record.source.resolve()
    if not source.is_relative_to(repository.worktree.resolve()):
        return None
    name = source.relative_to(repository.worktree.resolve()).as_posix()
    path = f":(top,literal){name}"
    try:
        if repository.git("status", "--porcelain", "--ignored", "--", path):
            return None
        commit = repository.git("log", "-1", "--format=%H", "--", path, check=False)
    except (GitrackError, OSError, subprocess.SubprocessError) as error:
        notice.warn_once(f"revision {source}", f"{name}: its commit is not known: {error}")
        return None
    return commit or None


def cache_for(path: Path) -> Cache | None:
    """The cache of the DVC project in which a path lies."""
    from gitrack.artifacts.cache import Cache
    from gitrack.artifacts.project import read_settings

    root = dvc_root(Path(os.path.abspath(path)))  # noqa: PTH100 - not where a link leads to
    if root is None:
        return None
    try:
        settings = read_settings(root)
    except ConfigError:
        return None  # DVC itself will say so; the file is hashed
    return Cache(settings.cache or root / ".dvc" / "cache", shared=settings.shared)


def tree_of(path: Path, md5: str) -> dict[str, str]:
    """The files of a folder by their relative paths, if the cache has its list."""
    cache = cache_for(path)
    if cache is None or not md5.endswith(".dir"):
        return {}
    listed = cache.path(md5)
    try:
        if listed.stat().st_size > _MOST_TREE:
            return {}
        entries = json.loads(listed.read_bytes())
        return {str(entry["relpath"]): str(entry["md5"]) for entry in entries}
    except (OSError, ValueError, TypeError, KeyError):
        return {}  # missing or torn: then nothing is known of single files


def _in_tree(path: Path, md5: str, inner: str) -> str | None:
    return tree_of(path, md5).get(inner)


def _outs_of(place: Path, root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Records about exactly this path."""
    pointer = place.with_name(f"{place.name}.dvc")
    if pointer.is_file():
        for out in _outs(pointer):
            if out.get("path") == place.name:
                yield pointer, out
    for folder in place.parents:
        lock = folder / LOCK
        if lock.is_file():
            for out in _outs(lock, place.name):
                named = os.path.normpath(folder / str(out.get("path")))
                if named == str(place):
                    yield lock, out
        if folder == root:
            return


def _outs(source: Path, mentions: str = "") -> Iterator[dict[str, Any]]:
    """Outputs with an md5. Those of DVC 3 have `hash: md5` as well."""
    from gitrack.config import safe_yaml

    try:
        data = source.read_bytes()
        if mentions.encode() not in data:
            return
        value, _ = safe_yaml.load(data, name=source.name, max_bytes=_MOST_LOCK)
    except (OSError, UnreadableFile):
        return
    if not isinstance(value, dict):
        return
    stages = value.get("stages") if source.name == LOCK else {"": value}
    for stage in stages.values() if isinstance(stages, dict) else ():
        outs = stage.get("outs") if isinstance(stage, dict) else None
        for out in outs if isinstance(outs, list) else ():
            if isinstance(out, dict) and out.get("hash", "md5") == "md5":
                md5 = out.get("md5")
                if is_md5(md5):
                    yield out
