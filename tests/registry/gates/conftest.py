"""A project with a policy, runs and a registered model, and judgements in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitrack.config.policy import Policy, read_policy
from gitrack.model import moments
from gitrack.model.ids import new_run_id
from gitrack.model.promotion import PolicyUsed, Promotion, Verdict
from gitrack.model.registered import ModelVersion, Proof, StageState
from gitrack.model.run import Code, Run, RunBundle, Status
from gitrack.registry.gates.approval import Approval
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.judge import judge
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.registry.ruling import Ruling
from gitrack.store.codec.records import dump_record
from gitrack.store.registry.paths import evidence_path, stage_path, version_path

NOW = datetime.now(UTC).replace(microsecond=0)
MODEL = "churn"


class World:
    """What tests put on the branch, and what they ask of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: OpenRegistry = open_registry(folder)
        self.rules = Policy()
        self.used: PolicyUsed | None = None
        self.source = "main:.tracking/policy.yaml"

    def policy(self, text: str) -> None:
        self.rules = read_policy(text.encode(), "policy.yaml")

    def gates(self, *gates: str, people: str = "{}", more: str = "") -> None:
        """The gates of production, each as it is written in a policy."""
        lines = "".join(f"\n        - {gate}" for gate in gates)
        self.policy(
            f"people: {people}\nmodels:\n  {MODEL}:\n    stages:\n      staging: {{}}\n"
            f"      production:\n        gates:{lines or ' []'}\n{more}"
        )

    def run(self, **fields: Any) -> str:
        """A run on the branch; its id."""
        id = new_run_id(NOW)
        files = fields.pop("files", {})
        values: dict[str, Any] = {
            "name": "r",
            "experiment": "e",
            "status": Status.FINISHED,
            "started": moments.written(NOW - timedelta(hours=2)),
            "ended": moments.written(NOW - timedelta(hours=1)),
            "author": "Ada Example <ada@example.com>",
            "metrics": {"test_auc_roc": 0.9},
            "code": Code(commit="a" * 40, dirty=False),
            **fields,
        }
        self.opened.store.commit_runs([RunBundle(run=Run(id=id, **values), files=files)])
        return id

    def version(self, number: int = 1, *, run: str | None = None, **fields: Any) -> ModelVersion:
        run_fields = {k: fields.pop(k) for k in list(fields) if k in Run.__struct_fields__}
        tags = run_fields.pop("tags", {})
        made = ModelVersion(version=number, run=run or self.run(**run_fields), tags=tags, **fields)
        self.put({version_path(MODEL, number): dump_record(made)})
        return made

    def stands(self, stage: str, *versions: int) -> None:
        self.put({stage_path(MODEL, stage): dump_record(StageState(versions=list(versions)))})

    def proof(self, version: ModelVersion, kind: str, stem: str | None = None, **more: Any) -> None:
        values: dict[str, Any] = {
            "run": version.run,
            "passed": True,
            "recorded": moments.written(NOW),
            "by": "Grace <grace@example.com>",
            **more,
        }
        proof = Proof(kind=kind, version=version.version, **values)
        self.put({evidence_path(MODEL, version.version, stem or kind): dump_record(proof)})

    def put(self, changes: dict[str, bytes | None]) -> None:
        self.opened.branch.commit(changes, "a test")

    def case(self, version: ModelVersion, to: str = "production", **more: Any) -> Case:
        values: dict[str, Any] = {
            "when": NOW,
            "ruling": Ruling(policy=self.rules, source=self.source, used=self.used),
            "promoter": "Petra <petra@example.com>",
            **more,
        }
        return Case(self.opened, MODEL, version, to, **values)

    def judge(self, version: ModelVersion, to: str = "production", **more: Any) -> list[Verdict]:
        return judge(self.case(version, to, **more))

    def one(self, version: ModelVersion, gate: str, people: str = "{}", **more: Any) -> Verdict:
        """The verdict of the only gate of production."""
        self.gates(gate, people=people)
        (verdict,) = self.judge(version, **more)
        return verdict

    def promotion(
        self, version: ModelVersion, verdicts: Sequence[Verdict], **more: Any
    ) -> Promotion:
        values: dict[str, Any] = {
            "kind": "promotion",
            "to": "production",
            "at": moments.written(NOW),
            "by": "Petra <petra@example.com>",
            "why": "it is better",
            "base": self.opened.branch.tip(),
            "record": "0" * 64,
            "verdicts": list(verdicts),
            **more,
        }
        return Promotion(model=MODEL, version=version.version, run=version.run, **values)


def approval(by: str) -> Approval:
    return Approval(by=by, source="pull request 7")


def changed(verdict: Verdict, **fields: Any) -> Verdict:
    return msgspec.structs.replace(verdict, **fields)


@pytest.fixture
def world(repo: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(repo)
    return World(repo)


MakeWorld = Callable[[], World]
