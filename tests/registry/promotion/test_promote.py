"""A promotion is one commit: on a branch for review, or on the tracking branch where allowed."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import NotFound, PromotionRefused, StoreError, UsageError
from gitrack.model.promotion import Promotion
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.promote import promote, rollback
from gitrack.registry.transition import IllegalMove
from gitrack.store.codec.records import load_record

Build = Callable[..., OpenRegistry]
Git = Callable[..., str]


def _files(git: Git, repo: Path, commit: str) -> list[str]:
    return git(repo, "diff", "--name-only", f"{commit}^", commit).splitlines()


def test_a_direct_promotion_is_one_commit_of_two_files(registry: Build, git: Git, repo: Path):
    opened = registry()
    before = opened.branch.tip()

    done = promote("churn", 2, to="staging", why="beats the baseline", direct=True, where=opened)

    assert done.commit == opened.branch.tip() == git(repo, "rev-parse", "gitrack")
    assert git(repo, "rev-parse", "gitrack^") == before == done.promotion.base
    assert _files(git, repo, "gitrack") == [
        f"registry/churn/promotions/{done.id}.yaml",
        "registry/churn/stages/staging.yaml",
    ]
    assert opened.reader().stages("churn") == {"staging": [2]}
    message = git(repo, "log", "-1", "--format=%B", "gitrack")
    assert message.splitlines()[0] == "model churn v2: promoted to staging"
    trailers = git(repo, "log", "-1", "--format=%(trailers)", "gitrack").splitlines()
    assert f"Promotion: {done.id}" in trailers
    assert "Model-Version: 2" in trailers
    assert git(repo, "status", "--porcelain") == ""


def test_the_record_says_what_was_judged_by_what(registry: Build, git: Git, repo: Path):
    opened = registry()
    done = promote("churn", "v2", to="Staging", why="good", direct=True, where=opened)

    path = f"registry/churn/promotions/{done.id}.yaml"
    record = load_record(path, opened.branch.read(path), Promotion)
    run = opened.branch.read(opened.store.find(record.run) + "/run.yaml")
    policy = (repo / ".tracking/policy.yaml").read_bytes()
    assert record == done.promotion
    assert record.record == hashlib.sha256(run).hexdigest()
    assert record.policy is not None
    assert record.policy.sha256 == hashlib.sha256(policy).hexdigest()
    assert record.policy.commit == git(repo, "rev-parse", "main")
    assert record.by == "Ada Example <ada@example.com>"
    assert [verdict.outcome for verdict in record.verdicts] == ["passed"]
    assert record.verdicts[0].value == 0.9
    assert record.follows is None


def test_promotions_of_a_stage_form_a_chain(registry: Build):
    opened = registry()
    first = promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    second = promote("churn", 3, to="staging", why="better", direct=True, where=opened)

    data = opened.branch.read(f"registry/churn/promotions/{first.id}.yaml")
    assert second.promotion.follows is not None
    assert second.promotion.follows.promotion == first.id
    assert second.promotion.follows.sha256 == hashlib.sha256(data).hexdigest()
    assert second.promotion.expected == [2]
    assert opened.reader().promotion_ids("churn") == [first.id, second.id]


def test_a_failed_gate_writes_nothing(registry: Build, git: Git, repo: Path):
    opened = registry()
    before = git(repo, "for-each-ref")

    for direct in (True, False):
        with pytest.raises(PromotionRefused) as caught:
            promote("churn", 1, to="staging", why="try it", direct=direct, where=opened)
        assert "does not pass 1 gate of staging" in str(caught.value)
        assert [verdict.outcome for verdict in caught.value.verdicts] == ["failed"]
    assert git(repo, "for-each-ref") == before


def test_a_draft_is_made_all_the_same_and_says_so(registry: Build, git: Git, repo: Path):
    opened = registry()
    done = promote("churn", 1, to="staging", why="look at it", draft=True, where=opened)

    assert done.promotion.draft
    assert done.branch == "promote/churn-v1-staging"
    assert "(draft)" in git(repo, "log", "-1", "--format=%s", done.branch)
    assert opened.reader().stages("churn") == {}


def test_a_pull_request_is_a_branch_off_the_tracking_branch(registry: Build, git: Git, repo: Path):
    opened = registry()
    tip, head = git(repo, "rev-parse", "gitrack"), git(repo, "rev-parse", "HEAD")
    index = (repo / ".git/index").read_bytes()

    done = promote("churn", 2, to="staging", why="good", where=opened)

    assert done.branch == "promote/churn-v2-staging"
    assert git(repo, "rev-parse", f"{done.branch}^") == tip
    assert git(repo, "rev-parse", "gitrack", "HEAD").split() == [tip, head]
    assert (repo / ".git/index").read_bytes() == index
    assert _files(git, repo, done.branch) == [
        f"registry/churn/promotions/{done.id}.yaml",
        "registry/churn/stages/staging.yaml",
    ]


def test_the_same_again_finds_the_branch_and_another_is_told_what_to_type(
    registry: Build, git: Git, repo: Path
):
    opened = registry()
    first = promote("churn", 2, to="staging", why="good", where=opened)
    again = promote("churn", 2, to="staging", why="good", where=opened)
    assert again.commit == first.commit

    with pytest.raises(PromotionRefused, match="--replace"):
        promote("churn", 2, to="staging", why="another reason", where=opened)
    other = promote("churn", 2, to="staging", why="another reason", replace=True, where=opened)
    assert git(repo, "rev-parse", "promote/churn-v2-staging") == other.commit != first.commit
    assert git(repo, "rev-parse", f"{other.commit}^") == other.promotion.base


def test_what_is_replaced_stays_until_the_new_one_is_there(
    registry: Build, git: Git, repo: Path, monkeypatch: pytest.MonkeyPatch
):
    opened = registry()
    first = promote("churn", 2, to="staging", why="good", where=opened)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gitrack.store.git.writer.write_pack", full)
    with pytest.raises(StoreError, match="No space left"):
        promote("churn", 2, to="staging", why="another", replace=True, where=opened)
    assert git(repo, "rev-parse", "promote/churn-v2-staging") == first.commit


def test_a_merged_branch_is_no_hindrance(registry: Build, git: Git, repo: Path):
    opened = registry()
    promote("churn", 2, to="staging", why="good", where=opened)
    git(repo, "fetch", "-q", ".", "promote/churn-v2-staging:gitrack")
    promote("churn", 3, to="staging", why="better", direct=True, where=opened)

    done = promote("churn", 2, to="staging", why="back again", where=opened)

    assert done.promotion.expected == [3]
    assert git(repo, "rev-parse", f"{done.branch}^") == opened.branch.tip()


@pytest.mark.parametrize("why", ["", "  ", "...", "-", "x"])
def test_a_reason_must_say_something(registry: Build, why: str):
    with pytest.raises(UsageError, match="says nothing"):
        promote("churn", 2, to="staging", why=why, where=registry())


def test_what_the_lifecycle_does_not_have_is_refused_with_the_way(registry: Build):
    opened = registry()
    with pytest.raises(IllegalMove, match="promote it to staging first"):
        promote("churn", 2, to="production", why="skip it", where=opened)
    with pytest.raises(NotFound, match="did you mean 'production'"):
        promote("churn", 2, to="prodction", why="good", where=opened)
    with pytest.raises(NotFound, match="no version 9"):
        promote("churn", 9, to="staging", why="good", where=opened)


def test_direct_only_where_the_policy_says_so(registry: Build):
    opened = registry()
    promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    with pytest.raises(PromotionRefused, match="by a pull request only"):
        promote("churn", 2, to="production", why="good", direct=True, where=opened)


def test_only_promoters_may(registry: Build, monkeypatch: pytest.MonkeyPatch):
    policy = """\
    people:
      '@leads': [Lead@example.com]
    models:
      churn:
        stages:
          staging: {direct: true, promoters: ['@leads']}
    """
    opened = registry(policy)
    with pytest.raises(PromotionRefused, match="may not promote churn to staging: only @leads"):
        promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    monkeypatch.setenv("GITRACK_AUTHOR", "The Lead <lead@EXAMPLE.com>")
    opened.place._author = None
    assert promote("churn", 2, to="staging", why="good", direct=True, where=opened).commit


def test_rollback_goes_to_the_one_before_and_further_back_each_time(
    registry: Build, git: Git, repo: Path
):
    opened = registry(policy=None)
    for number in (1, 2, 3):
        promote("churn", number, to="production", why="better", direct=True, where=opened)
    assert opened.reader().stages("churn") == {"production": [3], "archived": [1, 2]}

    first = rollback("churn", why="it drifts", direct=True, where=opened)
    assert first.promotion.kind == "rollback"
    assert first.promotion.version == 2
    subject = git(repo, "log", "-1", "--format=%s", "gitrack")
    assert subject == "model churn v2: rolled back to production"
    assert opened.reader().stages("churn") == {"production": [2], "archived": [1, 3]}
    second = rollback("churn", why="still bad", direct=True, where=opened)
    assert second.promotion.version == 1
    with pytest.raises(NotFound, match="--to-version N"):
        rollback("churn", why="and on", direct=True, where=opened)
    assert rollback("churn", to_version=3, why="it was fine", direct=True, where=opened).commit


def test_rollback_brings_back_whom_somebody_took_out(registry: Build):
    opened = registry(policy=None)
    promote("churn", 1, to="production", why="first", direct=True, where=opened)
    promote("churn", 2, to="production", why="better", direct=True, where=opened)
    promote("churn", 2, to="archived", why="no model for a day", direct=True, where=opened)
    assert opened.reader().stage("churn", "production") == []

    done = rollback("churn", why="it is needed", direct=True, where=opened)
    assert done.promotion.version == 2


def test_rollback_is_no_way_in(registry: Build):
    opened = registry(policy=None)
    promote("churn", 1, to="production", why="first", direct=True, where=opened)
    with pytest.raises(PromotionRefused, match="never stood in production"):
        rollback("churn", to_version=2, why="sneak in", direct=True, where=opened)


def test_a_version_that_was_kept_beside_stands_alone_again(registry: Build):
    opened = registry(policy=None)
    promote("churn", 1, to="production", why="first", direct=True, where=opened)
    promote("churn", 2, to="production", why="both", keep_previous=True, direct=True, where=opened)
    assert opened.reader().stage("churn", "production") == [1, 2]
    done = rollback("churn", why="only the old", direct=True, where=opened)
    assert done.promotion.version == 1
    assert opened.reader().stages("churn") == {"archived": [2], "production": [1]}


def test_what_was_not_pushed_is_not_promoted(registry: Build, remote: Path, git: Git, repo: Path):
    opened = registry()
    with pytest.raises(NotFound, match="gitrack push"):
        promote("churn", 2, to="staging", why="good", where=opened)
    git(repo, "push", "-q", "origin", "gitrack")
    git(repo, "fetch", "-q", "origin")
    promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    with pytest.raises(NotFound, match=r"promotions/.*and 1 more .* is not on origin/gitrack yet"):
        promote("churn", 2, to="production", why="good", push=False, where=opened)


def test_a_stage_that_would_be_empty_is_told(registry: Build):
    opened = registry(policy=None)
    for stage in ("staging", "production"):
        done = promote("churn", 2, to=stage, why="good", direct=True, where=opened)
        assert not any("nothing stands" in note for note in done.notes)
    back = promote("churn", 2, to="staging", why="too early", direct=True, where=opened)
    assert "v2 leaves production, in which nothing stands then" in back.notes
    assert opened.reader().stages("churn") == {"production": [], "staging": [2]}


def test_a_reason_of_a_novel_s_length_is_refused(registry: Build):
    opened = registry(policy=None)
    with pytest.raises(UsageError, match="2,001 characters long, more than 2,000"):
        promote("churn", 2, to="staging", why="x" * 2001, direct=True, where=opened)


def test_promoters_whom_nobody_explains_are_told(registry: Build):
    opened = registry(
        "models: {churn: {stages: {staging: {direct: true, promoters: ['@leads']}}}}\n"
    )
    with pytest.raises(PromotionRefused, match="only @leads may") as told:
        promote("churn", 2, to="staging", why="good", direct=True, where=opened)
    assert "@leads means nobody yet: add  '@leads'" in (told.value.hint or "")
