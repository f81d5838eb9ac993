"""A version that wants to enter a stage: everything that its gates ask for, read when asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property

import msgspec

from gitrack.config.policy import Stage
from gitrack.errors import Ambiguous, GitrackError, NotFound, UnreadableFile
from gitrack.model import moments
from gitrack.model.ids import is_run_id
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelVersion, Proof
from gitrack.model.run import Run
from gitrack.registry.gates.approval import Approval
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.people import People
from gitrack.registry.ruling import Ruling
from gitrack.registry.transition import known_stage
from gitrack.store.codec.records import load_run
from gitrack.store.layout import RECORD
from gitrack.store.placed import folders_of_run
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import evidence_path, stage_path
from gitrack.store.runs import RunStore

#: Clocks of two machines are never the same.
SLACK = timedelta(minutes=5)
_AGAIN = re.compile(r"-\d+\Z", re.ASCII)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its run. `path` is that of `run.yaml`."""

    version: ModelVersion
    run: Run
    path: str


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of evidence, and where it lies."""

    proof: Proof
    path: str


class Case:
    """What is judged: on a commit of the tracking branch, at a moment, by a policy.

    `fetch` allows to look at the artifact remote and to bring bytes from there, `run_code` to run
    the commands and functions that the policy names. `checked` is a judgement without a person
    beside it: commands then run in the code of the commit that the policy is from, and without
    the environment's secrets; it is so wherever somebody's own promotion is judged again.
    """

    def __init__(
        self,
        opened: OpenRegistry,
        name: str,
        version: ModelVersion,
        to: str,
        *,
        at: str | None = None,
        when: datetime,
        ruling: Ruling,
        promoter: str | None,
        approvals: Sequence[Approval] = (),
        own_promotion: str | None = None,
        fetch: bool = True,
        run_code: bool = True,
        checked: bool | None = None,
    ) -> None:
        self.opened = opened
        self.name = name
        self.version = version
        self.rules: Mapping[str, Stage] = ruling.policy.stages(name)
        self.to = known_stage(to, self.rules, name)
        # as a record will have it, or ages would differ when it is judged again
        self.when = moments.read(moments.written(when))
        self.ruling = ruling
        self.promoter = promoter
        self.approvals = tuple(approvals)
        self.own_promotion = own_promotion
        self.fetch = fetch
        self.run_code = run_code
        self.checked = own_promotion is not None if checked is None else checked
        self._at = at
        self._others: dict[int, Standing] = {}

    @classmethod
    def of_promotion(
        cls,
        opened: OpenRegistry,
        promotion: Promotion,
        version: ModelVersion,
        ruling: Ruling,
        *,
        id: str,
        at: str | None = None,
        approvals: Sequence[Approval] = (),
        fetch: bool = True,
        run_code: bool = True,
    ) -> Case:
        """The case of a recorded promotion: on its base (or `at`), at its time. ValueError."""
        return cls(
            opened,
            promotion.model,
            version,
            promotion.to,
            at=at or promotion.base,
            when=moments.read(promotion.at),
            ruling=ruling,
            promoter=promotion.by,
            approvals=approvals,
            own_promotion=id,
            fetch=fetch,
            run_code=run_code,
        )

    @cached_property
    def commit(self) -> str | None:
        """The commit of the tracking branch on which everything is read."""
        return self._at or self.opened.branch.tip()

    @cached_property
    def registry(self) -> Registry:
        """The registry on that commit."""
        return self.opened.reader(at=self.commit)

    @cached_property
    def store(self) -> RunStore:
        """The runs on that commit."""
        store = self.opened.store
        return store if self.commit == store.branch.tip() else store.at(self.commit)

    @cached_property
    def standing(self) -> Standing:
        """The version with its run. Raises NotFound, UnreadableFile."""
        return self._with_run(self.version)

    @property
    def run(self) -> Run:
        """The run that made the version."""
        return self.standing.run

    @property
    def source(self) -> str:
        """The path of its record."""
        return self.standing.path

    @cached_property
    def evidence(self) -> list[Recorded]:
        """What was recorded about the version, the oldest of a kind first.

        Evidence about another run is not about this version, whatever its number says.
        """
        return [each for each in self.all_evidence if each.proof.run == self.version.run]

    @cached_property
    def all_evidence(self) -> list[Recorded]:
        """The same with what was recorded about other runs under this number."""
        number = self.version.version
        return [
            Recorded(proof=proof, path=evidence_path(self.name, number, stem))
            for stem, proof in self.registry.proofs(self.name, number).items()
        ]

    def evidence_of(self, *kinds: str) -> list[Recorded]:
        """What was recorded of some kinds. Raises UnreadableFile for a broken one among them.

        It may be the one that counts, and say the opposite of those before it.
        """
        found = [each for each in self.evidence if each.proof.kind in kinds]
        for fault in self.registry.faults:
            folder, _, file = fault.path.rpartition("/")
            if folder == evidence_path(self.name, self.version.version, "").rpartition("/")[0]:
                stem = file.removesuffix(".yaml")
                if stem in kinds or _AGAIN.sub("", stem) in kinds:
                    raise UnreadableFile(fault.path, fault.why, hint=fault.hint)
        return found

    @cached_property
    def people(self) -> People:
        """Who is who by the policy."""
        return People(self.ruling.policy.people)

    @cached_property
    def latest(self) -> datetime:
        """The last moment that may stand in a record here: that of the promotion or the commit.

        Records of the same minute by another machine's clock are let through.
        """
        known = [self.when]
        if self.commit is not None:
            made = moment_of(self.commit_time(self.commit))
            known += [] if made is None else [made]
        return max(known)

    def commit_time(self, commit: str) -> int | None:
        """When a commit was made, in seconds; None where it is not here."""
        text = self.opened.repository.git(
            "show", "-s", "--format=%ct", "--end-of-options", f"{commit}^{{commit}}", check=False
        )
        return int(text) if text.isdigit() else None

    def standing_in(self, stage: str) -> list[int]:
        """The versions in a stage, newest last. Raises UnreadableFile where nobody can know."""
        found = self.registry.stage(self.name, stage)
        if not found:
            path = stage_path(self.name, stage)
            for fault in self.registry.faults:
                if fault.path == path:
                    raise UnreadableFile(fault.path, fault.why, hint=fault.hint)
        return found

    def occupant(self, stage: str) -> Standing | None:
        """The newest version that stands in a stage, beside the one that is judged.

        Raises NotFound, UnreadableFile where it has no record or no run.
        """
        others = [n for n in self.standing_in(stage) if n != self.version.version]
        if not others:
            return None
        number = others[-1]
        if number not in self._others:
            self._others[number] = self._with_run(self.registry.version(self.name, number))
        return self._others[number]

    def _with_run(self, version: ModelVersion) -> Standing:
        branch, id = self.opened.branch, version.run
        if not is_run_id(id):
            raise NotFound(f"version {version.version} names its run {id!r:.80}, which is no id")
        folders = [] if self.commit is None else list(folders_of_run(branch, id, at=self.commit))
        if not folders:
            raise NotFound(
                f"run {id} of version {version.version} is not on the branch",
                hint="gitrack pull brings those of others",
            )
        if len(folders) > 1:
            raise Ambiguous(
                f"run {id} of version {version.version} lies in {' and in '.join(folders[:3])}",
                hint="one of them is no run; 'git log' of the branch says who put it there",
            )
        path = f"{folders[0]}/{RECORD}"
        run = load_run(path, branch.read(path, at=self.commit))
        return Standing(version=version, run=run, path=path)


def moment_of(seconds: int | None) -> datetime | None:
    """A time of git's as a moment; None for none, and for one beyond all calendars."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class CannotJudge(GitrackError):
    """A gate that cannot be judged here and now; elsewhere it may be."""
