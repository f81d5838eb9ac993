"""Two people and one model: they register, promote and push at once, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitrack.store import open_store
from gitrack.store.registry import Registry
from tests.journeys.team import GOOD, MODEL, Person, Team

DIRECT = """\
models:
  delivery-delay-classifier:
    stages:
      production:
        archive_previous: true
        direct: true
        gates:
        - {metric: test_auc_roc, at_least: 0.88}
"""


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path, DIRECT)


def both(team: Team) -> tuple[Person, Person]:
    """Jane and Ravi with two versions that both know."""
    jane, ravi = team.jane, team.joins("Ravi Patel")
    for name, person, says in (("one", jane, 1.0), ("two", jane, 2.0)):
        run = person.trains(name, GOOD, says=says)
        person.types("model", "register", f"runs:/{run}/model", MODEL)
    jane.types("push")
    ravi.types("pull")
    return jane, ravi


def on_remote(person: Person, path: str) -> str:
    """A file as the remote has it."""
    person.git("fetch", "-q", "origin")
    return person.git("show", f"origin/gitrack:registry/{MODEL}/{path}")


def test_of_two_pull_requests_the_second_is_told_what_happened(team: Team) -> None:
    jane, ravi = both(team)
    first = jane.json("promote", MODEL, "1", "--to", "production", "--why", "the first of two")
    second = ravi.json("promote", MODEL, "2", "--to", "production", "--why", "the second of two")
    assert first["branch"] != second["branch"]
    jane.git("fetch", "-q", "origin")
    for done in (first, second):  # either could be merged
        jane.types("check", "--base", "origin/gitrack", "--head", f"origin/{done['branch']}")

    jane.git("push", "-q", "origin", f"origin/{first['branch']}:refs/heads/gitrack")
    ravi.git("fetch", "-q", "origin")
    head = f"origin/{second['branch']}"
    said = ravi.types("check", "--base", "origin/gitrack", "--head", head, code=1)

    # the sentence names who stands there now, and what to type
    assert f"since this was opened, v1 of {MODEL} was promoted to production by Jane Smith" in said
    assert f"gitrack promote {MODEL} 2 --to production" in said
    # git itself sees a conflict, too: the stage is one file
    merging = Person("M", "m@example.com", team.folder / "merging")
    ravi.git("worktree", "add", "-q", "--detach", str(merging.folder), "origin/gitrack")
    assert merging.try_git("merge", head).returncode == 1
    assert on_remote(ravi, "stages/production.yaml").endswith("- 1")

    # what was to be typed works
    ravi.types("pull")
    again = ravi.json(
        "promote", MODEL, "2", "--to", "production", "--why", "the second of two", "--replace"
    )
    ravi.git("fetch", "-q", "origin")
    head = f"origin/{again['branch']}"
    ravi.types("check", "--base", "origin/gitrack", "--head", head)
    ravi.git("push", "-q", "origin", f"{head}:refs/heads/gitrack")
    jane.types("pull")
    assert jane.standing_versions("production") == [2]
    assert jane.standing_versions("archived") == [1]
    jane.types("audit", MODEL)


def test_of_two_direct_promotions_one_is_pushed_and_the_other_is_told(team: Team) -> None:
    jane, ravi = both(team)
    for person, version in ((jane, "1"), (ravi, "2")):
        person.types(
            "promote", MODEL, version, "--to", "production", "--why", "it is mine", "--direct"
        )
    jane.types("push")
    said = ravi.types("push", code=1)

    # what happened, and what to type
    assert "v1" in said
    assert "Jane Smith" in said
    assert "stages/production.yaml" in said
    assert "gitrack pull --prefer theirs" in said
    assert on_remote(jane, "stages/production.yaml").endswith("- 1")
    jane.types("pull")
    assert jane.standing_versions("production") == [1]
    assert on_remote(jane, "versions/2.yaml")
    ravi.types("pull", "--prefer", "theirs")
    assert ravi.standing_versions("production") == [1]
    ravi.types("promote", MODEL, "2", "--to", "production", "--why", "mine, too", "--direct")
    ravi.types("push")
    jane.types("pull")
    assert jane.standing_versions("production") == [2]
    assert jane.standing_versions("archived") == [1]
    jane.types("audit", MODEL)


def test_two_who_register_at_once_get_numbers_of_their_own(team: Team) -> None:
    jane, ravi = team.jane, team.joins("Ravi Patel")
    runs = {}
    for person, says in ((jane, 1.0), (ravi, 2.0)):
        runs[person.name] = person.trains(f"of-{person.name}", GOOD, says=says)
        person.types("model", "register", f"runs:/{runs[person.name]}/model", MODEL)
    ravi.types("evidence", "add", MODEL, "1", "shadow-mode", "--note", "of Ravi's")
    ravi.types("model", "alias", "set", MODEL, "challenger", "1")
    jane.types("push")
    said = ravi.types("push")
    jane.types("pull")

    assert "2" in said
    for person in (jane, ravi):
        registry = Registry(open_store(person.folder).branch)
        assert {v.version: v.run for v in registry.versions(MODEL)} == {
            1: runs["Jane Smith"],
            2: runs["Ravi Patel"],
        }
        assert registry.aliases(MODEL) == {"challenger": 2}
        assert [p.note for p in registry.proofs(MODEL, 2).values()] == ["of Ravi's"]
        assert registry.proofs(MODEL, 1) == {}
    assert jane.predicts(f"models:/{MODEL}@challenger") == 2.0
