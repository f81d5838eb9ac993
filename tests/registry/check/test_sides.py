"""Which commits are meant: typed, said by a job's event, or the only branch that is ahead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitrack.errors import NotFound, UsageError
from gitrack.registry.check.sides import sides
from gitrack.registry.opened import open_registry
from tests.registry.check.pulls import Pulls


def branch(pulls: Pulls, name: str, commit: str) -> None:
    pulls.git("update-ref", f"refs/heads/{name}", commit)


def test_the_only_branch_that_is_ahead(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    branch(pulls, "promote/churn-v2-staging", head)
    branch(pulls, "promote/churn-v1-staging", pulls.base)  # merged long ago
    found = sides(pulls.opened, environment={})
    assert found == (pulls.base, "gitrack", head, "promote/churn-v2-staging")


def test_none_or_several_are_ahead(pulls: Pulls) -> None:
    with pytest.raises(UsageError, match="no branch promote/… or rollback/… is ahead") as error:
        sides(pulls.opened, environment={})
    assert "gitrack check --head BRANCH" in str(error.value)
    branch(pulls, "promote/a", pulls.promotion(2, "staging"))
    branch(pulls, "rollback/b", pulls.promotion(3, "staging"))
    with pytest.raises(UsageError, match="2 branches are ahead of gitrack: promote/a, rollback/b"):
        sides(pulls.opened, environment={})


def test_the_remote_s_branch_is_the_base(pulls: Pulls) -> None:
    old = pulls.base
    pulls.git("update-ref", "refs/remotes/origin/gitrack", old)
    pulls.advance({"runs/x": "y"})
    head = pulls.pull({}, on=old, message="x")
    found = sides(pulls.opened, head=head, environment={})
    assert (found.base, found.base_name) == (old, "origin/gitrack")


def event(tmp_path: Path, **pull: object) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"pull_request": pull}))
    return {"GITHUB_EVENT_PATH": str(path)}


def test_a_job_of_github(pulls: Pulls, tmp_path: Path) -> None:
    head = pulls.promotion(2, "staging")
    there = event(tmp_path, number=7, head={"sha": head}, base={"ref": "gitrack"})
    assert sides(pulls.opened, environment=there)[2:] == (head, "#7")


def test_a_job_whose_commit_is_not_here(pulls: Pulls, tmp_path: Path) -> None:
    there = event(tmp_path, number=7, head={"sha": "1" * 40}, base={"ref": "gitrack"})
    with pytest.raises(NotFound, match="git fetch origin pull/7/head"):
        sides(pulls.opened, environment=there)


def test_a_pull_request_to_another_branch(pulls: Pulls, tmp_path: Path) -> None:
    there = event(tmp_path, number=7, head={"sha": pulls.base}, base={"ref": "main"})
    with pytest.raises(UsageError, match="goes to 'main', not to the tracking branch 'gitrack'"):
        sides(pulls.opened, environment=there)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pull_request": {"head": 1}}'])
def test_an_event_that_says_nothing(pulls: Pulls, tmp_path: Path, text: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(text)
    with pytest.raises(UsageError):
        sides(pulls.opened, environment={"GITHUB_EVENT_PATH": str(path)})


def test_a_job_of_gitlab(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    there = {
        "CI_MERGE_REQUEST_IID": "5",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "gitrack",
        "CI_COMMIT_SHA": head,
    }
    assert sides(pulls.opened, environment=there)[2:] == (head, "!5")


@pytest.mark.parametrize("name", ["nowhere", "--output=x", ""])
def test_what_is_no_commit(pulls: Pulls, name: str) -> None:
    with pytest.raises(NotFound, match="is no commit of this clone"):
        sides(pulls.opened, head=name, environment={})


def test_where_nothing_was_tracked_the_hint_is_one_that_helps(repo: Path) -> None:
    with pytest.raises(NotFound, match="no branch gitrack here") as error:
        sides(open_registry(repo), environment={})
    assert error.value.hint == "type  gitrack init"
