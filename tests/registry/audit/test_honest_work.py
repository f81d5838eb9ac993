"""Two clones work with the real commands, push, pull, meet, promote: nothing is found."""

from __future__ import annotations

from pathlib import Path

import pytest

import gitrack
from gitrack.errors import StoreError
from gitrack.model.audit import Audit
from gitrack.registry.audit import audit
from gitrack.sharing.exchange.pull import pull
from gitrack.sharing.exchange.push import push
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository
from tests.registry.audit.forge import git

POLICY = """\
models:
  churn:
    stages:
      staging:
        direct: true
        gates:
        - {metric: auc, at_least: 0.8}
      canary: {direct: true}
      production:
        from: [staging]
        gates:
        - {stage: staging}
        - {evidence: unit-tests}
"""


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, Path]:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    folders = []
    for name in ("ada", "bob"):
        git(tmp_path, "clone", "-q", "remote.git", name)
        folder = tmp_path / name
        git(folder, "config", "user.name", name.capitalize())
        git(folder, "config", "user.email", f"{name}@example.com")
        folders.append(folder)
        if name == "ada":
            (folder / ".tracking").mkdir()
            (folder / ".tracking/policy.yaml").write_text(POLICY)
            git(folder, "add", ".")
            git(folder, "commit", "-q", "-m", "policy")
            git(folder, "push", "-q", "origin", "HEAD:main")
            git(folder, "remote", "set-head", "origin", "main")
    return folders[0], folders[1]


def work(folder: Path, monkeypatch: pytest.MonkeyPatch, auc: float) -> str:
    monkeypatch.chdir(folder)
    with gitrack.start_run("churn-20260105", params={"lr": auc}) as run:
        run.log_metric("auc", auc)
        run.log_bytes(b"a model", "model.txt", kind="model")
    return str(run.id)


def said(found: Audit) -> list[str]:
    return [f"{one.severity} {one.kind}: {one.what}" for one in found.findings]


def test_nothing_is_found_in_honest_work(
    clones: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = clones
    run = work(ada, monkeypatch, 0.9)
    gitrack.register_model(f"runs:/{run}/model.txt", "churn")
    gitrack.promote("churn", 1, to="staging", why="it is better", direct=True)
    push(ada, objects=False)
    pull(bob, objects=False)
    # both register version 2, and go on with it
    for folder, auc in ((ada, 0.91), (bob, 0.92)):
        run = work(folder, monkeypatch, auc)
        gitrack.register_model(f"runs:/{run}/model.txt", "churn")
        gitrack.add_evidence("churn", 2, "unit-tests", note="all green")
    push(ada, objects=False)
    push(bob, objects=False)
    pull(ada, objects=False)
    monkeypatch.chdir(ada)
    assert [version.version for version in gitrack.model_versions("churn")] == [1, 2, 3]
    gitrack.set_alias("churn", "champion", 2)
    gitrack.tag_model("churn", {"risk": "low"}, 2)
    gitrack.promote("churn", 2, to="staging", why="it is better", direct=True)
    push(ada, objects=False)
    gitrack.promote("churn", 2, to="production", why="all green")
    branch = "promote/churn-v2-production"
    _merged_by_host(ada, branch)
    pull(ada, objects=False)
    gitrack.rollback("churn", to_version=1, why="it was calmer", stage="staging")
    # both record the same kind about one version, and push
    for folder in clones:
        pull(folder, objects=False)
        monkeypatch.chdir(folder)
        gitrack.add_evidence("churn", 1, "unit-tests", note=folder.name)
    push(ada, objects=False)
    push(bob, objects=False)
    pull(ada, objects=False)
    for folder in clones:
        found = audit(where=folder)
        assert said(found) == []
    assert len(audit(where=ada).promotions) == 3


def test_nor_where_versions_that_went_to_and_fro_take_another_number(
    clones: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = clones
    run = work(ada, monkeypatch, 0.9)
    gitrack.register_model(f"runs:/{run}/model.txt", "churn")
    gitrack.promote("churn", 1, to="staging", why="it is better", direct=True)
    push(ada, objects=False)
    pull(bob, objects=False)
    for folder, auc in ((ada, 0.91), (bob, 0.92)):
        run = work(folder, monkeypatch, auc)
        gitrack.register_model(f"runs:/{run}/model.txt", "churn")
    # through a stage that is empty afterwards, and back to one that keeps its number
    gitrack.promote("churn", 2, to="canary", why="to try it", direct=True)
    gitrack.promote("churn", 2, to="staging", why="it is better", direct=True)
    gitrack.rollback("churn", to_version=1, why="it was calmer", stage="staging", direct=True)
    push(ada, objects=False)
    push(bob, objects=False)
    pull(ada, objects=False)
    for folder in clones:
        found = audit(where=folder)
        assert said(found) == []
        assert [one.version for one in found.promotions] == [1, 3, 3, 1]


def test_a_partial_clone_whose_remote_is_silent_says_so_and_accuses_nobody(
    clones: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = clones
    run = work(ada, monkeypatch, 0.9)
    gitrack.register_model(f"runs:/{run}/model.txt", "churn")
    gitrack.promote("churn", 1, to="staging", why="it is better", direct=True)
    push(ada, objects=False)
    remote = ada.parent / "remote.git"
    git(remote, "config", "uploadpack.allowFilter", "true")
    git(ada.parent, "clone", "-q", "--filter=blob:none", f"file://{remote}", "partial")
    remote.rename(ada.parent / "elsewhere.git")
    branch = GitBranch(Repository.discover(ada.parent / "partial"))
    for ask in (
        lambda: audit(where=ada.parent / "partial"),
        lambda: branch.read("registry/churn/versions/1.yaml"),
    ):
        with pytest.raises(StoreError, match="'origin' does not give it: ") as caught:
            ask()
        assert caught.value.hint == "type  git fetch origin  to see whether the remote answers"


def _merged_by_host(folder: Path, branch: str) -> None:
    """What a host does with a pull request: a merge on the remote."""
    remote = folder.parent / "remote.git"
    work = folder.parent / "host"
    git(folder.parent, "clone", "-q", "-b", "gitrack", str(remote), "host")
    if not git(remote, "branch", "--list", branch):
        git(folder, "push", "-q", "origin", branch)
        git(work, "fetch", "-q")
    git(work, "config", "user.name", "Bob")
    git(work, "config", "user.email", "bob@example.com")
    message = f"Merge pull request #1 from {branch}"
    git(work, "merge", "-q", "--no-ff", "-m", message, f"origin/{branch}")
    git(work, "push", "-q", "origin", "gitrack")
