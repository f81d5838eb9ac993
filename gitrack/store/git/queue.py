"""Commits that wait for the lock: whoever holds it commits them all, and answers each.

A waiting commit is a file. Its owner keeps it open and reads the answer from it, so the holder
may remove its name at once and a dead owner leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gitrack.errors import GitrackError, StoreError
from gitrack.store.branch import check_path
from gitrack.store.git.files import Files
from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.pack import Packed

try:
    import fcntl
except ImportError:  # Windows has no such locks, and then nothing is ever queued
    fcntl = None  # type: ignore[assignment]  # never used when it is None

_WAITING = b"?"
_ANSWERED = b"!"
_UNFINISHED = ".new-"
_PENDING = ".pending"
_MOST = 256
_LARGEST = 64 << 20


class Request(msgspec.Struct, frozen=True, array_like=True):
    """What somebody wants committed: ids by path, and the objects, ready for a pack."""

    message: str
    author: Author
    authored: Stamp
    changes: dict[str, bytes | None]
    objects: list[Packed]

    def check(self) -> None:
        """Refuse what another process should not have queued. Raises InvalidName, StoreError."""
        brought = {item.id for item in self.objects}
        for path, id in self.changes.items():
            check_path(path)
            if id is not None and id not in brought:
                raise StoreError(f"a waiting commit names contents of {path!r} that it lacks")


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """The commit that holds a request, or why there is none."""

    commit: str | None = None
    error: str | None = None
    hint: str | None = None

    @classmethod
    def refusal(cls, error: GitrackError) -> Answer:
        return cls(error=error.message, hint=error.hint)

    def result(self) -> str:
        """The commit's id. Raises StoreError if the request was refused."""
        if self.commit is None:
            raise StoreError(self.error or "the commit was refused", hint=self.hint)
        return self.commit


class Job:
    """A request on its way into a commit, in this process."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.answer: Answer | None = None

    def settle(self, answer: Answer) -> None:
        self.answer = answer


class QueuedJob(Job):
    """A request that another process, maybe dead, left in the queue."""

    def __init__(self, request: Request, path: Path) -> None:
        super().__init__(request)
        self.path = path

    def settle(self, answer: Answer) -> None:
        super().settle(answer)
        _answer(self.path, answer)


class Ticket:
    """Our own request in the queue."""

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._size = size

    def answer(self) -> Answer | None:
        """What became of it, or None while it waits."""
        if os.pread(self._descriptor, 1, 0) == _WAITING:
            return None
        length = os.fstat(self._descriptor).st_size - self._size
        data = os.pread(self._descriptor, length, self._size)
        return msgspec.msgpack.decode(data, type=Answer)

    def close(self) -> None:
        """Take it back if nobody has committed it."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._descriptor)


class Queue:
    """The waiting commits of one branch."""

    def __init__(self, folder: Path, files: Files) -> None:
        self._folder = folder
        self._files = files

    def put(self, request: Request) -> Ticket:
        """Leave a request for whoever has the lock."""
        data = _WAITING + msgspec.msgpack.encode(request)
        name = f"{time.time_ns():020d}-{os.getpid()}-{os.urandom(4).hex()}"
        unfinished, path = self._folder / f"{_UNFINISHED}{name}", self._folder / name
        while True:
            descriptor = self._files.open(unfinished, os.O_RDWR | os.O_EXCL)
            try:
                # held while we live: a sweeper that gets it knows that its writer is dead
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                view = memoryview(data)
                while view:
                    view = view[os.write(descriptor, view) :]
                unfinished.rename(path)
            except (BlockingIOError, FileNotFoundError):
                os.close(descriptor)  # swept between its creation and our lock
            except BaseException:
                os.close(descriptor)
                with contextlib.suppress(FileNotFoundError):
                    unfinished.unlink()
                raise
            else:
                return Ticket(path, descriptor, len(data))

    def waiting(self) -> list[QueuedJob]:
        """The oldest requests, as many as fit into one commit; under the writers' lock."""
        try:
            names = sorted(path.name for path in self._folder.iterdir() if path.name[0] != ".")
        except FileNotFoundError:
            return []
        jobs: list[QueuedJob] = []
        size = 0
        for name in names[:_MOST]:
            path = self._folder / name
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # taken back
            if data[:1] != _WAITING:
                path.unlink()  # its holder died between answer and removal
                continue
            try:
                request = msgspec.msgpack.decode(data[1:], type=Request)
                request.check()
            except msgspec.MsgspecError as error:
                why = f"the waiting commit {name} cannot be read by this version: {error}"
                _answer(path, Answer(error=why, hint="use one version of gitrack at a time"))
            except GitrackError as error:
                _answer(path, Answer.refusal(error))
            else:
                jobs.append(QueuedJob(request, path))
            size += len(data)
            if size > _LARGEST:
                break
        return jobs

    def announce(self, commit: str, jobs: Sequence[Job]) -> None:
        """Note what the commit will hold, for a holder that finds us dead after the swap."""
        names = [job.path.name for job in jobs if isinstance(job, QueuedJob)]
        if names:
            text = "\n".join([commit, *names])
            self._files.publish(self._folder / _PENDING, text.encode())

    def announced(self) -> str | None:
        """The commit that a dead holder may have made."""
        try:
            return (self._folder / _PENDING).read_text("utf-8").partition("\n")[0]
        except FileNotFoundError:
            return None

    def conclude(self, *, committed: bool) -> None:
        """Answer what was announced, if it was committed; forget the announcement."""
        place = self._folder / _PENDING
        try:
            commit, *names = place.read_text("utf-8").split("\n")
        except FileNotFoundError:
            return
        if committed:
            for name in names:
                _answer(self._folder / name, Answer(commit=commit))
        place.unlink()


def _answer(path: Path, answer: Answer) -> None:
    """Write the answer into the request's file, then remove its name."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        if os.pread(descriptor, 1, 0) == _WAITING:
            size = os.fstat(descriptor).st_size
            os.pwrite(descriptor, msgspec.msgpack.encode(answer), size)
            os.pwrite(descriptor, _ANSWERED, 0)
    finally:
        os.close(descriptor)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def sweep_unfinished(queues: Path) -> None:
    """Remove what writers left that died before their request was whole."""
    for path in queues.glob(f"*/{_UNFINISHED}*"):
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue  # its writer lives
        finally:
            os.close(descriptor)
