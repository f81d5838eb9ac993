"""A DVC remote: the same objects as in the cache, somewhere else."""

from __future__ import annotations

import copy
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gitrack.artifacts.branch_files import REMOTE
from gitrack.artifacts.cache import TEMPORARY, refuse_other_bytes
from gitrack.artifacts.copying import copy_file
from gitrack.errors import ArtifactError, MissingExtra

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_ABSENT = (FileNotFoundError, NotADirectoryError)
#: Threads for a folder: what is copied there waits for a disk, not for answers.
_FOLDER_JOBS = 4
#: Seconds to wait for a connection and for an answer, unless DVC's settings say more.
_CONNECT, _ANSWER = 5, 20
#: How often botocore asks; s3fs asks so often on top of that.
_ATTEMPTS = 2
#: Objects of this size go to S3 in parts, of which so many are in memory.
_PART = 16 * 1024 * 1024
_PARTS_AT_ONCE = 4


class Unreachable(ArtifactError):
    """The remote itself fails, not an object: trying others may be in vain."""


def is_folder(url: str) -> bool:
    """True for a remote that needs no network, so far as the path tells."""
    return _URL.match(url) is None


class RemoteObjects:
    """Objects by md5 at a URL (any that DVC understands) or in a folder.

    `settings` are those of the remote in DVC's config: endpoint, profile, … `legacy` is the
    layout of DVC 2.
    """

    def __init__(
        self, url: str, settings: Mapping[str, str] | None = None, *, legacy: bool = False
    ) -> None:
        self.url = url
        self.legacy = legacy
        self.is_folder = is_folder(url)
        self._files, self._root = file_system(url, settings or {})
        self.jobs: int = _FOLDER_JOBS if self.is_folder else self._files.jobs

    def layout(self, *, legacy: bool) -> RemoteObjects:
        """The same remote by the layout of DVC 2, or of DVC 3."""
        if legacy == self.legacy:
            return self
        other = copy.copy(self)
        other.legacy = legacy
        return other

    def path(self, md5: str) -> str:
        return f"{self._base}/{md5[:2]}/{md5[2:]}"

    def has(self, md5: str) -> bool:
        with self._said_plainly():
            return bool(self._files.exists(self.path(md5)))

    def present(self, sizes: Mapping[str, int | None], *, jobs: int | None = None) -> set[str]:
        """Which of these md5s are there.

        A folder's are looked at one by one, and one of another size than ours is torn. A server
        is asked as DVC asks it: by lists of prefixes, or for each, whatever takes fewer requests.
        """
        with self._said_plainly():
            if self.is_folder:
                if not os.path.isdir(self.url):  # noqa: PTH112 - thousands of paths follow
                    return set()
                return {md5 for md5, size in sizes.items() if _is_there(self.path(md5), size)}
            self._files.fs.invalidate_cache()  # fsspec remembers what others have changed since
            return set(self._database().oids_exist(set(sizes), jobs=jobs)) if sizes else set()

    def download(self, md5: str, target: Path) -> str | None:
        """Bring an object to `target`; its md5 where copying has told it.

        Raises ArtifactError if the remote lacks it or cannot be reached.
        """
        with self._said_plainly(md5):
            if self.is_folder:
                return copy_file(Path(self.path(md5)), target)
            self._files.get_file(self.path(md5), str(target), **self._in_parts())
            return None

    def upload(self, md5: str, source: Path) -> int:
        """Bring an object there, whole or not at all, if its bytes are what its md5 says."""
        with self._said_plainly():
            if self.is_folder:
                return self._copy_in(md5, source)
            refuse_other_bytes(source, md5, source, legacy=self.legacy)
            self._send(source, self.path(md5))
            return source.stat().st_size

    def about(self, md5s: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """What the file system tells of those that are there: size, and times by its own names."""
        with self._said_plainly():
            found = self._files.info([self.path(md5) for md5 in md5s], return_exceptions=True)
            for outcome in found:
                if isinstance(outcome, BaseException) and not isinstance(outcome, _ABSENT):
                    raise outcome
            told = zip(md5s, found, strict=True)
            return {md5: about for md5, about in told if not isinstance(about, BaseException)}

    def remove(self, md5s: Sequence[str]) -> None:
        """Take objects out; what is gone already is no trouble."""
        with self._said_plainly():
            for md5 in md5s:
                with suppress(*_ABSENT):
                    self._files.rm_file(self.path(md5))

    @property
    def _base(self) -> str:
        return self._root if self.legacy else f"{self._root.rstrip('/')}/files/md5"

    def _copy_in(self, md5: str, source: Path) -> int:
        place = Path(self.path(md5))
        aside = place.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            found = copy_file(source, aside)
            refuse_other_bytes(aside, md5, source, found=found, legacy=self.legacy)
            aside.replace(place)
        finally:
            aside.unlink(missing_ok=True)
        return place.stat().st_size

    def _send(self, source: Path, path: str) -> None:
        from dvc_objects.fs.base import ObjectFileSystem
        from dvc_objects.fs.utils import as_atomic

        if isinstance(self._files, ObjectFileSystem) or self._files.protocol.startswith("http"):
            # a store of objects shows one when it has all of it
            self._files.put_file(str(source), path, **self._in_parts())
            return
        with as_atomic(self._files, path, create_parents=True) as aside:
            self._files.put_file(str(source), aside)

    def _in_parts(self) -> dict[str, int]:
        """s3fs would hold 500 MB of one object in memory."""
        if self._files.protocol != "s3":
            return {}
        return {"chunksize": _PART, "max_concurrency": _PARTS_AT_ONCE}

    def _database(self) -> Any:
        from dvc_data.hashfile.db import HashFileDB

        return HashFileDB(self._files, self._base, hash_name="md5")

    @contextmanager
    def _said_plainly(self, md5: str | None = None) -> Iterator[None]:
        """`md5` is what is being fetched: only then does a missing file mean a missing object."""
        try:
            yield
        except ArtifactError as error:
            if md5 is None or not isinstance(error.__cause__, FileNotFoundError):
                raise
            raise self.lacks(md5) from error
        except FileNotFoundError as error:
            if md5 is None:
                raise Unreachable(f"{self.url} cannot be used: {_sentence(error)}") from error
            raise self.lacks(md5) from error
        except Exception as error:
            raise Unreachable(f"{self.url} cannot be used: {_sentence(error)}") from error

    def lacks(self, md5: str) -> ArtifactError:
        """What to raise for an object that is not there."""
        return ArtifactError(f"{md5} is not in {self.url}", hint="ask whoever has it to push it")


def _sentence(error: BaseException) -> str:
    """Without numbers; and some libraries raise errors that say nothing but their kind."""
    said = error.strerror if isinstance(error, OSError) else None
    return str(said or error) or type(error).__name__


def _is_there(path: str, size: int | None) -> bool:
    try:
        found = os.stat(path).st_size  # noqa: PTH116 - a Path costs more than the question
    except FileNotFoundError:
        return False
    return size is None or size == found


def file_system(url: str, settings: Mapping[str, str]) -> tuple[Any, str]:
    """DVC's file system for a URL or a folder, and the path in it."""
    if is_folder(url):
        from dvc_objects.fs.local import localfs

        return localfs, url
    try:
        from dvc.config import Config
        from dvc.exceptions import DvcException
        from dvc.fs import get_cloud_fs
    except ImportError:
        raise MissingExtra(f"the remote {url}", "DVC", "dvc") from None
    scheme = url.partition("://")[0].lower()
    if scheme == "remote":
        raise ArtifactError(f"{url} names a remote of DVC's settings", hint="give its own URL")
    try:
        # through DVC's own schema, so that 'true' becomes True and unknown settings are named
        known = Config.validate({"remote": {REMOTE: {**settings, "url": url}}})
        cls, options, path = get_cloud_fs(known, name=REMOTE)
        if scheme == "s3":
            options.setdefault("connect_timeout", _CONNECT)
            options.setdefault("read_timeout", _ANSWER)
        files = cls(**options)
        if scheme == "s3":
            _ask_less_often(files)
        return files, path
    except DvcException as error:
        raise ArtifactError(f"DVC cannot use {url}: {error}") from error
    except ImportError as error:
        raise ArtifactError(
            f"DVC cannot reach {url}: {error}", hint=f"pip install 'dvc[{scheme}]'"
        ) from error


def _ask_less_often(files: Any) -> None:
    """DVC has no setting for it, and a server that is down would cost minutes."""
    options = files.fs_args.setdefault("config_kwargs", {})
    options.setdefault("retries", {"total_max_attempts": _ATTEMPTS})
    files.fs.retries = _ATTEMPTS
