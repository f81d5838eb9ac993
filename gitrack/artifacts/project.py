"""The checkout as a DVC project: where its cache is, and how it becomes one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gitrack.artifacts.cache import Cache
from gitrack.config.regular import read_regular
from gitrack.errors import ConfigError

_IGNORE = """\
# Add patterns of files dvc should ignore, which could improve
# the performance. Learn more at
# https://dvc.org/doc/user-guide/dvcignore
"""


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """A DVC remote of the checkout: where it is, and the rest of its settings."""

    name: str
    url: str
    settings: dict[str, str] = {}


class DvcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the checkout's DVC settings say that concerns gitrack, all levels merged."""

    cache: Path | None = None
    shared: bool = False
    remotes: dict[str, Remote] = {}
    #: Settings of remotes whose URL is not here, but on the branch: credentials, mostly.
    without_url: dict[str, dict[str, str]] = {}
    core: dict[str, str] = {}


def project_files() -> dict[str, str]:
    """What `dvc init` writes into a checkout; paths from the project's folder."""
    return {
        ".dvc/config": "",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        ".dvcignore": _IGNORE,
    }


def cache_of(worktree: Path | None, common_dir: Path) -> Cache:
    """The cache that DVC itself would use in this checkout, or one in the git folder.

    A linked worktree without a cache of its own choice uses that of the main one: it may be
    deleted tomorrow, and bytes on which the branch relies must not go with it.
    """
    main = _main_worktree(common_dir)
    projects = [place for place in (worktree, main) if place and (place / ".dvc").is_dir()]
    for project in projects:
        settings = read_settings(project)
        if settings.cache is not None:
            return Cache(settings.cache, shared=settings.shared)
    if not projects:
        return fallback_cache(common_dir)
    return Cache(projects[-1] / ".dvc" / "cache", shared=read_settings(projects[-1]).shared)


def fallback_cache(common_dir: Path) -> Cache:
    """Where bytes go while there is no DVC project: bare repositories, before `gitrack init`."""
    return Cache(common_dir / "gitrack" / "dvc-cache")


def _main_worktree(common_dir: Path) -> Path | None:
    """The folder of the main worktree, as git lays it out; None beside a bare repository."""
    return common_dir.resolve().parent if common_dir.name == ".git" else None


def read_settings(root: Path | None) -> DvcSettings:
    """DVC's settings for the project in `root`: system, user, project and local."""
    merged: dict[str, dict[str, Any]] = {}
    for path in _levels(root / ".dvc" if root else None):
        for section, values in _read(path).items():
            if isinstance(values, Mapping):
                known = merged.setdefault(section, {})
                known.update(_resolved(values, path.parent))
    cache = merged.get("cache", {})
    folder = cache.get("dir")
    return DvcSettings(
        cache=Path(folder) if folder else None,
        shared=cache.get("shared") == "group",
        remotes={remote.name: remote for remote in _remotes(merged)},
        without_url={
            _remote_name(section): dict(values)
            for section, values in merged.items()
            if section.startswith("remote ") and not values.get("url")
        },
        core=dict(merged.get("core", {})),
    )


def _levels(dvc_dir: Path | None) -> Iterator[Path]:
    """DVC's settings files, the stronger later."""
    import platformdirs

    system = os.environ.get("DVC_SYSTEM_CONFIG_DIR") or platformdirs.site_config_dir(
        "dvc", "iterative"
    )
    user = os.environ.get("DVC_GLOBAL_CONFIG_DIR") or platformdirs.user_config_dir(
        "dvc", "iterative"
    )
    yield Path(system) / "config"
    yield Path(user) / "config"
    if dvc_dir is not None:
        yield dvc_dir / "config"
        yield dvc_dir / "config.local"


def _read(path: Path) -> dict[str, Any]:
    from configobj import ConfigObj, ConfigObjError

    try:
        text = read_regular(path).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    try:
        # no interpolation: DVC writes values as they are
        found = ConfigObj(text.splitlines(), interpolation=False).dict()
    except ConfigObjError as error:
        raise ConfigError(f"{path} is not a DVC config: {error}") from error
    # names of sections and keys are case-insensitive to DVC
    return {str(section).lower(): values for section, values in found.items()}


def _resolved(values: Mapping[str, object], folder: Path) -> dict[str, str]:
    """The section with its paths made absolute: DVC reads them from the file's own folder."""
    lowered = {key.lower(): str(value) for key, value in values.items()}
    for key in ("dir", "url"):
        value = lowered.get(key)
        if value and "://" not in value:
            lowered[key] = os.path.normpath(folder / Path(value).expanduser())
    return lowered


def _remotes(merged: Mapping[str, Mapping[str, str]]) -> Iterator[Remote]:
    for section, values in merged.items():
        if section.startswith("remote ") and values.get("url"):
            rest = {key: value for key, value in values.items() if key != "url"}
            yield Remote(name=_remote_name(section), url=values["url"], settings=rest)


def _remote_name(section: str) -> str:
    return section.partition(" ")[2].strip().strip('"')


def share_cache(worktree: Path, common_dir: Path) -> bool:
    """Give a linked worktree the cache that outlives it, unless it has one of its own choice.

    True if `.dvc/config.local`, which git ignores, was written for it.
    """
    main = _main_worktree(common_dir)
    if main is None or main == worktree.resolve() or read_settings(worktree).cache is not None:
        return False
    local = worktree / ".dvc" / "config.local"
    if local.exists():
        return False
    shared = main / ".dvc" / "cache" if (main / ".dvc").is_dir() else None
    folder = shared or fallback_cache(common_dir).folder
    local.write_text(f'[cache]\n    dir = "{folder}"\n', encoding="utf-8")
    return True


def adopt(cache: Cache, common_dir: Path) -> int:
    """Link into the cache what was kept while there was no DVC project; how many objects."""
    earlier = fallback_cache(common_dir)
    if earlier.folder == cache.folder or not earlier.folder.is_dir():
        return 0
    count = 0
    for path in sorted((earlier.folder / "files" / "md5").glob("??/*")):
        md5 = path.parent.name + path.name
        if not cache.has(md5):
            cache.put_object(path, md5)
            count += 1
    return count
