"""What `gitrack model show --at` and `gitrack model history` print: the past of a model."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from gitrack.cli.artifact_lists import Listing
from gitrack.cli.model_page import VersionPage
from gitrack.cli.output import print_json
from gitrack.cli.sections import Lines, aligned
from gitrack.cli.table import terminal_width
from gitrack.errors import NotFound, UnreadableFile
from gitrack.model.display import safe
from gitrack.model.run import Fault
from gitrack.store.registry.paths import stage_path, version_path

if TYPE_CHECKING:
    from gitrack.registry.history import HistoryEntry
    from gitrack.registry.opened import OpenRegistry
    from gitrack.registry.past import Asked, StageAt
    from gitrack.store.timeline import StageChange


class StagePage(msgspec.Struct, kw_only=True):
    """A stage at a date, with every version that stood there and how it came."""

    found: StageAt
    #: by commit and stage: what the history says of a change
    entries: dict[str, HistoryEntry]
    versions: list[VersionPage]
    faults: list[Fault]

    @classmethod
    def of(cls, opened: OpenRegistry, name: str, stage: str, when: str) -> StagePage:
        """Raises UsageError for what is no date, NotFound, CutHistory."""
        from gitrack.registry.history import entries_of
        from gitrack.registry.past import stage_at

        found = stage_at(opened, name, stage, when)
        told = [one for one in (found.since, found.until, *found.during) if one is not None]
        entries = {entry.commit: entry for entry in entries_of(opened, name, told)}
        versions: list[VersionPage] = []
        # the registry as it was then; what was said of a version since is on its own page
        registry = opened.reader(at=found.commit)
        faults = _broken(found)
        for number in found.versions:
            try:
                versions.append(VersionPage.of(opened, registry, name, number))
            except NotFound as error:
                path = version_path(name, number)
                faults.append(Fault(path=path, why=error.message, hint=error.hint))
            except UnreadableFile as error:
                faults.append(Fault(path=error.path, why=error.why, hint=error.hint))
        return cls(found=found, entries=entries, versions=versions, faults=faults)

    def lines(self) -> Iterator[str]:
        """For people."""
        found = self.found
        stood = ", ".join(f"v{number}" for number in found.versions) or "nothing"
        yield safe(f"{found.model} in {found.stage} {_moment(found.asked)}: {stood}")
        yield from aligned(self._head(), indent="  ")
        for page in self.versions:
            yield ""
            yield from page.lines()

    def _head(self) -> Lines:
        since, until = self.found.since, self.found.until
        if since is not None:
            yield "since", self._told(since)
        elif self.found.versions:
            yield "since", "before what this shallow clone has"
        yield "until", self._told(until) if until is not None else "now: nothing has changed since"
        if self.found.commit is not None:
            yield "branch", self.found.commit
        for number, change in enumerate(self.found.during):
            what = "changed" if not number else ""
            yield what, f"{_listed(change.before)} → {_listed(change.after)}  {self._told(change)}"

    def _told(self, change: StageChange) -> str:
        entry = self.entries.get(change.commit)
        if entry is None:
            return _clock(change.when)
        words = [_clock(change.when), _deed(entry)]
        if entry.by or entry.author:
            words.append(f"by {entry.by or entry.author}")
        if entry.request:
            words.append(f"({entry.request})")
        text = " ".join(words)
        if entry.remark:
            text += f" ({entry.remark})"
        return f"{text}: {' '.join(entry.why.split())}" if entry.why else text

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        found = self.found
        return {
            "model": found.model,
            "stage": found.stage,
            "asked": found.asked.text,
            "at": _iso(found.asked.when),
            "commit": found.commit,
            "versions": self.versions,
            "standing": found.versions,
            "since": self._change(found.since),
            "until": self._change(found.until),
            "during": [self._change(change) for change in found.during],
            "faults": self.faults,
        }

    def _change(self, change: StageChange | None) -> dict[str, Any] | None:
        if change is None:
            return None
        entry = self.entries.get(change.commit)
        return change_json(change) | {"entry": None if entry is None else entry_json(entry)}


def print_stage(
    opened: OpenRegistry, name: str, stage: str, when: str, *, as_json: bool
) -> list[Fault]:
    """What stood in a stage at a date; gives what could not be read."""
    page = StagePage.of(opened, name, stage, when)
    if as_json:
        print_json(page.as_json())
    else:
        for line in page.lines():
            click.echo(line)
        following = f"gitrack model history {shlex.quote(name)} --stage {stage}"
        click.echo(f"next: {safe(following)}", err=True)
    return page.faults + [fault for version in page.versions for fault in version.faults]


def print_history(opened: OpenRegistry, name: str, stage: str | None, *, as_json: bool) -> None:
    """What happened to a model's stages. Raises NotFound."""
    found = history(opened, name, stage)
    if as_json:
        print_json(found.as_json())
    else:
        for line in found.lines(terminal_width()):
            click.echo(line)
        if not found.rows:
            where = "any stage" if stage is None else stage
            click.echo(safe(f"no version of {name} ever entered {where}"), err=True)
    if (cut := cut_since(opened)) is not None:
        click.echo(safe(cut), err=True)
    if found.next and not as_json:
        click.echo(f"next: {safe(found.next)}", err=True)


def history(opened: OpenRegistry, name: str, stage: str | None) -> Listing:
    """Every promotion, rollback and revert, the newest first. Raises NotFound."""
    from gitrack.registry.history import model_history

    entries = model_history(opened, name, stage=stage)[::-1]
    rows: list[Sequence[str]] = [
        (
            entry.when.strftime("%Y-%m-%d %H:%M"),
            entry.kind,
            entry.stage,
            f"{_listed(entry.before)} → {_listed(entry.after)}",
            entry.request or ("merge" if entry.merge else ""),
            entry.commit[:10],
            entry.by or entry.author or "",
            ", ".join(entry.approvers),
            " ".join((entry.why or "").split()),
            entry.remark or "",
        )
        for entry in entries
    ]
    heads = ("EFFECTIVE (UTC)", "WHAT", "STAGE", "VERSIONS", "REQUEST", "COMMIT", "BY")
    last = next((one for one in entries if one.after and one.stage != "archived"), None)
    day = None if last is None else f"{last.when:%Y-%m-%d}"
    return Listing(
        headers=(*heads, "APPROVED BY", "ABOUT", "REMARK"),
        rows=rows,
        records=[entry_json(entry) for entry in entries],
        next=None
        if last is None
        else f"gitrack model show {shlex.quote(name)} --stage {last.stage} --at {day}",
    )


def cut_since(opened: OpenRegistry) -> str | None:
    """What a shallow clone does not know, in a sentence."""
    cut = opened.timeline.cut
    if cut is None:
        return None
    remote, branch = opened.branch.remote or "origin", opened.branch.name
    return (
        f"this clone is shallow and knows nothing before {_clock(cut)}; "
        f"type  git fetch --unshallow {remote} {branch}"
    )


def change_json(change: StageChange) -> dict[str, Any]:
    """A change of a stage for programs."""
    return {**msgspec.structs.asdict(change), "when": _iso(change.when)}


def entry_json(entry: HistoryEntry) -> dict[str, Any]:
    """An entry of the history for programs."""
    return {
        **msgspec.structs.asdict(entry),
        "when": _iso(entry.when),
        "changes": [change_json(change) for change in entry.changes],
    }


def _broken(found: StageAt) -> list[Fault]:
    """The stage's own file, where nobody could read it then."""
    if found.since is None or found.since.fault is None:
        return []
    path = stage_path(found.model, found.stage)
    return [Fault(path=path, why=found.since.fault, hint="mend it, or restore it from git")]


def _deed(entry: HistoryEntry) -> str:
    if entry.kind == "revert":
        return f"by a revert of {entry.reverts}"
    if entry.kind == "by hand":
        return "changed by hand"
    return f"{'rolled back' if entry.kind == 'rollback' else 'promoted'} to {entry.stage}"


def _moment(asked: Asked) -> str:
    if asked.text == "now":
        return "now"
    if asked.when > datetime.now(UTC):
        return f"on {asked.text}, which is not over: now"
    if asked.begin is None:
        return f"at {_clock(asked.when)}"
    return f"at the end of {asked.text} (UTC)"


def _clock(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def _iso(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _listed(versions: Sequence[int]) -> str:
    return ", ".join(f"v{version}" for version in versions) or "nothing"
