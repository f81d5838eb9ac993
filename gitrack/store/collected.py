"""Records of collections on the branch: written before bytes go, read when bytes are missed."""

from __future__ import annotations

import secrets

from gitrack.errors import GitrackError
from gitrack.model.collected import Collected
from gitrack.store.branch import Branch
from gitrack.store.codec.records import dump_record, load_record

FOLDER = "collected"


def path_of(record: Collected) -> str:
    """A place that no other clone takes at the same moment."""
    moment = "".join(c for c in record.time[:19] if c.isdigit() or c == "T")
    return f"{FOLDER}/{moment}Z-{secrets.token_hex(3)}.yaml"


def write(branch: Branch, record: Collected) -> str:
    """One commit that says what is about to go; the path of its file."""
    count = sum(map(len, record.runs.values()))
    message = f"gc: {count} {'artifact' if count == 1 else 'artifacts'} collected"
    if record.rules:
        message += f" ({record.rules})"
    path = path_of(record)
    branch.commit({path: dump_record(record)}, message)
    return path


def take_back(branch: Branch, path: str) -> None:
    """One commit that says that nothing went after all."""
    branch.commit({path: None}, "gc: nothing was collected")


def collections(branch: Branch, *, at: str | None = None) -> list[Collected]:
    """All of them, the oldest first. One that cannot be read says nothing: it only explains."""
    entries = branch.entries(FOLDER, at=at)
    found: list[Collected] = []
    contents = branch.read_many([entry.id for entry in entries])
    for entry, (_, data) in zip(entries, contents, strict=True):
        if not isinstance(data, bytes):
            continue
        try:
            found.append(load_record(entry.path, data, Collected))
        except GitrackError:
            continue
    return sorted(found, key=lambda record: record.time)


def collected(branch: Branch, *, at: str | None = None) -> frozenset[tuple[str, str]]:
    """(run, md5) of every artifact that nobody needs to look for any more."""
    return frozenset(
        (run, md5)
        for record in collections(branch, at=at)
        for run, md5s in record.runs.items()
        for md5 in md5s
    )


def why_gone(branch: Branch, run: str, md5: str) -> str | None:
    """A sentence for whoever misses an artifact of a run; None if no collection removed it."""
    for record in reversed(collections(branch)):
        if md5 in record.runs.get(run, ()):
            who = f" by {record.by}" if record.by else ""
            rules = f" ({record.rules})" if record.rules else ""
            return f"'gitrack gc' removed it on {record.time[:10]}{who}{rules}"
    return None
