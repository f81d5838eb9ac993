"""Recorded verdicts judged once more, on the commit and by the policy that they name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from gitrack.errors import GitrackError, NotFound
from gitrack.model import moments
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelVersion
from gitrack.registry.audit.contents import Contents
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.audit.trail import Trail
from gitrack.registry.gates.approval import Approval
from gitrack.registry.gates.case import Case, Standing
from gitrack.registry.gates.judge import rejudge
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.ruling import Ruling
from gitrack.store.layout import RECORD, place_of
from gitrack.store.runs import RunStore


class _PastCase(Case):
    """A case of long ago: runs come from the history that was read, from no index of then."""

    past: _Past

    @cached_property
    def store(self) -> RunStore:
        """The runs of now: a run is never changed, and an audit says where one was."""
        return self.opened.store

    def commit_time(self, commit: str) -> int | None:
        """Commits of the branch are known; of the code git is asked once."""
        return self.past.time(self, commit)

    def _with_run(self, version: ModelVersion) -> Standing:
        found = self.past.standing(version, self.commit)
        return found if found is not None else super()._with_run(version)


class _Past:
    """What all cases share."""

    def __init__(self, trail: Trail, contents: Contents) -> None:
        self._trail = trail
        self._contents = contents
        self._times: dict[str, int | None] = {}

    @cached_property
    def _records(self) -> dict[str, str]:
        """By id of a run, where its record lies."""
        found: dict[str, str] = {}
        for path in self._trail.states:
            if path.endswith(f"/{RECORD}") and what_is(path).kind is Kind.RUN:
                place = place_of(path)
                assert place is not None
                found[place.id] = path
        return found

    def standing(self, version: ModelVersion, commit: str | None) -> Standing | None:
        path = self._records.get(version.run)
        if path is None or commit is None:
            return None
        run = self._contents.run(path, self._trail.state_at(path, commit))
        return None if run is None else Standing(version=version, run=run, path=path)

    def time(self, case: Case, commit: str) -> int | None:
        known = self._trail.by_id.get(commit)
        if known is not None:
            return known.committed
        if commit not in self._times:
            self._times[commit] = Case.commit_time(case, commit)
        return self._times[commit]


class Judging:
    """Judges promotions again, and tells what differs."""

    def __init__(
        self, opened: OpenRegistry, trail: Trail, contents: Contents, findings: Findings
    ) -> None:
        self._opened = opened
        self._findings = findings
        self._past = _Past(trail, contents)

    def again(
        self,
        id: str,
        promotion: Promotion,
        version: ModelVersion,
        ruling: Ruling,
        commit: str,
        approvals: Sequence[Approval],
    ) -> tuple[str, list[str]]:
        """What came of it (`same`, `differs`, or why it was not done), and the gates left out."""
        where = {"commit": commit, "model": promotion.model, "promotion": id}
        try:
            case = _PastCase(
                self._opened,
                promotion.model,
                version,
                promotion.to,
                at=promotion.base,
                when=moments.read(promotion.at),
                ruling=ruling,
                promoter=promotion.by,
                approvals=approvals,
                own_promotion=id,
                fetch=False,
                run_code=False,
            )
            case.past = self._past
            judged = rejudge(case, promotion)
        except NotFound as error:
            self._findings.suspicious(
                "stage-unknown",
                f"{promotion.model}: {id} cannot be judged again: {error.message}",
                "the policy that it names does not know what it promotes to",
                **where,
            )
            return error.message, []
        except (GitrackError, ValueError) as error:
            return str(error), []
        unjudged = [one.gate for one in judged.unjudged]
        differs = [one.says for one in judged.disagreements]
        differs += [
            f"the policy asks for '{one.gate}', and the promotion says nothing of it"
            for one in judged.unjudged
            if one.recorded is None
        ]
        if not differs:
            return "same", unjudged
        told = "; ".join(differs[:5])
        more = len(differs) - 5
        self._findings.tampering(
            "verdict",
            f"{promotion.model}: {id} does not say what its gates say: {told}"
            + (f"; and {more} more" if more > 0 else ""),
            "verdicts were made up or changed, or the promotion was written by hand",
            **where,
        )
        return "differs", unjudged
