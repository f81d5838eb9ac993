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
    """One commit that says what is about to go; its id."""
    count = len(record.objects)
    message = f"gc: {count} {'artifact' if count == 1 else 'artifacts'} collected"
    if record.rules:
        message += f" ({record.rules})"
    return branch.commit({path_of(record): dump_record(record)}, message)


def find(branch: Branch, md5: str) -> Collected | None:
    """The newest collection that removed these contents, if any did.

    A record that cannot be read says nothing: it only explains.
    """
    entries = branch.entries(FOLDER)
    mark = md5.encode()
    newest = list(branch.read_many([entry.id for entry in entries]))
    for entry, (_, data) in zip(reversed(entries), reversed(newest), strict=True):
        if not isinstance(data, bytes) or mark not in data:
            continue
        try:
            record = load_record(entry.path, data, Collected)
        except GitrackError:
            continue
        if md5 in record.objects:
            return record
    return None


def why_gone(branch: Branch, md5: str) -> str | None:
    """A sentence for whoever misses these contents; None if no collection removed them."""
    record = find(branch, md5)
    if record is None:
        return None
    who = f" by {record.by}" if record.by else ""
    rules = f" ({record.rules})" if record.rules else ""
    return f"'gitrack gc' removed it on {record.time[:10]}{who}{rules}"
