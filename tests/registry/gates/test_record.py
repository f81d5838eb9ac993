"""Gates that look at what the run says of itself: tags, code, reproduction, data."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from gitrack.model import moments
from gitrack.model.promotion import Outcome
from gitrack.model.run import Code, Dataset, Evidence
from tests.registry.gates.conftest import NOW, World


def test_tags_of_the_version_come_before_those_of_the_run(world: World):
    run = world.run(tags={"team": "ml", "status": "old", "empty": ""})
    version = world.version(run=run, tags={"status": "candidate", "flag": True, "blank": " "})

    assert world.one(version, "{tags: [team, status, flag]}").outcome is Outcome.PASSED
    lacking = world.one(version, "{tags: [team, empty, blank, nothing]}")
    assert lacking.outcome is Outcome.FAILED
    assert (lacking.value, lacking.required) == (1, 4)
    assert "lacks empty, blank, nothing" in lacking.says
    good = world.one(version, "{tag: status, is: [candidate, champion]}")
    assert (good.outcome, good.value, good.required) == (
        "passed",
        "candidate",
        "candidate or champion",
    )
    assert good.source == "registry/churn/versions/1.yaml: tags.status"
    of_run = world.one(version, "{tag: team, is: [ops]}")
    assert of_run.outcome is Outcome.FAILED
    assert (of_run.source or "").endswith("run.yaml: tags.team")
    assert world.one(version, "{tag: flag, is: ['true']}").outcome is Outcome.PASSED
    assert "it has no tag x" in world.one(version, "{tag: x, is: [a]}").says


@pytest.mark.parametrize(
    ("code", "outcome", "says"),
    [
        (Code(commit="a" * 40, dirty=False), "passed", "is commit aaaaaaaaaa, unchanged$"),
        (Code(commit="a" * 40, dirty=False, untracked=2), "passed", "2 untracked files"),
        (Code(commit="a" * 40, dirty=True, patch="code.patch"), "failed", "kept as code.patch"),
        (Code(commit="a" * 40), "failed", "whether its code had uncommitted changes"),
        (Code(dirty=False), "failed", "which code it ran"),
        (None, "failed", "which code it ran"),
    ],
)
def test_code(world: World, code: Code | None, outcome: str, says: str):
    verdict = world.one(world.version(code=code), "{code: clean}")

    assert verdict.outcome == outcome
    assert re.search(says, verdict.says)


@pytest.mark.parametrize(
    ("level", "asked", "outcome"),
    [
        ("bitwise", "bitwise", "passed"),
        ("bitwise", "statistical", "passed"),
        ("tolerance", "bitwise", "failed"),
        ("statistical", "tolerance", "failed"),
        (None, "statistical", "failed"),
    ],
)
def test_reproduction(world: World, level: str | None, asked: str, outcome: str):
    version = world.version()
    world.proof(version, "reproduce", level=level)

    verdict = world.one(version, f"{{reproducible: {asked}}}")

    assert (verdict.outcome, verdict.required) == (outcome, asked)


def test_reproduction_that_failed_lacks_or_was_logged_by_the_run(world: World):
    gate = "{reproducible: tolerance}"
    lacking = world.one(world.version(1), gate)
    logged = world.version(
        2, evidence=[Evidence(name="reproduce", passed=True, detail="bitwise: same md5s")]
    )
    by_run = world.one(logged, gate)
    world.proof(logged, "reproduce", passed=False, level="bitwise")
    refuted = world.one(logged, gate)

    assert "gitrack evidence add churn 1 reproduce --level tolerance" in lacking.says
    assert lacking.outcome is refuted.outcome is Outcome.FAILED
    assert (by_run.outcome, by_run.value) == ("passed", "bitwise")


def delta(days: float, **more) -> Dataset:
    committed = moments.written(NOW - timedelta(days=days))
    return Dataset(name=f"d{days}", kind="delta", committed=committed, **more)


@pytest.mark.parametrize(
    ("data", "gate", "outcome", "says"),
    [
        ([delta(2), delta(9)], "within_days: 10", "passed", "d9 is 9 days old"),
        ([delta(2), delta(11)], "within_days: 10", "failed", "d11 is 11 days old"),
        ([delta(2, role="train"), delta(99)], "within_days: 10, role: train", "passed", "d2"),
        ([delta(2)], "within_days: 10, role: train", "failed", "no data with the role 'train'"),
        ([], "within_days: 10", "failed", "names no data"),
        ([delta(-1)], "within_days: 10", "failed", "lies in the future"),
        ([Dataset(name="csv")], "within_days: 10", "failed", "csv has no date"),
        ([Dataset(name="x", revision="--output=/x")], "within_days: 1", "failed", "not here"),
        ([Dataset(name="x", revision="b" * 40)], "within_days: 1", "failed", "git fetch"),
        ([Dataset(name="x", changed=True, revision="HEAD")], "within_days: 1", "failed", "nobody"),
    ],
)  # fmt: skip
def test_data(world: World, data, gate: str, outcome: str, says: str):
    verdict = world.one(world.version(data=data), f"{{data: fresh, {gate}}}")

    assert verdict.outcome == outcome
    assert says in verdict.says


def test_data_kept_by_dvc_are_as_old_as_the_commit_that_recorded_them(
    world: World, repo: Path, git, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GIT_COMMITTER_DATE", moments.written(NOW - timedelta(hours=3)))
    git(repo, "commit", "-q", "--allow-empty", "-m", "the data")
    commit = git(repo, "rev-parse", "HEAD")
    version = world.version(data=[Dataset(name="x", dvc="md5:1", revision=commit)])

    verdict = world.one(version, "{data: fresh, within_days: 1}")

    assert verdict.outcome is Outcome.PASSED
    assert (verdict.source or "").endswith("data[0].revision")


def test_a_run_that_is_not_there_fails_every_gate_and_says_so(world: World):
    version = world.version(run="20241022-143012-7k3f9q")

    for gate in ("{code: clean}", "{metric: m, at_least: 1}", "{tags: [x]}", "{model: loads}"):
        verdict = world.one(version, gate)
        assert verdict.outcome is Outcome.FAILED
        assert "20241022-143012-7k3f9q of version 1 is not on the branch" in verdict.says


def test_a_version_that_names_no_id_is_not_taken_for_another_run(world: World):
    world.run()

    verdict = world.one(world.version(run="@last"), "{code: clean}")

    assert verdict.outcome is Outcome.FAILED
    assert "is no id" in verdict.says


def test_a_run_that_somebody_has_planted_elsewhere_is_not_believed(world: World):
    version = world.version(metrics={"m": 0.1})
    path = next(e.path for e in world.opened.branch.entries("runs") if e.path.endswith("run.yaml"))
    forged = world.opened.branch.read(path).replace(b"m: 0.1", b"m: 0.9")
    world.put({path.replace("runs/e/", "runs/another/"): forged})

    verdict = world.one(version, "{metric: m, at_least: 0.5}")

    assert verdict.outcome is Outcome.FAILED
    assert "lies in runs/another/" in verdict.says
