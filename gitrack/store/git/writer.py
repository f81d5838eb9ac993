"""Commits to one branch: all that wait at once become one commit, one small pack, one swap."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from gitrack.errors import BranchMoved, GitrackError, StoreError
from gitrack.store.branch import MakePlan, check_commit
from gitrack.store.git.files import Files
from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.line import continues
from gitrack.store.git.lock import LOCK_SECONDS, WriterLock, waits
from gitrack.store.git.merge import Mediate, Union
from gitrack.store.git.message import joint_author, joint_message, split_message
from gitrack.store.git.objects import (
    HASHES,
    Folder,
    commit_bytes,
    edited,
    plan_of,
    written,
)
from gitrack.store.git.pack import Packed, YoungPacks, packed, release, write_pack
from gitrack.store.git.queue import Answer, Job, Queue, Request
from gitrack.store.git.reader import ObjectReader
from gitrack.store.git.refs import Ref
from gitrack.store.git.repository import Repository
from gitrack.store.git.signing import Signer

_SWAPS = 200


class Writer:
    """Takes commits of any thread and process. Keeps nothing open between two of them."""

    def __init__(self, repository: Repository, ref: Ref, reader: ObjectReader) -> None:
        self._repository = repository
        self._ref = ref
        self._reader = reader
        self._hash = HASHES[repository.object_format]
        self._young = YoungPacks(repository)

    @cached_property
    def _files(self) -> Files:
        return Files(self._repository)

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self._repository, self._files)

    @cached_property
    def _queue(self) -> Queue:
        quoted = self._ref.branch.replace("%", "%25").replace("/", "%2F")
        return Queue(self._repository.home / "queue" / quoted, self._files)

    def commit(
        self, changes: Mapping[str, bytes | None], message: str, *, base: str | None = None
    ) -> str:
        """The id of the commit that holds the changes. Raises StoreError and its kin."""
        request = self._request(changes, message)
        try:
            return self._submit(request, base)
        except OSError as error:
            raise StoreError(f"the commit could not be written: {error}") from error

    def commit_on_tip(self, make: MakePlan, tip: Callable[[], str | None]) -> str:
        """The id of the commit of what `make` plans, under the writers' lock."""
        lock = WriterLock(self._repository, self._files)
        try:
            for _ in waits(LOCK_SECONDS, lock.path):
                taken = lock.take()
                if taken is not False:
                    return self._planned(make, tip, exclusive=taken is True)
        except OSError as error:
            raise StoreError(f"the commit could not be written: {error}") from error
        finally:
            lock.release()
        raise AssertionError("waits() ends by LockTimeout")

    def commit_anew(
        self,
        changes: Mapping[str, bytes | None],
        message: str,
        *,
        base: str,
        instead_of: str | None,
    ) -> str:
        """The id of the commit upon `base` that the branch holds now, in place of what it held.

        One move of the ref: whoever is killed leaves the old commit there, or the new one. Raises
        BranchMoved unless the branch stands at `instead_of`.
        """
        request = self._request(changes, message)
        lock = WriterLock(self._repository, self._files)
        try:
            for _ in waits(LOCK_SECONDS, lock.path):
                taken = lock.take()
                if taken is not False:
                    return self._anew(request, base, instead_of, exclusive=taken is True)
        except OSError as error:
            raise StoreError(f"the commit could not be written: {error}") from error
        finally:
            lock.release()
        raise AssertionError("waits() ends by LockTimeout")

    def _anew(self, request: Request, base: str, instead_of: str | None, *, exclusive: bool) -> str:
        self._ref.refuse_if_checked_out()
        if exclusive:
            self._settle_announced()
        job = Job(request)
        _root, after, accepted = self._apply([job], base)
        if not accepted:
            return _result(job.answer)
        parents = (bytes.fromhex(base),)
        new = self._try(accepted, after, parents, instead_of, exclusive=exclusive)
        if new is None:
            raise BranchMoved(self._ref.branch)
        if exclusive:
            self._young.join(self._files)
        return new

    def _planned(self, make: MakePlan, tip: Callable[[], str | None], *, exclusive: bool) -> str:
        for _ in range(_SWAPS):
            if exclusive:
                self._settle_announced()
            base = tip()
            changes, message = make(base)
            check_commit(changes, message)
            try:
                return self._alone(self._request(changes, message), base, exclusive=exclusive)
            except BranchMoved:
                continue
        raise BranchMoved(self._ref.branch)

    def _request(self, changes: Mapping[str, bytes | None], message: str) -> Request:
        author = self._repository.identity()
        objects: list[Packed] = []
        ids: dict[str, bytes | None] = {}
        for path, data in changes.items():
            ids[path] = None
            if data is not None:
                objects.append(packed(b"blob", data, self._hash))
                ids[path] = objects[-1].id
        return Request(message, author, Stamp.now(), ids, objects)

    def _submit(self, request: Request, base: str | None) -> str:
        lock = WriterLock(self._repository, self._files)
        try:
            taken = lock.take()
            if taken is None:
                return self._alone(request, base, exclusive=False)
            if base is not None:
                for _ in waits(LOCK_SECONDS, lock.path):
                    if taken or lock.take():
                        return self._alone(request, base, exclusive=True)
            if taken:
                job = Job(request)
                self._serve(job)
                return _result(job.answer)
            return self._queued(request, lock)
        finally:
            lock.release()

    def _alone(self, request: Request, base: str | None, *, exclusive: bool) -> str:
        job = Job(request)
        if exclusive:
            self._settle_announced()
        self._commit([job], base=base, exclusive=exclusive)
        return _result(job.answer)

    def _queued(self, request: Request, lock: WriterLock) -> str:
        ticket = self._queue.put(request)
        try:
            for _ in waits(LOCK_SECONDS, lock.path):
                answer = ticket.answer()
                if answer is None and lock.take():
                    answer = ticket.answer()
                    while answer is None:
                        self._serve(None)
                        answer = ticket.answer()
                if answer is not None:
                    return answer.result()
        finally:
            ticket.close()
        raise AssertionError("waits() ends by LockTimeout")

    def _serve(self, own: Job | None) -> None:
        """Commit everything that waits, and our own; under the writers' lock."""
        self._settle_announced()
        jobs: list[Job] = [*self._queue.waiting()]
        if own is not None:
            jobs.append(own)
        if jobs:
            self._commit(jobs, base=None, exclusive=True)

    def _settle_announced(self) -> None:
        """Answer what a holder committed, if it died before it could."""
        announced = self._queue.announced()
        if announced is not None:
            tip = self._ref.read()
            self._queue.conclude(committed=tip is not None and self._holds(tip, announced))

    def _holds(self, tip: str, commit: str) -> bool:
        if tip == commit:
            return True
        return self._repository.run("merge-base", "--is-ancestor", commit, tip).code == 0

    def _commit(self, jobs: Sequence[Job], *, base: str | None, exclusive: bool) -> None:
        self._ref.refuse_if_checked_out()
        for _ in range(_SWAPS):
            old = self._ref.read()
            start = old or self._ref.read_remote()
            if base is not None and start != base:
                raise BranchMoved(self._ref.branch)
            root, after, jobs = self._apply(jobs, start)
            if not jobs:
                return
            if after is root and start is not None:
                _settle(jobs, start)
                return
            parents = () if start is None else (bytes.fromhex(start),)
            new = self._try(jobs, after, parents, old, exclusive=exclusive)
            if new is not None:
                _settle(jobs, new)
                if exclusive:
                    self._queue.conclude(committed=True)
                    self._young.join(self._files)
                return
            if exclusive:
                self._queue.conclude(committed=False)
            else:
                time.sleep(os.urandom(1)[0] / 5000)  # chance parts those who meet
        raise BranchMoved(self._ref.branch)

    def merge(self, theirs: str, mediate: Mediate) -> str:
        """Unite the branch with another commit; the id of the new tip."""
        self._reader.commit(theirs)  # NotFound rather than git's opinion of a strange name
        lock = WriterLock(self._repository, self._files)
        try:
            for _ in waits(LOCK_SECONDS, lock.path):
                taken = lock.take()
                if taken is not False:
                    return self._merge(theirs, mediate, exclusive=taken is True)
        except OSError as error:
            raise StoreError(f"the merge could not be written: {error}") from error
        finally:
            lock.release()
        raise AssertionError("waits() ends by LockTimeout")

    def _merge(self, theirs: str, mediate: Mediate, *, exclusive: bool) -> str:
        self._ref.refuse_if_checked_out()
        if exclusive:
            self._settle_announced()
        for _ in range(_SWAPS):
            ours = self._ref.read()
            if ours is not None and self._holds(ours, theirs):
                if continues(self._repository, ours, theirs):
                    return ours
                # merged by hand the wrong way round: theirs goes back to the front
                new = self._unite(ours, theirs, mediate, exclusive=exclusive)
                if new is not None:
                    return new
                continue
            if ours is None or self._holds(theirs, ours):
                new = self._forward(theirs, ours, exclusive=exclusive)
            else:
                new = self._unite(ours, theirs, mediate, exclusive=exclusive)
            if new is not None:
                return new
        raise BranchMoved(self._ref.branch)

    def _forward(self, theirs: str, ours: str | None, *, exclusive: bool) -> str | None:
        who = self._repository.committer()
        reason = "merge: fast-forward"
        moved = self._ref.swap(
            self._files, theirs, ours, reason=reason, who=who, exclusive=exclusive
        )
        return theirs if moved else None

    def _unite(self, ours: str, theirs: str, mediate: Mediate, *, exclusive: bool) -> str | None:
        objects: list[Packed] = []

        def add(kind: bytes, data: bytes) -> bytes:
            objects.append(packed(kind, data, self._hash))
            return objects[-1].id

        base = self._repository.git("merge-base", ours, theirs, check=False)
        roots = [self._root(commit) for commit in (base.partition("\n")[0] or None, ours, theirs)]
        mediator = mediate(ours, theirs)
        union = Union(self._reader.folder, self._reader.blob, add, mediator.resolve)
        after = union.of(*roots)
        more = {
            path: None if data is None else add(b"blob", data)
            for path, data in mediator.more().items()
        }
        after = edited(after, plan_of(more), self._reader.folder)
        message = mediator.message()
        request = Request(message, self._repository.identity(), Stamp.now(), {}, objects)
        # theirs first: what was published once stays on the first-parent line, which only grows
        parents = (bytes.fromhex(theirs), bytes.fromhex(ours))
        return self._try([Job(request)], after, parents, ours, exclusive=exclusive)

    def _root(self, commit: str | None) -> Folder:
        if commit is None:
            return Folder({})
        return self._reader.folder(self._reader.commit(commit).tree)

    def _apply(self, jobs: Sequence[Job], start: str | None) -> tuple[Folder, Folder, list[Job]]:
        """The root before and after, and the jobs that fit; the others learn why not."""
        load = self._reader.folder
        after = root = self._root(start)
        accepted: list[Job] = []
        for job in jobs:
            try:
                after = edited(after, plan_of(job.request.changes), load)
            except GitrackError as error:
                job.settle(Answer.refusal(error))
            else:
                accepted.append(job)
        return root, after, accepted

    def _try(
        self,
        jobs: Sequence[Job],
        after: Folder,
        parents: tuple[bytes, ...],
        old: str | None,
        *,
        exclusive: bool,
    ) -> str | None:
        """Write the commit and move the branch; None if it has moved meanwhile."""
        objects: list[Packed] = [item for job in jobs for item in job.request.objects]
        folders: list[Folder] = []

        def add(kind: bytes, data: bytes) -> bytes:
            objects.append(packed(kind, data, self._hash))
            return objects[-1].id

        tree = written(after, add, folders.append)
        requests = [job.request for job in jobs]
        message = joint_message(requests)
        committer = self._repository.committer()
        commit = self._commit_object(tree, after, parents, requests, message, committer)
        new = add(b"commit", commit).hex()
        pack = write_pack(self._repository, self._files, objects, exclusive=exclusive)
        try:
            self._queue.announce(new, jobs)
            reason = f"commit{'' if parents else ' (initial)'}: {split_message(message)[0]}"
            moved = self._ref.swap(
                self._files, new, old, reason=reason, who=committer, exclusive=exclusive
            )
        finally:
            # never removed, even if nothing refers to it: git may have seen an object in it and
            # not written the same one again
            self._young.record(self._files, pack)
            release(self._repository, pack)
        if not moved:
            return None
        for folder in folders:
            self._reader.keep(folder)
        return new

    def _commit_object(
        self,
        tree: bytes,
        root: Folder,
        parents: tuple[bytes, ...],
        requests: Sequence[Request],
        message: str,
        committer: Author,
    ) -> bytes:
        author, authored = joint_author(requests)
        now = Stamp.now()
        signed = self._signer.sign(
            tree=tree,
            root=root,
            parents=parents,
            author=author,
            authored=authored,
            committer=committer,
            committed=now,
            message=message,
            must=len(requests) == 1 and _answers(requests[0]),
        )
        return signed or commit_bytes(
            tree=tree,
            parents=parents,
            author=author,
            authored=authored,
            committer=committer,
            committed=now,
            message=message,
        )


def _answers(request: Request) -> bool:
    """True for what somebody answers for with their name: a promotion, or evidence."""
    return any(
        path.startswith("registry/") and path.split("/")[2:3] in (["promotions"], ["evidence"])
        for path in request.changes
    )


def _settle(jobs: Sequence[Job], commit: str) -> None:
    for job in jobs:
        job.settle(Answer(commit=commit))


def _result(answer: Answer | None) -> str:
    if answer is None:
        raise StoreError("the commit was neither made nor refused")
    return answer.result()
