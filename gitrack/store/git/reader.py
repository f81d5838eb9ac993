"""Reading objects: our own young packs and loose files directly, all else through `cat-file`."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import threading
import weakref
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, cast

from gitrack.errors import GitrackError, NotFound, StoreError
from gitrack.store.git.objects import HASHES, Commit, Folder
from gitrack.store.git.pack import YoungPacks, missing_ids
from gitrack.store.git.process import clean_environment, first_complaint, git_missing
from gitrack.store.git.repository import Repository

_KEPT_FOLDERS = 512
_KEPT_COMMITS = 16
_BULK = 64
#: After so many deaths of git in one bulk it is not the objects that are damaged.
_MOST_DEATHS = 100
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


class ObjectReader:
    """Objects by id. Threads and forked processes each talk to a `cat-file` of their own."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._objects = str(repository.objects)
        self._hash = HASHES[repository.object_format]
        self._young = YoungPacks(repository)
        self._own = threading.local()
        # no lock around it, which a fork could copy while it is held: single steps of a dict
        # are atomic
        self._folders: dict[bytes, Folder] = {}
        self._commits: dict[str, Commit] = {}

    def folder(self, id: bytes) -> Folder:
        """The folder of an id; Folders are never changed, so callers share them."""
        known = self._folders.get(id)
        if known is not None:
            return known
        folder = Folder.parse(self.object(id, b"tree"), id)
        self.keep(folder)
        return folder

    def keep(self, folder: Folder) -> None:
        """Remember a folder that was just written."""
        if folder.id is None:
            return
        if len(self._folders) >= _KEPT_FOLDERS:
            self._folders = {}
        self._folders[folder.id] = folder

    def commit(self, id: str) -> Commit:
        """The commit of an id. Raises NotFound."""
        known = self._commits.get(id)
        if known is not None:
            return known
        if not _ID.match(id):
            raise NotFound(f"{id!r} is not the id of a commit")
        commit = Commit.parse(self.object(bytes.fromhex(id), b"commit"), id)
        if len(self._commits) >= _KEPT_COMMITS:
            self._commits = {}
        self._commits[id] = commit
        return commit

    def object(self, id: bytes, kind: bytes) -> bytes:
        """The contents of an object that must be of a kind. Raises NotFound, StoreError."""
        found = self._young.read(id) or self._loose(id.hex())
        if found is None:
            try:
                found = self._ask(id.hex())
            except StoreError as error:
                # git dies when the remote of a partial clone does not answer, and says nothing
                raise self._prefetch([id.hex()]).get(id.hex(), error) from error
        if found[0] != kind:
            raise _wrong_kind(id.hex(), found[0], kind)
        return found[1]

    def blob(self, id: bytes) -> bytes:
        """The contents of a file. Raises NotFound, StoreError."""
        return self.object(id, b"blob")

    def many(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes | GitrackError]]:
        """(id, contents) of blobs, in order: few by the process at hand, many by one of theirs.

        One that is missing or damaged comes as the error that says so, and does not hide others.
        """
        for id in ids:
            if not _ID.match(id):
                raise NotFound(f"{id!r} is not the id of an object")
        absent = self._prefetch(ids)
        if len(ids) < _BULK:
            return ((id, absent.get(id) or self._one(id)) for id in ids)
        return self._bulk(ids, absent)

    def _one(self, id: str) -> bytes | GitrackError:
        try:
            return self.object(bytes.fromhex(id), b"blob")
        except (NotFound, StoreError) as error:
            return error

    def _prefetch(self, ids: Sequence[str]) -> dict[str, LeftOnRemote]:
        """In a partial clone, bring all missing objects at once: one by one takes minutes.

        Those that the remote does not give are not to be asked for again, one by one.
        """
        promisor = self._repository.promisor
        if promisor is None or not ids:
            return {}
        wanted = missing_ids(self._repository, ids)
        if not wanted:
            return {}
        done = self._repository.run(
            *("-c", "fetch.negotiationAlgorithm=noop", "fetch", promisor),
            *("--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"),
            *("--filter=blob:none", "--quiet", "--stdin"),
            input="".join(f"{id}\n" for id in wanted),
            environment={"GIT_TERMINAL_PROMPT": "0"},
        )
        if not done.code:
            return {}
        error = LeftOnRemote(
            f"this partial clone lacks a file, and {promisor!r} does not give it: "
            f"{first_complaint(done.err)}",
            hint=f"type  git fetch {promisor}  to see whether the remote answers",
        )
        return dict.fromkeys(missing_ids(self._repository, wanted), error)

    def _loose(self, id: str) -> tuple[bytes, bytes] | None:
        try:
            with open(f"{self._objects}/{id[:2]}/{id[2:]}", "rb", buffering=0) as file:
                raw = zlib.decompress(file.read())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except zlib.error as error:
            raise StoreError(f"the object {id} is damaged", hint="type  git fsck") from error
        head, _, data = raw.partition(b"\0")
        return head.split(b" ")[0], data

    def _ask(self, id: str) -> tuple[bytes, bytes]:
        own: CatFile | None = getattr(self._own, "cat_file", None)
        if own is None or own.pid != os.getpid() or own.closed:
            own = self._own.cat_file = CatFile(self._repository)
        return own.ask(id)

    def _bulk(
        self, ids: Sequence[str], absent: Mapping[str, GitrackError]
    ) -> Iterator[tuple[str, bytes | GitrackError]]:
        """All by one process; git dies of a damaged object, and then another goes on behind it."""
        asked = [id for id in ids if id not in absent]
        answers: Iterator[bytes | GitrackError] = iter(())
        done = deaths = 0
        for id in ids:
            if id in absent:
                yield id, absent[id]
                continue
            try:
                data = next(answers, None)
                if data is None:
                    answers = self._stream(asked[done:])
                    data = next(answers)
            except StoreError:
                deaths += 1
                if deaths > _MOST_DEATHS:
                    raise
                answers = iter(())
                data = self._one(id)
            done += 1
            # git takes a damaged file for a missing one; a second look tells them apart
            yield id, self._one(id) if isinstance(data, NotFound) else data

    def _stream(self, ids: Sequence[str]) -> Iterator[bytes | GitrackError]:
        """Blobs by one `cat-file`; raises StoreError when it ends too early."""
        import tempfile  # late: it costs more than a commit

        # ids come from a file: a pipe that both sides fill would block
        with tempfile.TemporaryFile() as asked:
            asked.write("".join(f"{id}\n" for id in ids).encode())
            asked.seek(0)
            process = _start(self._repository, ["cat-file", "--batch", "--buffer"], asked)
        answers = io.BufferedReader(cast(io.FileIO, process.stdout), 1 << 18)
        try:
            for id in ids:
                try:
                    kind, data = _answer(answers, id)
                except NotFound as error:
                    yield error
                    continue
                yield data if kind == b"blob" else _wrong_kind(id, kind, b"blob")
        finally:
            answers.close()
            process.wait()


class LeftOnRemote(StoreError):
    """A partial clone lacks an object, and its remote does not give it: no fault of the branch."""


class CatFile:
    """A `git cat-file --batch` that answers one question after the other."""

    def __init__(self, repository: Repository) -> None:
        self.pid = os.getpid()
        process = _start(repository, ["cat-file", "--batch"], subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        # unbuffered: a fork must not inherit half a question
        self._questions = cast(io.FileIO, process.stdin)
        self._raw = cast(io.FileIO, process.stdout)
        self._answers = io.BufferedReader(self._raw, 1 << 16)
        self._close = weakref.finalize(self, _stop, process, self.pid)
        _running.add(self)

    @property
    def closed(self) -> bool:
        return not self._close.alive

    def ask(self, id: str) -> tuple[bytes, bytes]:
        """(kind, contents). Raises NotFound; any other trouble ends this process."""
        try:
            self._questions.write(f"{id}\n".encode())
            return _answer(self._answers, id)
        except NotFound:
            raise
        except BaseException as error:
            # half an answer may be left in the pipe: the next question would read it as its own
            self._close()
            if isinstance(error, OSError):
                raise StoreError(f"git cat-file ended while {id} was read: {error}") from error
            raise

    def forget(self) -> None:
        """In a forked child: let go of the parent's pipes without a word to its process."""
        self._close.detach()
        self._questions.close()
        self._raw.close()


_running: weakref.WeakSet[CatFile] = weakref.WeakSet()


def _after_fork() -> None:
    for cat_file in list(_running):
        cat_file.forget()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _stop(process: subprocess.Popen[bytes], pid: int) -> None:
    if pid != os.getpid():
        return
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    process.wait()


def _start(
    repository: Repository, arguments: list[str], stdin: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            ["git", *arguments],
            cwd=repository.git_dir,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=clean_environment(GIT_DIR=str(repository.git_dir), GIT_TERMINAL_PROMPT="0"),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise git_missing() from error


def _wrong_kind(id: str, found: bytes, wanted: bytes) -> StoreError:
    return StoreError(f"{id} is a {found.decode()}, not a {wanted.decode()}")


def _answer(pipe: io.BufferedReader[io.FileIO], id: str) -> tuple[bytes, bytes]:
    head = pipe.readline().split()
    if len(head) == 2:
        raise NotFound(
            f"the object {id} is {head[1].decode('utf-8', 'replace')}",
            hint="a partial or shallow clone may lack it: type  git fetch",
        )
    if len(head) != 3:
        raise StoreError(
            f"git cat-file ended while {id} was read", hint="type  git fsck  to see what is wrong"
        )
    data = pipe.read(int(head[2]))
    pipe.read(1)
    if len(data) != int(head[2]):
        raise StoreError(f"git cat-file ended in the middle of {id}")
    return head[1], data
