"""The history of a registered model: every promotion, rollback and revert, as it took effect."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from gitrack.errors import NotFound
from gitrack.model.promotion import Promotion
from gitrack.registry.opened import OpenRegistry
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import REGISTRY, promotion_path, taken_apart
from gitrack.store.timeline import StageChange, Timeline
from gitrack.store.timeline.commits import Said, brought, said

#: So many records are read one by one rather than with all others.
_FEW = 20

Kind = Literal["promotion", "rollback", "revert", "by hand"]

_REQUEST = (
    re.compile(r"Merge pull request #(?P<number>\d{1,9}) from ", re.ASCII),  # GitHub
    re.compile(r"Merge pull request '.*' \(#(?P<number>\d{1,9})\) from ", re.ASCII),  # Gitea
    re.compile(r"Merged PR (?P<number>\d{1,9}): ", re.ASCII),  # Azure DevOps
    re.compile(r"Merged in .* \(pull request #(?P<number>\d{1,9})\)\Z", re.ASCII),  # Bitbucket
    re.compile(r".*\(#(?P<number>\d{1,9})\)\Z", re.ASCII),  # a squash on GitHub
)
_GITLAB = re.compile(
    r"See merge request (?P<project>[\w./-]{0,200})!(?P<number>\d{1,9})\Z", re.ASCII
)


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to the stages of a model, when it took effect for everybody.

    `before` and `after` are the versions of `stage`; `changes` has all stages that changed along.
    `left` are the versions that `stage` had to let go. `commit` is the commit of the branch that
    brought it: `merge` says that it is a merge, and `merged_by` who made that. `request` is the
    pull request as the host writes it, `#12` or `group/project!12`. `author` is the author of the
    commit that wrote the record, `by` who promoted according to the record. `approvers` are named
    in trailers of the merge, or of the squashed commit. `remark` says what is not as it should be.
    """

    when: datetime
    kind: Kind
    stage: str
    version: int | None = None
    source: str | None = None
    before: list[int] = []
    after: list[int] = []
    left: list[int] = []
    archived: list[int] = []
    by: str | None = None
    why: str | None = None
    promotion: str | None = None
    reverts: str | None = None
    commit: str
    merge: bool = False
    merged_by: str | None = None
    request: str | None = None
    author: str | None = None
    approvers: list[str] = []
    changes: list[StageChange] = []
    remark: str | None = None


def model_history(
    opened: OpenRegistry, name: str, *, stage: str | None = None, at: str | None = None
) -> list[HistoryEntry]:
    """What happened to a model's stages, the oldest first; `stage` leaves what touched another.

    Changes of a stage file without a record are there too, as `by hand`. A shallow clone gives
    what it has: `Timeline.cut` says since when. Raises NotFound for a model that is not there.
    """
    timeline = opened.timeline if at is None else Timeline(opened.branch, at=at)
    registry = opened.reader(at=at)
    found = _History(opened, registry, timeline, name).entries()
    if not found and name not in registry.models():
        _refuse(registry, name)
    if stage is None:
        return found
    return [
        entry
        for entry in found
        if entry.stage == stage or any(change.stage == stage for change in entry.changes)
    ]


def entries_of(
    opened: OpenRegistry, name: str, changes: Sequence[StageChange]
) -> list[HistoryEntry]:
    """The entries of a few changes of the timeline, without reading the others.

    A commit that did several things to a model has one for each.
    """
    history = _History(opened, opened.reader(), opened.timeline, name)
    return history.entries({change.commit for change in changes})


def request_of(message: str) -> str | None:
    """The pull request that a merge or squash commit names, as the host writes it."""
    lines = message.split("\n")
    # GitLab writes it last; a subject that ends in (#12) names an issue there
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    found = _GITLAB.match(last)
    if found is None:
        for pattern in _REQUEST:
            if found := pattern.match(lines[0].strip()):
                return f"#{found['number']}"
        found = next((one for line in lines if (one := _GITLAB.match(line.strip()))), None)
    return None if found is None else f"{found['project']}!{found['number']}"


class _Event(msgspec.Struct):
    """What one commit did on behalf of one promotion; of none: to one stage, by hand."""

    when: datetime
    commit: str
    promotion: str | None
    reverts: str | None
    changes: list[StageChange]


class _History:
    def __init__(
        self, opened: OpenRegistry, registry: Registry, timeline: Timeline, name: str
    ) -> None:
        self._branch = opened.branch
        self._registry = registry
        self._timeline = timeline
        self._name = name
        #: promotions whose records cannot be read any more, though they could be once
        self._spoiled: set[str] = set()

    def entries(self, commits: Container[str] | None = None) -> list[HistoryEntry]:
        """All of them, or those of some commits."""
        events = self._events(commits)
        seen = set() if commits is None else self._earlier(events)
        records = self._records(event.promotion or event.reverts for event in events)
        words = said(self._branch.repository, (event.commit for event in events))
        writers = self._writers(events, words)
        found = []
        for event in events:
            entry = self._entry(event, events, records, seen)
            found.append(_signed(entry, words.get(event.commit), writers))
            if event.promotion is not None:
                seen.add(event.promotion)
        return found

    def _earlier(self, events: Sequence[_Event]) -> set[str]:
        """Promotions of some events that had come before: they come again."""
        first = {one.promotion: one.commit for one in reversed(self._timeline.records(self._name))}
        return {
            event.promotion
            for event in events
            if event.promotion is not None
            and first.get(event.promotion, event.commit) != event.commit
        }

    def _events(self, commits: Container[str] | None) -> list[_Event]:
        """Commit by commit, as the line has them; promotions of one commit by their time."""
        found: dict[tuple[str, str | None, str | None, str | None], _Event] = {}
        for change in self._timeline.changes(self._name):
            if commits is not None and change.commit not in commits:
                continue
            known = change.promotion or change.reverts
            key = (
                *(change.commit, change.promotion, change.reverts),
                None if known else change.stage,
            )
            event = found.setdefault(
                key, _Event(change.when, change.commit, change.promotion, change.reverts, [])
            )
            event.changes.append(change)
        for record in self._timeline.records(self._name):
            if commits is not None and record.commit not in commits:
                continue
            id = record.promotion
            came, gone = (id, None) if record.came else (None, id)
            found.setdefault(
                (record.commit, came, gone, None),
                _Event(record.when, record.commit, came, gone, []),
            )
        order = {
            commit: place
            for place, commit in enumerate(self._timeline.order(key[0] for key in found))
        }
        return sorted(
            found.values(),
            key=lambda event: (order[event.commit], _time(event.promotion or event.reverts)),
        )

    def _records(self, ids: Iterable[str | None]) -> dict[str, Promotion]:
        """The records, those that were taken away again from where they still were."""
        wanted = list(dict.fromkeys(id for id in ids if id is not None))
        if len(wanted) < _FEW:
            each = {id: self._registry.promotion(self._name, id) for id in wanted}
            found = {id: record for id, record in each.items() if record is not None}
        else:
            found = self._registry.promotions(self._name)
        brought_by = {
            record.promotion: record.commit
            for record in self._timeline.records(self._name)
            if record.came
        }
        for id in wanted:
            if id not in found and id in brought_by:
                past = Registry(self._branch, at=brought_by[id]).promotion(self._name, id)
                if past is not None:
                    found[id] = past
                if promotion_path(self._name, id) in {one.path for one in self._registry.faults}:
                    self._spoiled.add(id)
        return found

    def _writers(self, events: Sequence[_Event], words: dict[str, Said]) -> dict[str, str]:
        """By promotion: the author of the commit that wrote it, where a merge brought it."""
        merged = {
            event.promotion
            for event in events
            if event.promotion is not None and len(words[event.commit].parents) > 1
        }
        tip = self._registry.commit
        if not merged or tip is None:
            return {}
        folder = f"{REGISTRY}/{self._name}/promotions"
        wrote = brought(self._branch.repository, tip, folder)
        commits = {id: wrote.get(promotion_path(self._name, id)) for id in merged}
        authors = said(self._branch.repository, (one for one in commits.values() if one))
        return {id: authors[one].author for id, one in commits.items() if one in authors}

    def _entry(
        self,
        event: _Event,
        events: Sequence[_Event],
        records: dict[str, Promotion],
        seen: set[str],
    ) -> HistoryEntry:
        id = event.promotion or event.reverts
        parts = taken_apart(id) if id is not None else None
        stage = parts.stage if parts is not None else event.changes[0].stage
        own = next((change for change in event.changes if change.stage == stage), None)
        before = own.before if own is not None else []
        after = own.after if own is not None else []
        entry = HistoryEntry(
            when=event.when,
            kind="by hand",
            stage=stage,
            before=before,
            after=after,
            left=[version for version in before if version not in after],
            commit=event.commit,
            changes=event.changes,
            promotion=event.promotion,
            reverts=event.reverts,
            remark=_remark(event, events, seen),
        )
        if event.reverts is not None:
            came = [version for version in after if version not in before]
            return msgspec.structs.replace(entry, kind="revert", version=came[-1] if came else None)
        if event.promotion is None or parts is None:
            return msgspec.structs.replace(entry, version=after[-1] if after else None)
        record = records.get(event.promotion)
        if record is None:
            remark = entry.remark or "its record cannot be read"
            return msgspec.structs.replace(
                entry, kind="promotion", version=parts.version, remark=remark
            )
        spoiled = "its record was changed since, and cannot be read"
        return msgspec.structs.replace(
            entry,
            remark=entry.remark or (spoiled if event.promotion in self._spoiled else None),
            kind=record.kind,
            version=record.version,
            source=record.source,
            archived=record.archived,
            by=record.by,
            why=record.why,
        )


def _signed(entry: HistoryEntry, words: Said | None, writers: dict[str, str]) -> HistoryEntry:
    """The entry with what its commit says."""
    if words is None:
        return entry
    merge = len(words.parents) > 1
    return msgspec.structs.replace(
        entry,
        merge=merge,
        merged_by=words.author if merge else None,
        request=request_of(words.message),
        author=writers.get(entry.promotion or "") if merge else words.author,
        approvers=words.approvers,
    )


def _remark(event: _Event, events: Sequence[_Event], seen: set[str]) -> str | None:
    faults = [f"{change.stage}: {change.fault}" for change in event.changes if change.fault]
    if faults:
        return f"the file of a stage cannot be read: {'; '.join(faults)}"
    if event.promotion is None and event.reverts is None:
        return "changed without a record"
    if event.reverts is not None:
        return None if event.changes else "its record was taken away, and its stage left as it was"
    if event.promotion in seen:
        return "made again: its revert was reverted"
    if not event.changes:
        stage = _stage(event.promotion)
        later = [
            other.promotion
            for other in events
            if other.commit == event.commit and other.changes and _stage(other.promotion) == stage
        ]
        if later:
            return f"overtaken in the same merge by {later[-1]}"
        return "a record without a change of its stage"
    return None


def _stage(id: str | None) -> str | None:
    parts = taken_apart(id) if id is not None else None
    return parts.stage if parts is not None else None


def _time(id: str | None) -> tuple[str, int, int, str]:
    parts = taken_apart(id) if id is not None else None
    return parts or ("", 0, 0, "")


def _refuse(registry: Registry, name: str) -> None:
    from gitrack.model.nearest import nearest

    near = nearest(name, registry.models())
    raise NotFound(
        f"there is no registered model {name!r}", hint=f"did you mean {near!r}?" if near else None
    )
