"""The registry's examples: stages as MLflow has them, and a promotion that gates decide."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from gitrack.store import open_store
from gitrack.store.registry import Registry

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/registry"
NAME = "delivery-delay-classifier"


def play(repo: Path, name: str) -> str:
    """What an example printed."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=repo,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_stages_as_mlflow_has_them(repo):
    printed = play(repo, "stages.py")

    registry = Registry(open_store(repo).branch)
    versions = registry.versions(NAME)
    assert [version.version for version in versions] == [1, 2]
    assert "AUC=0.892" in str(versions[1].description)
    assert registry.stages(NAME) == {"staging": [], "production": [1], "archived": [2]}
    assert len(registry.promotions(NAME)) == 5
    assert f"in production: v2 of run {versions[1].run}" in printed
    assert printed.endswith("in production: v1\n")


def test_gates_decide(repo, git):
    (repo / ".tracking").mkdir()
    shutil.copy(EXAMPLES / "policy.yaml", repo / ".tracking/policy.yaml")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "gates")

    printed = play(repo, "promotion.py")

    assert "GATE FAILED: test_auc_roc >= 0.88" in printed
    assert "GATE FAILED: test_f1 >= 0.8" in printed
    assert "GATE FAILED: inference_latency_p99_ms <= 50" in printed
    assert "v1 (baseline): 2 of 5 gates passed" in printed
    assert "v2 (weather): 5 of 5 gates passed" in printed
    assert "v3 (smaller): 4 of 5 gates passed" in printed
    assert printed.endswith("in production: v2\n")
    assert Registry(open_store(repo).branch).stages(NAME) == {"production": [2]}
