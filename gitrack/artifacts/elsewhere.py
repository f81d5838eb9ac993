"""What lies at a URI and was never copied: fetched through DVC's file systems when it is asked for.

S3, Google, Azure, SSH, HTTP and the rest are spoken by what DVC speaks them with. Settings and
credentials are those of a remote of the checkout's DVC config at the same server or bucket.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gitrack.artifacts.copying import md5_of_file
from gitrack.artifacts.names import refuse_repository
from gitrack.artifacts.project import read_settings
from gitrack.errors import ArtifactError, UsageError

#: What says that contents have changed, where a file system knows it.
_STATE = ("ETag", "etag", "md5", "LastModified", "last_modified", "mtime", "updated")
_MOST_FILES = 200_000


class Elsewhere:
    """A file or folder at a URI. `worktree` is the checkout whose DVC settings count."""

    def __init__(self, uri: str, worktree: Path | None) -> None:
        self.uri = uri
        self._worktree = worktree
        self._opened: tuple[Any, str] | None = None

    def inside(self, inner: str) -> Elsewhere:
        """A path inside of the folder that this is."""
        return Elsewhere(f"{self.uri.rstrip('/')}/{inner}", self._worktree)

    def state(self) -> str | None:
        """What changes when the contents do: an ETag or a time; None where nobody knows."""
        files, path = self._open()
        with self._said_plainly():
            files.fs.invalidate_cache()  # a list from earlier would hide what has changed
            about = files.info(path)
            if about.get("type") != "directory":
                return _state(about)
            inside = self._inside(files, path)
        states = [(name, _state(about)) for name, about in inside]
        return None if any(state is None for _, state in states) else repr(states)

    def files(self) -> list[tuple[str, int | None]]:
        """(path, size) of every file of a folder; of the file itself, if it is one."""
        files, path = self._open()
        with self._said_plainly():
            if not files.isdir(path):
                return [(path.rpartition("/")[2], files.info(path).get("size"))]
            found = self._inside(files, path)
        return [(files.relpath(name, path), about.get("size")) for name, about in found]

    def _inside(self, files: Any, path: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Every file of a folder, with what its file system says of it."""
        names = sorted(islice(files.find(path), _MOST_FILES + 1))
        if len(names) > _MOST_FILES:
            shown = without_password(self.uri)
            raise ArtifactError(f"{shown} holds more than {_MOST_FILES:,} files")
        return list(zip(names, files.info(names), strict=True))

    def fetch(self, target: Path, *, md5: str | None = None) -> None:
        """Bring it to `target`, which must not exist. Raises ArtifactError for other bytes."""
        files, path = self._open()
        with self._said_plainly():
            if files.isdir(path):
                self._fetch_folder(files, path, target)
            else:
                files.get_file(path, str(target))
        if md5 is not None:
            self._verify(target, md5)

    def _fetch_folder(self, files: Any, path: str, target: Path) -> None:
        target.mkdir()
        for found, _ in self._inside(files, path):
            relative = files.relpath(found, path).replace(os.sep, "/")
            parts = relative.split("/")
            if "" in parts or ".." in parts or "." in parts or "\\" in relative:
                shown = without_password(self.uri)
                raise ArtifactError(f"{shown} holds {relative[:80]!r}, which leads out of it")
            refuse_repository(relative, without_password(self.uri))
            place = target.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            files.get_file(found, str(place))

    def _verify(self, target: Path, md5: str) -> None:
        from gitrack.artifacts.cache import make_tree

        if target.is_dir():
            inside = (path for path in sorted(target.rglob("*")) if path.is_file())
            found = make_tree(
                (p.relative_to(target).as_posix(), md5_of_file(p)) for p in inside
            ).oid
        else:
            found = md5_of_file(target)
        if found != md5:
            raise ArtifactError(
                f"{without_password(self.uri)} holds other bytes than were logged: md5 {found}, "
                f"expected {md5}",
                hint="it has changed since; the run that logged it saw something else",
            )

    def _open(self) -> tuple[Any, str]:
        if self._opened is None:
            self._opened = open_uri(self.uri, _settings(self._worktree, self.uri))
        return self._opened

    @contextmanager
    def _said_plainly(self) -> Iterator[None]:
        shown = without_password(self.uri)
        try:
            yield
        except ArtifactError:
            raise
        except FileNotFoundError as error:
            hint = "see whether it was moved"
            raise ArtifactError(f"there is nothing at {shown}", hint=hint) from error
        except Exception as error:  # botocore, aiohttp, paramiko … each has errors of its own
            raise ArtifactError(f"{shown} cannot be fetched: {self._told(error)}") from error

    def _told(self, error: Exception) -> str:
        """Libraries repeat the URI, with all that is in it."""
        told = str(error).replace(self.uri, without_password(self.uri))
        query = urlsplit(self.uri).query
        told = told.replace(query, "…") if query else told
        return re.sub(r"(://[^\s'\"?]*)\?[^\s'\"]*", r"\1", re.sub(r"//[^/@\s]*@", "//…@", told))


def _state(about: Mapping[str, Any]) -> str | None:
    said = [str(about[key]) for key in _STATE if about.get(key)]
    return f"{' '.join(said)} {about.get('size')}" if said else None


def open_uri(uri: str, settings: Mapping[str, str]) -> tuple[Any, str]:
    """DVC's file system for a URI, and the path in it."""
    parts = urlsplit(uri)
    if parts.scheme.lower() in ("file", "local"):
        from dvc_objects.fs.local import localfs

        return localfs, unquote(parts.path)
    from gitrack.artifacts.remote import file_system

    if re.search(r"[\x00-\x20\x7f]", uri):
        raise UsageError(f"{uri[:80]!r} is not a URI", hint="write spaces as %20")
    return file_system(uri, settings)


def without_password(uri: str) -> str:
    """A URI as an error may show it."""
    return re.sub(r"//[^/@]*@", "//…@", uri.partition("?")[0])


def _settings(worktree: Path | None, uri: str) -> dict[str, str]:
    """Of the checkout's DVC remotes at the same server or bucket, the one that lies nearest."""
    if worktree is None:
        return {}
    wanted = urlsplit(uri)
    best: tuple[int, dict[str, str]] = (-1, {})
    for remote in read_settings(worktree).remotes.values():
        url = urlsplit(remote.url or "")
        if (url.scheme, url.netloc) == (wanted.scheme, wanted.netloc) and url.scheme:
            near = len(url.path) if wanted.path.startswith(url.path) else 0
            best = max(best, (near, dict(remote.settings)), key=lambda pair: pair[0])
    return best[1]
