"""A clean history of a project: everything that honest people do, with days between."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gitrack.model.collected import Collected
from gitrack.model.moments import written
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelAlias, ModelVersion, Proof, RegisteredModel
from gitrack.model.run import Run, Status
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.registry.promotion.plan import plan
from gitrack.store.codec.records import dump_record, dump_run, load_record
from gitrack.store.layout import run_folder
from gitrack.store.registry.paths import alias_path, evidence_path, model_path, version_path
from gitrack.tracking.place import find_place
from tests.registry.audit.forge import ADA, BOB, Forge, git

START = int(datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp())
HOUR = 3600
CHURN = "churn"

POLICY = """\
models:
  churn:
    primary_metric: {name: auc}
    stages:
      staging:
        direct: true
        gates:
        - {metric: auc, at_least: 0.8}
      production:
        from: [staging]
        direct: true
        archive_previous: true
        gates:
        - {stage: staging}
        - {no_regression: auc, tolerance: 0.01, against: production}
        - {evidence: shadow-mode}
"""


def moment(seconds: int) -> str:
    return written(datetime.fromtimestamp(seconds, UTC))


class History:
    """Tells the story; `commits` remembers by name what each step was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "-b", "main")
        self.code = Forge(folder, "main")
        self.policy = self.code.commit(
            {".tracking/policy.yaml": POLICY.encode(), "train.py": b"print()\n"},
            "policy",
            at=START - 100 * HOUR,
        )
        self.code.point(self.policy)
        git(folder, "checkout", "-q", "main", "--", ".")
        self.forge = Forge(folder)
        self.now = START
        self.commits: dict[str, str] = {}
        self.runs: dict[int, str] = {}
        self.tip = self._start()

    def _start(self) -> str:
        files: dict[str, bytes | None] = {
            "format.yaml": b"format: 1\n",
            "README.md": b"# runs\n",
            ".dvc/config": b"",
        }
        return self.forge.point(self.forge.commit(files, "gitrack: tracking begins", at=self.now))

    @property
    def opened(self) -> OpenRegistry:
        return open_registry(find_place(self.folder))

    def commit(
        self,
        name: str,
        changes: dict[str, bytes | None],
        message: str,
        *,
        parents: tuple[str, ...] | None = None,
        author: str = ADA,
        base: str | None = None,
        committer: str | None = None,
        line: bool = True,
    ) -> str:
        self.now += HOUR
        id = self.forge.commit(
            changes,
            message,
            at=self.now,
            parents=(self.tip,) if parents is None else parents,
            author=author,
            base=base,
            committer=committer,
        )
        self.commits[name] = id
        if line:
            self.tip = self.forge.point(id)
        return id

    # -- what people do ---------------------------------------------------------------------

    def run_of(self, number: int, auc: float, author: str = ADA) -> dict[str, bytes | None]:
        began = datetime.fromtimestamp(self.now, UTC)
        id = f"{began:%Y%m%d-%H%M%S}-{number:06d}"
        self.runs[number] = id
        run = Run(
            id=id,
            name=f"try {number}",
            experiment="churn-20260105",
            status=Status.FINISHED,
            started=moment(self.now),
            ended=moment(self.now + 600),
            author=author,
            params={"depth": number},
            metrics={"auc": auc},
            tags={"team": "growth"},
        )
        folder = run_folder(run.experiment, id)
        return {
            f"{folder}/run.yaml": dump_run(run),
            f"{folder}/history.tsv": b"step\ttime\tauc\n0\t0\t0.5\n",
            f"{folder}/artifacts/model.txt": f"model {number}\n".encode(),
        }

    def run(self, number: int, auc: float, **more: object) -> str:
        changes = self.run_of(number, auc)
        return self.commit(f"run{number}", changes, f"run {number}: finished", **more)  # type: ignore[arg-type]  # passed on as they are

    def version_of(self, number: int, run: int, author: str = ADA) -> bytes:
        return dump_record(
            ModelVersion(
                version=number, run=self.runs[run], created=moment(self.now + HOUR), by=author
            )
        )

    def register(self, number: int, run: int, **more: object) -> str:
        changes: dict[str, bytes | None] = {
            version_path(CHURN, number): self.version_of(number, run)
        }
        if number == 1:
            about = RegisteredModel(name=CHURN, description="who leaves")
            changes[model_path(CHURN)] = dump_record(about)
        message = f"model churn v{number}: registered from run {self.runs[run]}"
        return self.commit(f"register{number}", changes, message, **more)  # type: ignore[arg-type]  # passed on as they are

    def proof_of(
        self, number: int, run: int, *, author: str = ADA, kind: str = "shadow-mode"
    ) -> Proof:
        return Proof(
            kind=kind,
            version=number,
            run=self.runs[run],
            passed=True,
            recorded=moment(self.now + HOUR),
            by=author,
        )

    def prove(self, number: int, run: int, **more: object) -> str:
        path = evidence_path(CHURN, number, "shadow-mode")
        changes: dict[str, bytes | None] = {path: dump_record(self.proof_of(number, run))}
        return self.commit(f"prove{number}", changes, "evidence", **more)  # type: ignore[arg-type]  # passed on as they are

    def planned(
        self, number: int, to: str, *, at: str | None = None, by: str = ADA, kind: str = "promotion"
    ) -> tuple[dict[str, bytes | None], str]:
        found = plan(
            self.opened,
            CHURN,
            number,
            to,
            "it is better",
            at=at or self.tip,
            when=datetime.fromtimestamp(self.now + HOUR, UTC),
            by=by,
            kind=kind,  # type: ignore[arg-type]  # one of two words
        )
        assert not found.failed
        self.ids = getattr(self, "ids", {})
        self.ids[number, to] = found.id
        return dict(found.changes), found.message

    def promote(self, number: int, to: str, **more: object) -> str:
        changes, message = self.planned(number, to)
        return self.commit(f"{to}{number}", changes, message, **more)  # type: ignore[arg-type]  # passed on as they are

    def alias(self, number: int) -> str:
        record = ModelAlias(version=number, set=moment(self.now + HOUR), by=ADA)
        return self.commit(
            f"alias{number}", {alias_path(CHURN, "champion"): dump_record(record)}, "alias"
        )

    def revert(self, name: str, **more: object) -> str:
        """What `git revert` makes of a commit on the tip."""
        commit = self.commits[name]
        back = self.forge._difference(commit, self.forge.made[commit].parents[0])
        return self.commit(f"revert-{name}", back, f'Revert "{name}"', **more)  # type: ignore[arg-type]  # passed on as they are

    def merge(
        self, name: str, side: str, *, message: str, committer: str | None = None, **also: bytes
    ) -> str:
        """A clean merge of a side that only adds files or changes others than the tip has."""
        base = self.common(side)
        changes = self.forge._difference(base, side) | also
        return self.commit(
            name, changes, message, parents=(self.tip, side), base=self.tip, committer=committer
        )

    def common(self, side: str) -> str:
        ours = set(self.below(self.tip))
        return next(id for id in self.below(side) if id in ours)

    def below(self, tip: str) -> list[str]:
        found, todo = [], [tip]
        while todo:
            id = todo.pop(0)
            if id not in found:
                found.append(id)
                todo += self.forge.made[id].parents
        return sorted(found, key=lambda id: -self.forge.made[id].committed)


def tell(folder: Path) -> History:
    """Runs, versions, promotions by all ways, reverts, merges, a clash of numbers, labels, gc."""
    told = History(folder)
    for number, auc in ((1, 0.85), (2, 0.9), (3, 0.91)):
        told.run(number, auc)
    told.register(1, 1)
    told.prove(1, 1)
    told.promote(1, "staging")
    told.promote(1, "production")
    told.alias(1)
    told.register(2, 2)
    told.prove(2, 2)
    told.promote(2, "staging")
    _pull_request(told)
    told.alias(2)
    _squash(told)
    told.revert("production3")
    told.revert("revert-production3")
    told.revert("revert-revert-production3")
    _labels(told)
    record = Collected(time=moment(told.now), by=ADA, rules="old", runs={})
    told.commit("gc", {"collected/20260107T000000Z-abc123.yaml": dump_record(record)}, "gc")
    _two_clones(told)
    changes, message = told.planned(1, "production", kind="rollback")
    told.commit("rollback", changes, message)
    return told


def _pull_request(told: History) -> None:
    """A promotion on a branch; meanwhile a run comes; merged by somebody else."""
    base = told.tip
    changes, message = told.planned(2, "production")
    side = told.commit("production2", changes, message, parents=(base,), base=base, line=False)
    told.run(4, 0.7)
    told.merge(
        "merge2", side, message="Merge pull request #7 from o/promote\n\nReviewed-by: " + BOB
    )
    told.forge.point(told.tip)


def _squash(told: History) -> None:
    """A host makes one commit of a pull request with two; the author is kept."""
    told.register(3, 3)
    told.prove(3, 3)
    told.promote(3, "staging")
    changes, message = told.planned(3, "production")
    told.run(5, 0.6)
    told.commit(
        "production3",
        changes,
        message.replace("production\n", "production (#8)\n", 1),
        committer="GitHub <noreply@github.com>",
    )


def _labels(told: History) -> None:
    from gitrack.store.codec.records import load_run

    folder = run_folder("churn-20260105", told.runs[1])
    path = f"{folder}/run.yaml"
    run = load_run(path, told.forge.read(told.tip, path))
    labelled = msgspec.structs.replace(run, tags={"team": "core"}, notes="good", name="first")
    told.commit("labels", {path: dump_run(labelled)}, "run: labels", author=BOB)
    path = version_path(CHURN, 1)
    version = load_record(path, told.forge.read(told.tip, path), ModelVersion)
    about = msgspec.structs.replace(version, description="the first", tags={"risk": "low"})
    told.commit("describe", {path: dump_record(about)}, "model: described", author=BOB)


def _two_clones(told: History) -> None:
    """Two clones register version 4; the one that pushes last takes number 5 in its merge."""
    base = told.tip
    runs = told.run_of(6, 0.92, BOB)
    told.now += HOUR
    ours = told.forge.commit(runs, "run", at=told.now, parents=(base,), author=BOB)
    four = told.version_of(4, 6, BOB)
    told.now += HOUR
    ours = told.forge.commit(
        {version_path(CHURN, 4): four}, "v4", at=told.now, parents=(ours,), author=BOB
    )
    proof = msgspec.structs.replace(told.proof_of(4, 6, author=BOB))
    told.now += HOUR
    ours = told.forge.commit(
        {evidence_path(CHURN, 4, "shadow-mode"): dump_record(proof)},
        "evidence",
        at=told.now,
        parents=(ours,),
        author=BOB,
    )
    opened = told.opened
    found = plan(
        opened,
        CHURN,
        4,
        "staging",
        "mine",
        at=ours,
        when=datetime.fromtimestamp(told.now + HOUR, UTC),
        by=BOB,
    )
    told.now += HOUR
    ours = told.forge.commit(
        dict(found.changes), found.message, at=told.now, parents=(ours,), author=BOB
    )
    told.run(7, 0.93)
    told.register(4, 7)
    merged: dict[str, bytes | None] = dict(runs)
    version = load_record("v", four, ModelVersion)
    merged[version_path(CHURN, 5)] = dump_record(msgspec.structs.replace(version, version=5))
    merged[evidence_path(CHURN, 5, "shadow-mode")] = dump_record(
        msgspec.structs.replace(proof, version=5)
    )
    promotion = msgspec.structs.replace(found.promotion, version=5)
    assert isinstance(promotion, Promotion)
    id = found.id.replace("-v4-", "-v5-")
    merged[f"registry/churn/promotions/{id}.yaml"] = dump_record(promotion)
    merged["registry/churn/stages/staging.yaml"] = b"format: 1\nversions:\n- 5\n"
    told.commit(
        "united",
        merged,
        "merge origin/gitrack",
        parents=(told.tip, ours),
        author=BOB,
        base=told.tip,
    )


@dataclasses.dataclass
class Case:
    """A copy of the clean history to do something to."""

    folder: Path
    told: History
    forge: Forge

    @property
    def tip(self) -> str:
        return self.told.tip
