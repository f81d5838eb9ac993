"""The files that an audit is about, copied as they were when they counted."""

from __future__ import annotations

import hashlib

import msgspec

from gitrack.errors import GitrackError
from gitrack.model.audit import AuditedPromotion
from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.audit.looking import Looked
from gitrack.registry.ruling import policy_path
from gitrack.store.branch import check_path
from gitrack.store.git.code import code_file
from gitrack.store.registry.paths import promotion_path, version_path


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the bundle: its name there, where it lies in git, and what it is about."""

    name: str
    path: str
    commit: str
    blob: str
    sha256: str
    kind: str
    data: bytes


def copied_files(looked: Looked) -> list[Copied]:
    """Records of the promotions that the audit lists: each with run, version, evidence, policy."""
    copies = _Copies(looked)
    for one in looked.audit.promotions:
        copies.take(one)
    return copies.sorted()


class _Copies:
    def __init__(self, looked: Looked) -> None:
        self._looked = looked
        self._found: dict[tuple[str, str], tuple[str, str, bytes]] = {}
        self._evidence: dict[tuple[str, str], list[str]] = {}
        self._runs: dict[str, str] = {}
        for path in looked.trail.states if looked.trail is not None else ():
            what = what_is(path)
            if what.kind is Kind.EVIDENCE:
                key = (what.name, what.item.partition("/")[0])
                self._evidence.setdefault(key, []).append(path)
            elif what.kind is Kind.RUN:
                self._runs[what.name.rpartition("/")[2]] = path

    def take(self, one: AuditedPromotion) -> None:
        """Everything that one promotion relied on."""
        at = one.landed or one.commit
        self._state(promotion_path(one.model, one.id), one.commit, Kind.PROMOTION)
        base = self._looked.bases.get((one.model, one.id), at)
        self._state(version_path(one.model, one.version), base, Kind.VERSION)
        if one.run in self._runs:
            self._state(self._runs[one.run], base, Kind.RUN)
        for path in self._evidence.get((one.model, str(one.version)), ()):
            self._state(path, at, Kind.EVIDENCE)
        used = one.policy.used
        if used is not None and used.commit is not None and one.policy.state == "found":
            self._policy(used.commit, used.sha256)

    def _state(self, path: str, commit: str, kind: Kind) -> None:
        trail = self._looked.trail
        assert trail is not None
        blob = trail.state_at(path, commit)
        if blob is None or (path, blob) in self._found:
            return
        data = trail.read(blob)
        if not isinstance(data, bytes):
            return
        try:
            check_path(path)
        except GitrackError:
            return  # no name for a file on anybody's disk; the audit tells it
        brought = next((by for by, id in trail.states[path] if id == blob), commit)
        self._found[path, blob] = (brought, str(kind), data)

    def _policy(self, commit: str, sha256: str) -> None:
        opened = self._looked.opened
        path = policy_path(opened.place)
        key = (f"policy/{sha256}.yaml", "")
        if key in self._found:
            return
        try:
            data = code_file(opened.repository, commit, path)
        except GitrackError:
            return
        if data is not None and hashlib.sha256(data).hexdigest() == sha256:
            self._found[key] = (commit, f"policy ({path})", data)

    def sorted(self) -> list[Copied]:
        """By name; of a file that was in several states, each has its id in its name."""
        states: dict[str, int] = {}
        for path, _ in self._found:
            states[path] = states.get(path, 0) + 1
        found = [
            Copied(
                name=path if states[path] == 1 else f"{path}.{blob[:12]}",
                path=path,
                commit=commit,
                blob=blob,
                sha256=hashlib.sha256(data).hexdigest(),
                kind=kind,
                data=data,
            )
            for (path, blob), (commit, kind, data) in self._found.items()
        ]
        return sorted(found, key=lambda copy: copy.name)
