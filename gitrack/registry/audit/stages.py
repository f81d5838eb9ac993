"""A stage changes only by a promotion whose record explains exactly that, or by its revert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from gitrack.config.stage_name import ARCHIVE
from gitrack.model.audit import AliasChange
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelAlias, StageState
from gitrack.registry.audit.contents import Contents
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.kinds import Kind, What, what_is
from gitrack.registry.audit.renumbered import new_numbers
from gitrack.registry.audit.reverts import Reverts
from gitrack.registry.audit.trail import Step, Trail, moment
from gitrack.store.git.ancestry import Change
from gitrack.store.registry.paths import stage_path, taken_apart

_MEANS = "who stands in a stage was changed without a decision on record"


class Stages:
    """Looks at every change of stage files, and lists those of aliases."""

    def __init__(
        self, trail: Trail, contents: Contents, reverts: Reverts, findings: Findings
    ) -> None:
        self._trail = trail
        self._contents = contents
        self._reverts = reverts
        self._findings = findings
        self.aliases: list[AliasChange] = []

    def check(self) -> None:
        """All commits, parents first."""
        for commit in self._trail.commits:
            for step in self._trail.steps[commit.id]:
                self._step(step)

    def _step(self, step: Step) -> None:
        stages: dict[str, list[tuple[Change, What]]] = defaultdict(list)
        promoted: dict[str, list[tuple[Change, What]]] = defaultdict(list)
        for change in step.changes:
            what = what_is(change.path)
            if what.kind is Kind.STAGE:
                stages[what.name].append((change, what))
            elif what.kind is Kind.PROMOTION and change.new is not None and change.old is None:
                promoted[what.name].append((change, what))
            elif what.kind is Kind.ALIAS and step.first and step.commit.id in self._trail.on_line:
                self._alias(step, change, what)
        for model in sorted({*stages, *promoted}):
            self._model(step, model, stages.get(model, []), promoted.get(model, []))

    def _model(
        self,
        step: Step,
        model: str,
        stages: list[tuple[Change, What]],
        promoted: list[tuple[Change, What]],
    ) -> None:
        before, after = self._states(step, stages)
        if before is None or after is None:
            return
        records = self._records(promoted)
        parent = step.parent

        def stood(stage: str) -> list[int]:
            path = stage_path(model, stage)
            id = self._trail.at(path, parent) if parent is not None else None
            found = self._versions(path, id)
            return [] if isinstance(found, str) else found

        why = _unexplained(before, after, records, stood)
        if why is None or self._reverts.exact(step, model):
            return
        if len(step.commit.parents) > 1 and (
            all(self._trail.united_cleanly(step.commit, change.path) for change, _ in stages)
            or self._renumbered(step, model, before, after)
        ):
            self._meanwhile(step, model, why, promoted)
            return
        path = stages[0][0].path if stages else promoted[0][0].path
        stage, said = why
        path = next((change.path for change, what in stages if what.item == stage), path)
        kind = "stage-edited" if not records else "stage-unexplained"
        self._findings.tampering(
            kind,
            f"{model}: {said}",
            _MEANS,
            commit=step.commit.id,
            path=path,
            model=model,
            promotion=promoted[0][1].item if promoted else None,
        )

    def _meanwhile(
        self,
        step: Step,
        model: str,
        why: tuple[str, str],
        promoted: list[tuple[Change, What]],
    ) -> None:
        """Git has merged what no two people have decided together: each side fits, not both."""
        if step.first and len(promoted) == 1 and step.commit.id in self._trail.on_line:
            self._findings.suspicious(
                "merged-blindly",
                f"{model}: {why[1]} when it was merged",
                "others had moved it meanwhile, and it was merged without another check",
                commit=step.commit.id,
                path=promoted[0][0].path,
                model=model,
                promotion=promoted[0][1].item,
            )

    def _states(
        self, step: Step, stages: list[tuple[Change, What]]
    ) -> tuple[dict[str, list[int]] | None, dict[str, list[int]] | None]:
        before: dict[str, list[int]] = {}
        after: dict[str, list[int]] = {}
        for change, what in stages:
            for state, id in ((before, change.old), (after, change.new)):
                found = self._versions(change.path, id)
                if isinstance(found, str):
                    self._findings.tampering(
                        "stage-unreadable",
                        f"the stage {what.item} of {what.name} cannot be read: {found}",
                        "nobody can tell which version stands there",
                        commit=step.commit.id,
                        path=change.path,
                    )
                    return None, None
                state[what.item] = found
        return before, after

    def _versions(self, path: str, id: str | None) -> list[int] | str:
        if id is None:
            return []
        record = self._contents.record(path, id, StageState)
        return record if isinstance(record, str) else list(record.versions)

    def _records(self, promoted: list[tuple[Change, What]]) -> list[Promotion]:
        found: list[tuple[object, Promotion]] = []
        for change, what in promoted:
            record = self._contents.promotion(change.path, change.new)
            if record is not None:
                found.append((taken_apart(what.item), record))
        # names of files know the second only, in which one version may have passed two stages
        ordered = sorted(found, key=lambda pair: (pair[1].at, str(pair[0])))
        return [record for _, record in ordered]

    def _renumbered(
        self, step: Step, model: str, before: dict[str, list[int]], after: dict[str, list[int]]
    ) -> bool:
        """True if a merge only put new numbers for those that had clashed."""
        moved = new_numbers(self._trail, self._contents, step).get((Kind.VERSION, model))
        if not moved:
            return False
        for stage, versions in before.items():
            if [moved.get(number, number) for number in versions] == after[stage]:
                continue
            if not self._trail.united_cleanly(step.commit, stage_path(model, stage)):
                return False
        return True

    def _alias(self, step: Step, change: Change, what: What) -> None:
        numbers: list[int | None] = []
        for id in (change.old, change.new):
            record = None if id is None else self._contents.record(change.path, id, ModelAlias)
            numbers.append(record.version if isinstance(record, ModelAlias) else None)
        self.aliases.append(
            AliasChange(
                model=what.name,
                alias=what.item,
                before=numbers[0],
                after=numbers[1],
                commit=step.commit.id,
                who=step.commit.author,
                when=moment(step.commit.committed),
            )
        )


def _unexplained(
    before: dict[str, list[int]],
    after: dict[str, list[int]],
    records: Sequence[Promotion],
    stood: Callable[[str], list[int]],
) -> tuple[str, str] | None:
    """The stage that records do not explain, and the sentence for it; None if they explain all."""
    state = {stage: list(versions) for stage, versions in before.items()}
    first: dict[str, list[int]] = {}
    for record in records:
        to = record.to
        there = state.setdefault(to, list(record.expected))
        first.setdefault(to, list(there))
        if there != record.expected:
            return to, (
                f"the record of v{record.version} says that {_listed(record.expected)} stood in "
                f"{to}, where {_listed(there)} stood"
            )
        source = record.source
        if source not in (None, to) and record.version not in (
            state[source] if source in state else stood(source)
        ):
            return source, (
                f"the record of v{record.version} says that it came from {source}, "
                "where it did not stand"
            )
        if not set(record.kept) | set(record.archived) <= set(record.expected):
            return to, f"the record of v{record.version} keeps or archives who did not stand there"
        state[to] = [*record.kept, record.version]
        for stage, versions in state.items():
            if (
                stage != to
                and record.version in versions
                and record.version not in after.get(stage, first.get(stage, versions))
            ):
                state[stage] = [number for number in versions if number != record.version]
        if record.archived and to != ARCHIVE:
            archive = state.setdefault(ARCHIVE, [])
            archive += [number for number in record.archived if number not in archive]
    for stage in sorted({*state, *after}):
        now = after.get(stage)
        if now is None:
            if state[stage] != first.get(stage, []):
                return stage, (
                    f"the record says that {_listed(state[stage])} stands in {stage}, "
                    "and its file was not changed"
                )
        elif state.get(stage, []) != now:
            beside = "the promotion beside it does not explain"
            why = beside if records else "no promotion explains"
            return stage, (
                f"{stage} went from {_listed(before.get(stage, []))} to {_listed(now)}, which {why}"
            )
    return None


def _listed(versions: Sequence[int]) -> str:
    return ", ".join(f"v{number}" for number in versions) or "nobody"
