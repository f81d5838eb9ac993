"""Direct promotions while others write, and what stops them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitrack.errors import GitrackError, NotFound, PromotionRefused, UsageError
from gitrack.model.promotion import Outcome
from gitrack.model.run import RunBundle, Status
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.registry.promotion import promote as promoting
from gitrack.registry.promotion.plan import plan
from gitrack.registry.promotion.promote import promote, rollback
from gitrack.registry.registering import describe
from gitrack.registry.transition import IllegalMove
from gitrack.store.git.identity import Stamp
from tests.registry.promotion.conftest import run_of

Build = Callable[..., OpenRegistry]
Git = Callable[..., str]


def _meanwhile(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> list[str]:
    """Let something happen once between the judgement and the commit; the bases judged on."""
    judged: list[str] = []

    def planning(*arguments: object, **options: object) -> object:
        made = plan(*arguments, **options)  # type: ignore[arg-type]  # passed on as they come
        judged.append(made.promotion.base)
        if len(judged) == 1:
            do()
        return made

    monkeypatch.setattr(promoting, "plan", planning)
    return judged


def test_what_does_not_matter_may_be_committed_meanwhile(
    registry: Build, monkeypatch: pytest.MonkeyPatch, git: Git, repo: Path
):
    opened = registry()
    judged = _meanwhile(
        monkeypatch, lambda: opened.branch.commit({"sweeps/x.yaml": b"format: 1\n"}, "a sweep")
    )
    done = promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    assert len(judged) == 1
    assert done.promotion.base == git(repo, "rev-parse", "gitrack^") != judged[0]
    kept = opened.reader().promotion("churn", done.id)
    assert kept == done.promotion


def test_a_model_that_changed_meanwhile_is_judged_again(
    registry: Build, monkeypatch: pytest.MonkeyPatch
):
    opened = registry()

    def another() -> None:
        path = "registry/churn/stages/staging.yaml"
        opened.branch.commit({path: b"format: 1\nversions:\n- 3\n"}, "by hand")

    judged = _meanwhile(monkeypatch, another)
    done = promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    assert len(judged) == 2
    assert done.promotion.expected == [3]
    assert opened.reader().stage("churn", "staging") == [2]


def test_a_run_that_changed_meanwhile_is_judged_again(
    registry: Build, monkeypatch: pytest.MonkeyPatch
):
    opened = registry()
    worse = RunBundle(run=run_of(2, metrics={"auc": 0.5}))
    judged = _meanwhile(monkeypatch, lambda: opened.store.commit_runs([worse]))
    with pytest.raises(PromotionRefused, match="does not pass"):
        promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    assert len(judged) == 2


def test_many_promote_at_once_and_every_record_follows_the_one_before(registry: Build, repo: Path):
    registry()
    troubles: list[GitrackError] = []

    def work(number: int) -> None:
        for _ in range(4):
            try:
                where = open_registry(repo)
                promote("churn", number, to="staging", why="mine", direct=True, where=where)
            except IllegalMove:
                continue  # it stands there already
            except GitrackError as error:
                troubles.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not troubles
    registry_now = open_registry(repo).reader()
    promotions = registry_now.promotions("churn")
    ids = list(promotions)
    assert len(ids) >= 2
    follows = [each.follows.promotion if each.follows else None for each in promotions.values()]
    assert follows == [None, *ids[:-1]]
    for before, after in zip(promotions.values(), list(promotions.values())[1:], strict=False):
        assert after.expected == [before.version]
    assert not registry_now.faults


def test_a_lacking_approval_stops_only_a_direct_promotion(registry: Build):
    policy = """\
    models:
      churn:
        stages:
          staging: {direct: true, gates: [{approvals: 1}]}
    """
    opened = registry(policy)
    with pytest.raises(PromotionRefused, match="waits for approval"):
        promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    done = promote("churn", 2, to="staging", why="good", where=opened)
    assert [verdict.outcome for verdict in done.verdicts] == [Outcome.WAITING]
    assert done.branch == "promote/churn-v2-staging"
    assert "⏳" in done.text


def test_rollback_has_gates_and_ways_of_its_own(registry: Build):
    policy = """\
    models:
      churn:
        stages:
          production:
            direct: true
            rollback: {direct: false, gates: [{metric: auc, at_least: 0.88}]}
    """
    opened = registry(policy)
    for number in (1, 2, 3):
        promote("churn", number, to="production", why="good", direct=True, where=opened)
    with pytest.raises(PromotionRefused, match="by a pull request only"):
        rollback("churn", why="it drifts", direct=True, where=opened)
    done = rollback("churn", why="it drifts", where=opened)
    assert done.branch == "rollback/churn-v2-production"
    assert done.title == "roll back churn v2 → production"
    with pytest.raises(PromotionRefused, match="does not pass"):
        rollback("churn", to_version=1, why="it drifts", where=opened)


def test_a_clock_that_was_ahead_does_not_break_the_chain(registry: Build):
    opened = registry()
    ahead = datetime.now(UTC) + timedelta(hours=2)
    first = plan(opened, "churn", 2, "staging", "from the future", when=ahead)
    opened.branch.commit(first.changes, first.message)
    done = promote("churn", 3, to="staging", why="better", direct=True, where=opened)
    assert opened.reader().promotion_ids("churn") == [first.id, done.id]
    assert done.promotion.follows is not None
    assert done.promotion.follows.promotion == first.id
    third = promote("churn", 2, to="staging", why="again", direct=True, where=opened)
    assert opened.reader().promotion_ids("churn")[-1] == third.id


def test_rollback_to_a_day(registry: Build, monkeypatch: pytest.MonkeyPatch):
    def on(day: int) -> None:
        stamp = Stamp(int(datetime(2026, 2, day, 12, tzinfo=UTC).timestamp()), "+0000")
        monkeypatch.setattr(Stamp, "now", lambda: stamp)

    on(1)
    opened = registry(policy=None)
    for number in (1, 2, 3):
        on(number + 1)
        promote("churn", number, to="production", why="next", direct=True, where=opened)

    def to(day: str | datetime) -> int:
        done = rollback("churn", to_date=day, why="drifts", dry_run=True, where=opened)
        return done.promotion.version

    assert to("2026-02-02") == 1
    assert to("2026-02-03") == 2
    assert to(datetime(2026, 2, 3, 11, 59, tzinfo=UTC)) == 1
    with pytest.raises(UsageError, match="soon"):
        to("soon")
    with pytest.raises(NotFound, match="no version of churn stood in production at 2026-02-01"):
        to("2026-02-01")
    with pytest.raises(IllegalMove, match="stands in production already"):
        to("2026-03-01")
    with pytest.raises(UsageError, match="not both"):
        rollback("churn", to_date="2020-01-01", to_version=1, why="drifts", where=opened)


def test_a_secret_in_the_reason_does_not_reach_history(registry: Build, git: Git, repo: Path):
    opened = registry()
    secret = "AKIAIOSFODNN7EXAMPLE"
    promote("churn", 2, to="staging", why=f"key {secret} works", direct=True, where=opened)
    assert secret not in git(repo, "log", "-1", "-p", "gitrack")


@pytest.mark.parametrize("option", ["draft", "replace", "push"])
def test_what_is_for_pull_requests_is_not_ignored(registry: Build, option: str):
    opened = registry()
    with pytest.raises(UsageError, match=f"has no branch to {option}") as told:
        promote("churn", 2, to="staging", why="good", direct=True, where=opened, **{option: True})
    assert ("gitrack push" in (told.value.hint or "")) == (option == "push")


def test_without_a_reason_the_description_of_the_version_is_it(registry: Build):
    opened = registry()
    untold = promote("churn", 2, to="staging", direct=True, dry_run=True, where=opened)
    describe(opened, "churn", "Knows the\nweather. AUC=0.892.", 2)

    done = promote("churn", 2, to="staging", direct=True, where=opened)

    assert untold.promotion.why == "no reason was given"
    assert done.promotion.why == "Knows the weather. AUC=0.892."
    with pytest.raises(UsageError, match="says nothing"):
        promote("churn", 2, to="staging", why="", direct=True, where=opened)


def test_a_run_that_did_not_finish_is_told_to_who_promotes_and_who_reviews(registry: Build):
    opened = registry(runs={2: run_of(2, status=Status.KILLED), 3: run_of(3)})

    told = promote("churn", 2, to="staging", why="good", dry_run=True, where=opened)
    silent = promote("churn", 3, to="staging", why="good", dry_run=True, where=opened)

    assert "the run of v2 did not finish: it is killed" in told.notes
    assert "Its run did not finish: it is killed." in told.text
    assert "did not finish" not in f"{silent.notes} {silent.text}"
