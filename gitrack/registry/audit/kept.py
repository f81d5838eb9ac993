"""Nothing that was written is changed or removed: run, artifact, version, evidence, promotion."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from gitrack.model.named import ArtifactVersion
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Run
from gitrack.registry.audit.contents import Contents
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.kinds import FOR_EVER, Kind, What, what_is
from gitrack.registry.audit.renumbered import renumbered
from gitrack.registry.audit.reverts import Reverts
from gitrack.registry.audit.trail import Step, Trail
from gitrack.store.git.ancestry import Change
from gitrack.store.layout import RECORD

_LINK = frozenset({"120000", "160000"})
#: What people may say of a thing after the fact.
_LABELS: dict[Kind, tuple[type[msgspec.Struct], tuple[str, ...]]] = {
    Kind.RUN: (Run, ("tags", "notes", "name")),
    Kind.VERSION: (ModelVersion, ("tags", "description")),
    Kind.NAMED: (ArtifactVersion, ("description",)),
}
_MEANS = {
    Kind.RUN: "what is known of the run is not what was recorded when it ended",
    Kind.RUN_FILE: "what the run left is not what it left when it ended",
    Kind.VERSION: "the version is not what was registered, judged and promoted under its number",
    Kind.EVIDENCE: "a fact that gates relied on was put in other words afterwards",
    Kind.PROMOTION: "the record of a decision was put in other words afterwards",
    Kind.NAMED: "the version of the artifact is not what was recorded under its number",
}


class Kept:
    """Looks at every change of files that are written for ever."""

    def __init__(
        self, trail: Trail, contents: Contents, reverts: Reverts, findings: Findings
    ) -> None:
        self._trail = trail
        self._contents = contents
        self._reverts = reverts
        self._findings = findings
        #: by path, the ids that it ever had, and the commits that brought them
        self._ever: dict[str, dict[str, str]] = defaultdict(dict)
        self._gone: dict[str, str] = {}
        self._registered: dict[str, tuple[str, str]] = {}

    def check(self) -> None:
        """All commits, parents first."""
        for commit in self._trail.commits:
            for step in self._trail.steps[commit.id]:
                self._step(step)
            for change in self._trail.brought[commit.id]:
                self._remember(commit.id, change)

    def _remember(self, commit: str, change: Change) -> None:
        assert change.new is not None
        what = what_is(change.path)
        if what.kind not in FOR_EVER:
            return
        if change.mode in _LINK:
            self._findings.tampering(
                "link",
                f"{change.path} is a link to somewhere else and no file",
                "what it says can be changed where it leads, without a trace on the branch",
                commit=commit,
                path=change.path,
            )
        ever = self._ever[change.path]
        gone = self._gone.pop(change.path, None)
        if gone is not None and change.new not in ever:
            self._findings.tampering(
                "written-again",
                f"{change.path} was removed in {gone[:12]} and written again with other contents",
                _MEANS[what.kind],
                commit=commit,
                path=change.path,
                look=f"git diff {gone[:12]}^ {commit[:12]} -- {change.path}",
            )
        ever.setdefault(change.new, commit)
        if what.kind is Kind.VERSION:
            version = self._contents.record(change.path, change.new, ModelVersion)
            if isinstance(version, ModelVersion):
                self._registered.setdefault(version.run, (what.name, what.item))

    def _step(self, step: Step) -> None:
        suspects = [
            (change, what)
            for change in step.changes
            if (
                (what := what_is(change.path)).kind in FOR_EVER
                and (change.old is not None or what.kind is Kind.RUN_FILE)
            )
            or what.kind in _OTHERS
        ]
        if not suspects:
            return
        merge = len(step.commit.parents) > 1
        moved = renumbered(self._trail, self._contents, step) if merge else frozenset()
        folders = self._folders(step, suspects)
        for change, what in suspects:
            if change.path in moved:
                continue
            if what.kind in (Kind.RUN, Kind.RUN_FILE):
                if what.kind is Kind.RUN_FILE and folders.get(what.name) in ("new", "resumed"):
                    continue
                if what.kind is Kind.RUN and folders.get(what.name) in ("labels", "resumed"):
                    continue
            if merge and self._trail.united_cleanly(step.commit, change.path):
                continue  # one side did it, and is asked for it there
            self._judge(step, change, what, merge=merge)

    def _folders(self, step: Step, suspects: list[tuple[Change, What]]) -> dict[str, str]:
        """By folder of a run, what became of its record in this step."""
        found: dict[str, str] = {}
        named = {what.name for _, what in suspects if what.kind in (Kind.RUN, Kind.RUN_FILE)}
        for change in step.changes if named else ():
            what = what_is(change.path)
            if what.kind is not Kind.RUN or what.name not in named:
                continue
            if change.old is None:
                found[what.name] = "new"
            elif change.new is None:
                found[what.name] = "removed"
            elif self._labels_only(change, what):
                found[what.name] = "labels"
            elif self._resumed(step, change):
                found[what.name] = "resumed"
            else:
                found[what.name] = "changed"
        return found

    def _labels_only(self, change: Change, what: What) -> bool:
        known = _LABELS.get(what.kind)
        if known is None or change.old is None or change.new is None:
            return False
        type, labels = known
        before = self._contents.record(change.path, change.old, type)
        after = self._contents.record(change.path, change.new, type)
        if isinstance(before, str) or isinstance(after, str):
            return False
        same = {label: getattr(before, label) for label in labels}
        return msgspec.structs.replace(after, **same) == before

    def _resumed(self, step: Step, change: Change) -> bool:
        """True for a run that went on: nothing it was asked to do is another, and it ended later.

        A process that ends late adds metrics, and changes none.
        """
        before = self._contents.run(change.path, change.old)
        after = self._contents.run(change.path, change.new)
        if before is None or after is None:
            return False
        fixed = ("id", "name", "experiment", "started", "author", "parent")
        if any(getattr(before, key) != getattr(after, key) for key in fixed if key != "name"):
            return False
        if any(after.params.get(key) != value for key, value in before.params.items()):
            return False
        went_on = (after.ended or "") > (before.ended or "")
        added = before.metrics.items() <= after.metrics.items() and len(after.metrics) > len(
            before.metrics
        )
        if not (went_on or (added and after.ended == before.ended)):
            return False
        changed = sorted(
            name
            for name, value in after.metrics.items()
            if name in before.metrics and before.metrics[name] != value
        )
        told = f"; it changed {', '.join(changed[:5])}" if changed else ""
        registered = self._registered.get(before.id)
        if registered is not None:
            model, number = registered
            self._findings.suspicious(
                "resumed-after-registration",
                f"run {before.id} went on after {model} v{number} was registered from it{told}",
                "what was judged is not what the record says now",
                commit=step.commit.id,
                path=change.path,
                model=model,
            )
        else:
            self._findings.remark(
                "resumed",
                f"run {before.id} went on after it was first recorded{told}",
                "the record was written again, as it is when a run is resumed",
                commit=step.commit.id,
                path=change.path,
            )
        return True

    def _judge(self, step: Step, change: Change, what: What, *, merge: bool) -> None:
        commit = step.commit.id
        if what.kind is Kind.PROMOTION and change.new is None and self._reverts.of(step, change):
            return
        if what.kind in _OTHERS:
            self._other(commit, change, what)
            return
        if self._labels_only(change, what):
            return
        name = _named(what, change.path)
        if change.new is None:
            self._removed(commit, change, what, name, merge=merge)
        elif change.old is None:
            record = f"{what.name}/{RECORD}"
            if self._trail.at(record, commit) is None:
                return  # no run here: the file is a stray, which the reader of runs tells
            self._findings.suspicious(
                "added-later",
                f"{name} was added after the run had been recorded",
                "it is not of the run: somebody put it there later",
                commit=commit,
                path=change.path,
            )
        else:
            said = self._difference(change, what)
            where = " by a merge that took neither side" if merge else ""
            report = self._findings.tampering
            if self._unmerged(commit, change):
                where, report = " and before it was merged", self._findings.suspicious
            report(
                f"changed-{what.kind.name.lower().replace('_', '-')}",
                f"{name} was changed after it was written{where}{said}",
                _MEANS[what.kind],
                commit=commit,
                path=change.path,
                promotion=what.item if what.kind is Kind.PROMOTION else None,
            )

    def _unmerged(self, commit: str, change: Change) -> bool:
        """True for what a pull request mended in its own branch, before anybody else had it."""
        brought = self._ever[change.path].get(change.old or "")
        landed = self._trail.landed
        if brought is None or commit in self._trail.on_line or landed.get(commit) is None:
            return False
        return landed.get(brought) == landed[commit] and brought not in self._trail.on_line

    def _removed(self, commit: str, change: Change, what: What, name: str, *, merge: bool) -> None:
        if not merge:
            self._gone[change.path] = commit
        if what.kind is Kind.RUN_FILE and self._trail.at(f"{what.name}/{RECORD}", commit) is None:
            return  # told with its run
        how = "dropped by a merge, which has only the other side" if merge else "removed"
        self._findings.tampering(
            f"{'dropped' if merge else 'removed'}-{what.kind.name.lower().replace('_', '-')}",
            f"{name} was {how}",
            "the record is gone from the branch; its history still has it",
            commit=commit,
            path=change.path,
            promotion=what.item if what.kind is Kind.PROMOTION else None,
        )

    def _difference(self, change: Change, what: What) -> str:
        known = _LABELS.get(what.kind)
        if known is None or change.old is None or change.new is None:
            return ""
        before = self._contents.record(change.path, change.old, known[0])
        after = self._contents.record(change.path, change.new, known[0])
        if isinstance(after, str):
            return f", and cannot be read any more ({after})"
        if isinstance(before, str):
            return ""
        fields = [
            key for key in known[0].__struct_fields__ if getattr(before, key) != getattr(after, key)
        ]
        if fields == ["metrics"] and isinstance(before, Run) and isinstance(after, Run):
            told = [
                f"{key} from {before.metrics.get(key)} to {after.metrics.get(key)}"
                for key in sorted({*before.metrics, *after.metrics})
                if before.metrics.get(key) != after.metrics.get(key)
            ]
            return f": {', '.join(told[:5])}"
        return f": {', '.join(fields)}" if fields else ""

    def _other(self, commit: str, change: Change, what: What) -> None:
        if what.kind is Kind.MACHINE and change.old is not None:
            self._findings.remark(
                "workflow",
                f"{change.path} was {'changed' if change.new else 'removed'}",
                "what checks pull requests may be another than before",
                commit=commit,
                path=change.path,
            )
        if what.kind is Kind.COLLECTED and change.old is not None and change.new is not None:
            self._findings.suspicious(
                "changed-collection",
                f"{change.path} was changed after it was written",
                "what it says about bytes that are gone may not be so",
                commit=commit,
                path=change.path,
            )
        if what.kind is Kind.MODEL and change.new is None:
            self._findings.suspicious(
                "removed-model",
                f"what is said about {what.name} was removed",
                "its owners and its primary metric are not on the branch any more",
                commit=commit,
                path=change.path,
            )
        if what.kind is Kind.STRAY and change.new is not None:
            self._findings.suspicious(
                "stray",
                f"{change.path} is nothing that belongs on this branch",
                "no command of gitrack writes it: somebody put it there by hand",
                commit=commit,
                path=change.path,
            )


_OTHERS = frozenset({Kind.MACHINE, Kind.COLLECTED, Kind.MODEL, Kind.STRAY})


def _named(what: What, path: str) -> str:
    if what.kind is Kind.RUN:
        return f"the record of run {what.name.rpartition('/')[2]}"
    if what.kind is Kind.RUN_FILE:
        return f"{what.item} of run {what.name.rpartition('/')[2]}"
    if what.kind is Kind.VERSION:
        return f"version {what.item} of {what.name}"
    if what.kind is Kind.EVIDENCE:
        number, _, kind = what.item.partition("/")
        return f"the evidence {kind} of {what.name} v{number}"
    if what.kind is Kind.PROMOTION:
        return f"the promotion {what.item} of {what.name}"
    return f"{path}"
