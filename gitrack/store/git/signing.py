"""Signing a commit as the user's git would, without leaving a loose object behind."""

from __future__ import annotations

import contextlib
import os
import zlib
from pathlib import Path

from gitrack.errors import StoreError
from gitrack.store.git.files import Files
from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.objects import Folder, message_bytes
from gitrack.store.git.process import first_complaint
from gitrack.store.git.repository import Repository

_SECONDS = 15.0


class Signer:
    """Signs while signing works. Once it fails, commits stay unsigned and one warning says so.

    A run that ends at night, with nobody to unlock a key, is worth more than its signature. What
    somebody answers for is not: it must be signed, or is not written.
    """

    def __init__(self, repository: Repository, files: Files) -> None:
        self._repository = repository
        self._files = files
        self._wanted = repository.flag("commit.gpgsign")
        self._broken = False

    def sign(
        self,
        *,
        tree: bytes,
        root: Folder,
        parents: tuple[bytes, ...],
        author: Author,
        authored: Stamp,
        committer: Author,
        committed: Stamp,
        message: str,
        must: bool = False,
    ) -> bytes | None:
        """The signed commit, or None if git is not asked to sign or cannot.

        `root` holds the contents of `tree`, which is in no pack yet. With `must`, raises StoreError
        where git is asked to sign and cannot.
        """
        if not self._wanted or (self._broken and not must):
            return None
        import shutil  # late: hardly any process signs

        quarantine = self._files.folder(self._files.temporaries / f"sign-{os.getpid()}")
        try:
            _put_loose(quarantine, tree.hex(), b"tree", root.to_bytes())
            arguments = [word for parent in parents for word in ("-p", parent.hex())]
            done = self._repository.run(
                *("-c", "i18n.commitEncoding=UTF-8"),
                *("commit-tree", "-S", tree.hex(), *arguments, "-F", "-"),
                input=message_bytes(message),
                timeout=_SECONDS,
                environment={
                    "GIT_OBJECT_DIRECTORY": str(quarantine),
                    "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self._repository.objects),
                    "GIT_AUTHOR_NAME": author.name,
                    "GIT_AUTHOR_EMAIL": author.email,
                    "GIT_AUTHOR_DATE": f"@{authored}",
                    "GIT_COMMITTER_NAME": committer.name,
                    "GIT_COMMITTER_EMAIL": committer.email,
                    "GIT_COMMITTER_DATE": f"@{committed}",
                },
            )
            if done.code:
                raise StoreError(first_complaint(done.err))
            id = done.out.decode("ascii").strip()
            raw = zlib.decompress((quarantine / id[:2] / id[2:]).read_bytes())
            return raw.partition(b"\0")[2]
        except StoreError as error:
            if must:
                raise StoreError(
                    f"commit.gpgsign is set, but signing failed ({error.message}): nothing was "
                    "written",
                    hint="unlock or configure the key (git config user.signingkey), then try again",
                ) from error
            import logging  # late: hardly any process needs it

            self._broken = True
            logging.getLogger("gitrack.store").warning(
                "commit.gpgsign is set but signing failed (%s): "
                "this process commits to the tracking branch unsigned",
                error.message,
            )
            return None
        finally:
            with contextlib.suppress(OSError):
                shutil.rmtree(quarantine)


def _put_loose(objects: Path, id: str, kind: bytes, data: bytes) -> None:
    place = objects / id[:2] / id[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(b"%s %d\0%s" % (kind, len(data), data), 1))
