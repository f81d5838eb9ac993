"""A DVC remote: the same objects as in the cache, somewhere else."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gitrack.artifacts.branch_files import REMOTE
from gitrack.artifacts.cache import TEMPORARY, Cache
from gitrack.errors import ArtifactError, MissingExtra

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class RemoteObjects:
    """Objects by md5 at a URL (any that DVC understands) or in a folder.

    `settings` are those of the remote in DVC's config: endpoint, profile, …
    """

    def __init__(
        self, url: str, settings: Mapping[str, str] | None = None, *, legacy: bool = False
    ) -> None:
        self.url = url
        self._files, base = _file_system(url, settings or {})
        self._base: str = base if legacy else self._files.join(base, "files", "md5")

    def path(self, md5: str) -> str:
        joined: str = self._files.join(self._base, md5[:2], md5[2:])
        return joined

    def has(self, md5: str) -> bool:
        with self._said_plainly():
            return bool(self._files.exists(self.path(md5)))

    def download(self, md5: str, target: Path) -> None:
        """Raises ArtifactError if the remote lacks it or cannot be reached."""
        with self._said_plainly(md5):
            self._files.get_file(self.path(md5), str(target))

    def upload(self, md5: str, source: Path) -> None:
        """Bring an object there, aside first where the remote is a folder."""
        with self._said_plainly(md5):
            if self._files.protocol != "local":
                self._files.put_file(str(source), self.path(md5))
                return
            aside = Path(self.path(md5)).with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
            try:
                self._files.put_file(str(source), str(aside))
                aside.replace(self.path(md5))
            finally:
                aside.unlink(missing_ok=True)

    @contextmanager
    def _said_plainly(self, md5: str | None = None) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise ArtifactError(
                f"{md5} is not in {self.url}", hint="ask whoever has it to push it"
            ) from error
        except ArtifactError:
            raise
        except Exception as error:
            raise ArtifactError(f"{self.url} cannot be used: {error}") from error


def push(md5s: Iterable[str], cache: Cache, remote: RemoteObjects) -> int:
    """Bring what the remote lacks there, the files of folders before their lists; how many.

    The list goes last: whoever sees it may rely on all that it names.
    """
    from gitrack.artifacts.fetch import list_folder

    count = 0
    for md5 in md5s:
        if remote.has(md5):
            continue
        place = cache.path(md5)
        if not place.is_file():
            raise ArtifactError(
                f"{md5} is neither in the DVC cache {cache.folder} nor in {remote.url}",
                hint="push it from where the run was made",
            )
        if md5.endswith(".dir"):
            count += push({inner for _, inner in list_folder(place, md5)}, cache, remote)
        remote.upload(md5, place)
        count += 1
    return count


def deliver(md5s: Iterable[str], cache: Cache, url: str | None) -> bool:
    """True if a remote has these objects now: a remote that is a folder gets them at once.

    One at a URL is left alone, since the end of a training must not wait for a network. Only
    for what is delivered may a day's folder point DVC at the remote: until then plain DVC finds
    the bytes in the cache of the checkout, and would look there no more.
    """
    if url is None or _URL.match(url):
        return False
    push(md5s, cache, RemoteObjects(url))
    return True


def _file_system(url: str, settings: Mapping[str, str]) -> tuple[Any, str]:
    if not _URL.match(url):
        from dvc_objects.fs.local import localfs

        return localfs, url
    try:
        from dvc.config import Config
        from dvc.exceptions import DvcException
        from dvc.fs import get_cloud_fs
    except ImportError:
        raise MissingExtra(f"the remote {url}", "DVC", "dvc") from None
    try:
        # through DVC's own schema, so that 'true' becomes True and unknown settings are named
        known = Config.validate({"remote": {REMOTE: {**settings, "url": url}}})
        cls, options, path = get_cloud_fs(known, name=REMOTE)
        return cls(**options), path
    except DvcException as error:
        raise ArtifactError(f"DVC cannot use {url}: {error}") from error
    except ImportError as error:
        scheme = url.partition("://")[0]
        raise ArtifactError(
            f"DVC cannot reach {url}: {error}", hint=f"pip install 'dvc[{scheme}]'"
        ) from error
