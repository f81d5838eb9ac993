"""A registry with three versions of one model, written by hand."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gitrack.model.registered import ModelVersion, RegisteredModel
from gitrack.model.run import Artifact, Code, Dataset, Environment, Run, RunBundle, Status
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.store.codec.records import dump_record

#: AUC of versions 1, 2, 3.
AUC = (0.86, 0.90, 0.93)

POLICY = """\
people:
  '@leads': [lead@example.com]
models:
  churn:
    primary_metric: {name: auc, goal: maximize}
    stages:
      staging:
        direct: true
        gates:
        - {metric: auc, at_least: 0.88, baseline: 0.85}
      production:
        from: [staging]
        archive_previous: true
        gates:
        - {no_regression: auc, tolerance: 0.005, against: production}
"""


def run_of(number: int, **more: object) -> Run:
    """The run that version `number` is made of."""
    fields: dict[str, object] = {
        "id": f"2026010{number}-120000-aaaaa{number}",
        "name": f"xgb-{number}",
        "experiment": "churn-weather-20260101",
        "status": Status.FINISHED,
        "started": f"2026-01-0{number}T12:00:00.000Z",
        "ended": f"2026-01-0{number}T12:05:00.000Z",
        "author": "Ada Example <ada@example.com>",
        "params": {"depth": 4 + number, "lr": 0.1},
        "metrics": {"auc": AUC[number - 1], "logloss": 0.5 - number / 10},
        "code": Code(commit=f"{number}" * 40, branch="main", dirty=False),
        "data": [
            Dataset(name="flights", role="train", dvc=f"md5:{number:032x}", rows=100 * number)
        ],
        "environment": Environment(python="3.12.1", os="Linux"),
        "artifacts": [Artifact(path="model", kind="model", flavor="sklearn")],
    }
    return Run(**{**fields, **more})  # type: ignore[arg-type]  # fields are checked by the codec


@pytest.fixture
def registry(repo: Path, git: Callable[..., str]) -> Callable[..., OpenRegistry]:
    """`registry(policy)` commits the policy, three runs and a version of each."""

    def build(
        policy: str | None = POLICY, runs: Mapping[int, Run] | None = None, name: str = "churn"
    ) -> OpenRegistry:
        if policy is not None:
            (repo / ".tracking").mkdir(exist_ok=True)
            (repo / ".tracking" / "policy.yaml").write_text(textwrap.dedent(policy))
            git(repo, "add", ".tracking/policy.yaml")
            git(repo, "commit", "-q", "-m", "policy")
        opened = open_registry(repo)
        made = {number: run_of(number) for number in (1, 2, 3)} | dict(runs or {})
        opened.store.commit_runs([RunBundle(run=run) for run in made.values()])
        files: dict[str, bytes | None] = {
            f"registry/{name}/versions/{number}.yaml": dump_record(
                ModelVersion(version=number, run=run.id, created=run.ended)
            )
            for number, run in made.items()
        }
        files[f"registry/{name}/model.yaml"] = dump_record(RegisteredModel(name=name))
        opened.branch.commit(files, f"model {name}: three versions")
        return opened

    return build


@pytest.fixture
def remote(tmp_path: Path, repo: Path, git: Callable[..., str]) -> Path:
    """A bare repository that `origin` names."""
    folder = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(folder))
    git(repo, "remote", "add", "origin", str(folder))
    return folder
