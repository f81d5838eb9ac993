"""What was in production at date D, for every day of a made-up year."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository
from gitrack.store.timeline import Timeline
from tests.store.timeline.maker import BEGIN, MODELS, Year


@pytest.fixture(scope="module", params=[2, 3])
def year(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Year:
    return Year(tmp_path_factory.mktemp("year") / "repo", seed=request.param)


@pytest.fixture
def branch(year: Year) -> GitBranch:
    repository = Repository.discover(year.folder)
    _stand(repository, year.ids[year.tip])
    return GitBranch(repository)


def _stand(repository: Repository, commit: str) -> None:
    repository.git("update-ref", "refs/heads/gitrack", commit)


def test_every_day_of_the_year(year: Year, branch: GitBranch, tmp_path: Path):
    timeline = Timeline(branch, tmp_path)
    promotions = sum(id is not None for told in year.told.values() for _, id in told)
    assert promotions >= 200
    asked = 0
    for day in range(-1, (year.now - BEGIN).days + 3):
        for hours in (12, 24):
            when = BEGIN + timedelta(days=day, hours=hours, seconds=-1)
            truth = year.truth(when)
            for model in MODELS:
                for stage in ("staging", "production", "archived"):
                    stood = [] if truth is None else truth.standing[model].get(stage, [])
                    assert timeline.at(model, stage, when) == stood, (model, stage, when)
                    asked += 1
            if truth is not None:
                assert timeline.commit_at(when) == year.ids[truth.mark], when
    assert asked > 365 * 18


def test_every_change_is_told_with_its_promotion(year: Year, branch: GitBranch, tmp_path: Path):
    timeline = Timeline(branch, tmp_path)
    for model in MODELS:
        before: dict[str, list[int]] = {}
        expected = []
        for event in year.events:
            after = event.standing[model]
            for stage in sorted({*before, *after}):
                if before.get(stage, []) != after.get(stage, []):
                    expected.append(
                        (
                            *(event.when, year.ids[event.mark], stage),
                            *(before.get(stage, []), after.get(stage, [])),
                        )
                    )
            before = after
        changes = timeline.changes(model)
        found = [(one.when, one.commit, one.stage, one.before, one.after) for one in changes]
        assert found == expected

        told = {id for _, id in year.told[model]}
        reverted = {id for cause, id in year.told[model] if cause == "revert"}
        assert {one.reverts for one in changes} - {None} == reverted
        assert {one.promotion for one in changes} - {None} <= told
        by_hand = [one for one in changes if one.promotion is None and one.reverts is None]
        assert len(by_hand) == sum(cause == "by hand" for cause, _ in year.told[model])


def test_as_the_branch_grows(year: Year, branch: GitBranch, tmp_path: Path):
    """What is kept is extended commit by commit, and says the same as what is read anew."""
    whole = Timeline(branch, tmp_path / "whole", at=year.ids[year.tip])
    line = [event.mark for event in year.events]
    step = 37
    for end in range(step, len(line) + step, step):
        tip = year.ids[line[min(end, len(line)) - 1]]
        _stand(branch.repository, tip)
        grown = Timeline(branch, tmp_path / "grown")
        for model in MODELS:
            there = [
                change
                for change in whole.changes(model)
                if whole.order([change.commit, tip])[-1] == tip
            ]
            assert there
            assert grown.changes(model) == there
