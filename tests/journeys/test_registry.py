"""From a run to production and back: registered, judged, reviewed, merged by plain git, undone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import gitrack
from gitrack.errors import PromotionRefused
from tests.journeys.team import (
    BETTER,
    GOOD,
    MODEL,
    WEAK,
    Person,
    Team,
    passes_production,
    passes_staging,
)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def merged(person: Person, branch: str) -> str:
    """Merge a pull request with nothing but git, in a checkout of its own; the merge commit."""
    person.git("fetch", "-q", "origin")
    place = person.folder.parent / "merging"
    person.git("worktree", "add", "-q", "--detach", str(place), "origin/gitrack")
    merging = Person(person.name, person.mail, place)
    merging.git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", f"origin/{branch}")
    merging.git("push", "-q", "origin", "HEAD:gitrack")
    commit = merging.git("rev-parse", "HEAD")
    person.git("worktree", "remove", "--force", str(place))
    return commit


def approved(team: Team, version: int, *people: Person) -> None:
    """Reviewers say so on the branch."""
    for person in people:
        person.types("pull")
        person.types("evidence", "add", MODEL, str(version), "approval", "--note", "looks right")
        person.types("push")


def to_production(team: Team, version: int, reviewers: tuple[Person, Person], petra: Person) -> str:
    """All the way through production's gates by a pull request; its merge commit."""
    jane = team.jane
    passes_staging(jane, version)
    jane.types("push")
    done = jane.json("promote", MODEL, str(version), "--to", "staging", "--why", "it is better")
    assert merged(petra, done["branch"])
    jane.types("pull")
    passes_production(jane, version)
    jane.types("push")
    petra.types("pull")
    petra.types("evidence", "add", MODEL, str(version), "business-approval", "--note", "+3 %")
    petra.types("push")
    jane.types("pull")
    why = "a week of shadow traffic without an issue"
    done = jane.json("promote", MODEL, str(version), "--to", "production", "--why", why)
    approved(team, version, *reviewers)
    petra.git("fetch", "-q", "origin")
    head = f"origin/{done['branch']}"
    petra.types("check", "--base", "origin/gitrack", "--head", head)
    return merged(petra, done["branch"])


def test_the_whole_way_by_commands(team: Team) -> None:
    jane, petra = team.jane, team.joins("Petra Product")
    ravi, sam = team.joins("Ravi Patel"), team.joins("Sam Okafor")

    # a weak model does not even reach staging, and the table says why
    weak = jane.trains("weak", WEAK, says=1.0)
    printed = jane.types("model", "register", f"runs:/{weak}/model", MODEL)
    assert "1" in printed
    jane.types("model", "describe", MODEL, "Will a delivery be late?")
    passes_staging(jane, 1)
    jane.types("push")
    said = jane.types("promote", MODEL, "1", "--to", "staging", "--why", "try it", code=1)
    assert re.search(r"FAILED\s+test_auc_roc >= 0\.88\s+0\.861\s+0\.88\s+-0\.019", said)
    assert re.search(r"FAILED\s+calibration_ece <= 0\.05", said)
    assert "promote/" not in jane.git("for-each-ref")

    # nor does one without evidence
    good = jane.trains("good", GOOD, says=2.0)
    about = "XGBoost with weather features. AUC=0.892. Trained on v1.4.2 dataset."
    jane.types("model", "register", f"runs:/{good}/model", MODEL, "--description", about)
    jane.types("push")
    said = jane.types("promote", MODEL, "2", "--to", "staging", "--why", "it is good", code=1)
    assert re.search(r"FAILED\s+evidence unit-tests", said) or "unit-tests" in said

    # with it, it goes by two pull requests, merged by plain git
    to_production(team, 2, (ravi, sam), petra)
    jane.types("pull")
    assert jane.standing_versions("production") == [2]
    assert jane.standing_versions("staging") == []
    assert jane.predicts(f"models:/{MODEL}/production") == 2.0

    # a better one takes its place
    better = jane.trains("better", BETTER, says=3.0)
    jane.types("model", "register", f"runs:/{better}/model", MODEL)
    jane.types("push")
    merge = to_production(team, 3, (ravi, sam), petra)
    ravi.types("pull")
    assert ravi.standing_versions("production") == [3]
    assert ravi.standing_versions("archived") == [2]
    assert ravi.predicts(f"models:/{MODEL}/production") == 3.0
    ravi.types("site", "build")
    page = (ravi.folder / f".tracking/site/models/{MODEL}.html").read_text()
    front = (ravi.folder / ".tracking/site/index.html").read_text()
    assert "In production now" in front
    assert re.search(r'class="version" href="[^"]*#v3">v3</a>', front)
    assert "a week of shadow traffic without an issue" in page

    # rollback by command: a pull request like any other
    done = ravi.json("rollback", MODEL, "--why", "complaints from the south depot")
    petra.git("fetch", "-q", "origin")
    petra.types("check", "--base", "origin/gitrack", "--head", f"origin/{done['branch']}")
    back = merged(petra, done["branch"])
    jane.types("pull")
    assert jane.standing_versions("production") == [2]
    assert jane.standing_versions("archived") == [3]
    assert jane.predicts(f"models:/{MODEL}/production") == 2.0

    # and by git alone: undoing the rollback
    undone = reverted(petra, back)
    petra.types("check", "--base", "origin/gitrack", "--head", undone)
    petra.git("push", "-q", "origin", f"{undone}:gitrack")
    jane.types("pull")
    assert jane.standing_versions("production") == [3]
    assert jane.predicts(f"models:/{MODEL}/production") == 3.0
    reverted_to_two = reverted(petra, merge)
    petra.git("push", "-q", "origin", f"{reverted_to_two}:gitrack")
    jane.types("pull")
    assert jane.standing_versions("production") == [2]

    # the records agree to the end
    jane.types("audit", MODEL)
    assert "rollback" in jane.types("model", "history", MODEL)
    assert subprocess.run(["git", "-C", str(team.hub), "fsck", "--strict"], check=False,
                          capture_output=True).returncode == 0  # fmt: skip
    assert jane.git("status", "--porcelain") == ""


def reverted(person: Person, merge: str) -> str:
    """A commit on a branch of its own that undoes a merge, as `git revert` makes it."""
    person.git("fetch", "-q", "origin")
    place = person.folder.parent / "reverting"
    person.git("worktree", "add", "-q", "--detach", str(place), "origin/gitrack")
    reverting = Person(person.name, person.mail, place)
    reverting.git("revert", "--no-edit", "-m", "1", merge)
    commit = reverting.git("rev-parse", "HEAD")
    person.git("worktree", "remove", "--force", str(place))
    return commit


def test_the_whole_way_by_the_api(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    jane, petra = team.jane, team.joins("Petra Product")
    ravi, sam = team.joins("Ravi Patel"), team.joins("Sam Okafor")
    first = jane.trains("first", GOOD, says=1.0)
    with jane.standing():
        version = gitrack.register_model(f"runs:/{first}/model", MODEL, description="the first")
        assert version.version == 1
        gitrack.describe_model(MODEL, "Will a delivery be late?")
        gitrack.tag_model(MODEL, {"use_case": "delays"})
        gitrack.set_alias(MODEL, "champion", 1)
        jane.types("push")
        verdicts = {verdict.gate: verdict for verdict in gitrack.judge(MODEL, 1, "staging")}
        assert verdicts["test_auc_roc >= 0.88"].margin == pytest.approx(0.012)
        assert verdicts["test_auc_roc >= 0.88"].baseline == 0.85
        with pytest.raises(PromotionRefused) as refused:
            gitrack.promote(MODEL, 1, to="staging", why="no tests yet")
        failed = {v.gate for v in refused.value.verdicts if v.outcome == "failed"}
        assert len(failed) == 2
        assert all("unit-tests" in gate or "integration-test" in gate for gate in failed)
        report = team.folder / "junit.xml"
        report.write_text('<testsuite name="t"><testcase name="a"/></testsuite>')
        proof = gitrack.add_evidence(MODEL, 1, "unit-tests", junit=[report])
        assert proof.junit is not None
        assert proof.junit.tests == 1
        gitrack.add_evidence(MODEL, 1, "integration-test", note="all green")
        jane.types("push")
        staged = gitrack.promote(MODEL, 1, to="staging", why="good enough for real traffic")
    assert staged.branch == f"promote/{MODEL}-v1-staging"
    merged(petra, staged.branch)
    jane.types("pull")
    passes_production(jane, 1)
    jane.types("push")
    with petra.standing():
        petra.types("pull")
        gitrack.add_evidence(MODEL, 1, "business-approval", note="+3 %")
        petra.types("push")
    jane.types("pull")
    with jane.standing():
        asked = gitrack.promote(MODEL, 1, to="production", why="a week without an issue")
        waits = [verdict for verdict in asked.verdicts if verdict.outcome == "waiting"]
        assert [verdict.kind for verdict in waits] == ["approvals"]
    petra.git("fetch", "-q", "origin")
    assert asked.branch is not None
    head = f"origin/{asked.branch}"
    # nobody has approved yet, and one is not two
    petra.types("check", "--base", "origin/gitrack", "--head", head, code=1)
    approved(team, 1, ravi)
    petra.git("fetch", "-q", "origin")
    petra.types("check", "--base", "origin/gitrack", "--head", head, code=1)
    approved(team, 1, sam)
    petra.git("fetch", "-q", "origin")
    petra.types("check", "--base", "origin/gitrack", "--head", head)
    merged(petra, asked.branch)
    jane.types("pull")
    with jane.standing():
        assert gitrack.model_version(MODEL, "production").version == 1
        assert gitrack.model_version(MODEL, "champion").run == first
        assert [version.version for version in gitrack.model_versions(MODEL)] == [1]
        told = gitrack.model_history(MODEL)
        assert len(told) == 2
        assert not list(getattr(gitrack.audit(MODEL), "findings", []))
    assert jane.predicts(f"models:/{MODEL}/Production") == 1.0
    assert jane.predicts(f"models:/{MODEL}@champion") == 1.0
