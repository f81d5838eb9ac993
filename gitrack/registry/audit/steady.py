"""The audit of one commit of the branch, kept: runs that came since by themselves change nothing.

An audit reads all of history, and most commits only bring a run. What such a commit could be found
fault with, it alone says; so it is looked at alone, and whatever is not plainly innocent has all
of history audited again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from time import time
from typing import NamedTuple

import msgspec

from gitrack.errors import UnreadableFile
from gitrack.model import moments
from gitrack.model.audit import Audit, Severity
from gitrack.model.registered import ModelVersion
from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.people import known_as
from gitrack.store.codec.records import load_run
from gitrack.store.git.ancestry import damaged
from gitrack.store.git.trees import decode
from gitrack.store.layout import place_of

#: More commits than these are not looked at one by one.
_MOST = 5_000
#: Clocks of two machines differ by so much, and nobody lies.
_SKEW = 300
_FILE = b"100644"


class _Kept(msgspec.Struct, array_like=True):
    """An audit on disk. `runs` are those of which versions were ever made."""

    code: bytes
    follows: bytes
    committed: int
    runs: list[str]
    audit: Audit


class _File(NamedTuple):
    """A file as a commit left it; `added` unless it was there before, `plain` unless it is a link,
    a program or gone."""

    path: str
    blob: str
    added: bool
    plain: bool


class _Step(NamedTuple):
    """A commit with the files that it touched."""

    commit: str
    parents: list[str]
    committed: int
    author: str
    files: list[_File]


def audit_at(opened: OpenRegistry, commit: str, cache: Path | None = None) -> Audit:
    """What an audit of a commit of the branch finds, gates judged again.

    Only what the commit and the code's history tell: a rewriting that this clone has seen is left
    to `audit`, and so are signatures. `cache` is a folder where it is kept; with it or without,
    the answer is the same.
    """
    path = None if cache is None else cache / f"audit-{_name(opened)}.json"
    code, follows = _code(), _follows(opened)
    kept = _load(path) if path is not None else None
    if kept is not None and (kept.code, kept.follows) == (code, follows):
        if kept.audit.tip == commit:
            return kept.audit
        continued = _continued(opened, kept, commit)
        if continued is not None:
            _save(path, continued)
            return continued.audit
    found, runs, committed = _whole(opened, commit)
    _save(path, _Kept(code, follows, committed, runs, found))
    return found


def _whole(opened: OpenRegistry, commit: str) -> tuple[Audit, list[str], int]:
    """The audit of all of history; the runs of which versions were made; the commit's time."""
    from gitrack.registry.audit.looking import look

    looked = look(where=opened, at=commit)
    assert looked.trail is not None
    assert looked.contents is not None
    runs: set[str] = set()
    for path, states in looked.trail.states.items():
        if what_is(path).kind is Kind.VERSION:
            for _, blob in states:
                version = looked.contents.record(path, blob, ModelVersion)
                if isinstance(version, ModelVersion):
                    runs.add(version.run)
    return looked.audit, sorted(runs), looked.trail.by_id[commit].committed


def _continued(opened: OpenRegistry, kept: _Kept, commit: str) -> _Kept | None:
    """The audit with the commits that came since; None if one of them has to be explained."""
    tip = kept.audit.tip
    if tip is None or opened.repository.shallow or kept.audit.of(Severity.TAMPERING):
        return None
    if opened.repository.run("merge-base", "--is-ancestor", tip, commit).code:
        return None
    steps = _steps(opened, tip, commit)
    if len(steps) > _MOST:
        return None
    runs, committed, parent = 0, kept.committed, tip
    for step in steps:
        if step.parents != [parent] or not committed <= step.committed <= time():
            return None
        count = _plain(opened, step, set(kept.runs))
        if count is None:
            return None
        runs, committed, parent = runs + count, step.committed, step.commit
    if parent != commit:
        return None
    audit = msgspec.structs.replace(
        kept.audit,
        tip=commit,
        commits=kept.audit.commits + len(steps),
        runs=kept.audit.runs + runs,
    )
    return _Kept(kept.code, kept.follows, committed, kept.runs, audit)


def _plain(opened: OpenRegistry, step: _Step, registered: set[str]) -> int | None:
    """How many runs a commit brought, if it did nothing else, and they are as they should be."""
    records: dict[str, str] = {}
    folders: set[str] = set()
    for path, blob, added, plain in step.files:
        what = what_is(path)
        if not plain or not (added or what.kind is Kind.FREE):
            return None
        if what.kind is Kind.RUN:
            records[path] = blob
        elif what.kind is Kind.RUN_FILE:
            folders.add(what.name)
        elif what.kind not in (Kind.FREE, Kind.NAMED):
            return None
    ids = {place.id for path in records if (place := place_of(path)) is not None}
    if not folders <= {what_is(path).name for path in records} or ids & registered:
        return None
    found = dict(opened.branch.read_many(records.values()))
    for path, blob in records.items():
        data = found.get(blob)
        if not isinstance(data, bytes) or damaged(opened.repository, blob, data):
            return None
        if not _innocent(path, data, step):
            return None
    return len(records)


def _innocent(path: str, data: bytes, step: _Step) -> bool:
    """A run that names the author of its commit, and times that had passed by then."""
    try:
        run = load_run(path, data)
        told = [moments.read(when).timestamp() for when in (run.started, run.ended) if when]
    except (UnreadableFile, ValueError):
        return False
    if run.author is not None and known_as(run.author) != known_as(step.author):
        return False
    return all(when <= step.committed + _SKEW for when in told)


def _steps(opened: OpenRegistry, tip: str, commit: str) -> list[_Step]:
    """The commits that lead from one to another, the oldest first."""
    listed = opened.repository.git_bytes(
        *("log", "--topo-order", "--reverse", "--no-show-signature", "--raw", "-r", "-z"),
        *("--no-renames", "--no-abbrev", "--no-color", "--no-notes", "--no-ext-diff"),
        *("--diff-merges=off", "--no-decorate", "--no-relative", "--encoding=UTF-8"),
        *(f"--max-count={_MOST + 1}", "--format=tformat:@%H %ct %an <%ae>%x00%P"),
        *(commit, f"^{tip}", "--"),
    )
    words = listed.split(b"\0")
    steps: list[_Step] = []
    place = 0
    while place < len(words) - 1:
        word = words[place].lstrip(b"\n")
        if word.startswith(b"@"):
            head, committed, author = word[1:].decode("utf-8", "replace").split(" ", 2)
            parents = words[place + 1].decode("ascii").split()
            steps.append(_Step(head, parents, int(committed or 0), author, []))
        elif word.startswith(b":"):
            _, mode, _, blob, status = word[1:].split(b" ")
            path = decode(words[place + 1])
            file = _File(path, blob.decode("ascii"), status == b"A", mode == _FILE)
            steps[-1].files.append(file)
        else:
            place -= 1
        place += 2
    return steps


def _follows(opened: OpenRegistry) -> bytes:
    """A digest of what an audit follows from besides the branch: whose code, as of when."""
    from gitrack.registry.audit.policies import default_branch

    code = default_branch(opened)
    config = opened.place.config
    told = (
        code and (code.name, code.commit),
        (config.remote, config.code_branch, config.branch),
        opened.repository.shallow,
    )
    return hashlib.blake2b(msgspec.msgpack.encode(told), digest_size=16).digest()


def _code() -> bytes:
    """A digest of the code that audits: another one may find something else."""
    digest = hashlib.blake2b(digest_size=16)
    registry = Path(__file__).parents[1]
    files: Sequence[Path] = sorted(
        [
            *registry.glob("*.py"),
            *registry.glob("audit/*.py"),
            *registry.glob("gates/*.py"),
            *registry.parent.glob("config/*.py"),
            *registry.parent.glob("model/*.py"),
        ]
    )
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.digest()


def _name(opened: OpenRegistry) -> str:
    return opened.branch.name.replace("%", "%25").replace("/", "%2F")


def _load(path: Path) -> _Kept | None:
    """What was kept; whatever is wrong with it, it counts as nothing."""
    try:
        return msgspec.convert(json.loads(path.read_bytes()), _Kept)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return None


def _save(path: Path | None, kept: _Kept) -> None:
    """Keep it. A disk that refuses is none of our business: everything works without.

    As the standard library's JSON, which alone has room for names that are no UTF-8.
    """
    if path is None:
        return
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(msgspec.to_builtins(kept)), encoding="ascii")
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
