"""Promotions that claim what is not so: each is refused with a sentence and a mend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from gitrack.model import moments
from gitrack.model.promotion import Follows, Outcome, PolicyUsed, Verdict
from gitrack.registry.check.findings import Level
from gitrack.registry.gates.approval import Approval
from gitrack.store.codec.records import dump_record
from tests.registry.check.pulls import (
    ADA,
    MALLORY,
    POLICY,
    Pulls,
    new_run,
    proof_file,
    run_of,
    stage_file,
    version_file,
)

BOB = "Bob <bob@example.com>"


# -- stages ---------------------------------------------------------------------------------


def test_a_stage_without_any_promotion(pulls: Pulls) -> None:
    head = pulls.pull(stage_file("production", [3]))
    pulls.refused(head, "unexplained-stage", "from nobody to v3", "gitrack promote churn 3")


def test_a_stage_of_another_model_comes_along(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    other = stage_file("production", [1])["registry/churn/stages/production.yaml"]
    head = pulls.pull({**planned.changes, "registry/delay/stages/production.yaml": other})
    pulls.refused(head, "unexplained-stage", "production of delay")


def test_another_stage_comes_along(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    head = pulls.pull({**planned.changes, **stage_file("production", [1])})
    pulls.refused(head, "unexplained-stage", "from nobody to v1")


def test_a_removed_stage(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    head = pulls.pull({"registry/churn/stages/staging.yaml": None})
    pulls.refused(head, "unexplained-stage", "from v2 to nobody")


def test_another_version_in_the_stage_than_in_the_record(pulls: Pulls) -> None:
    head = pulls.forged(2, "staging", also=stage_file("staging", [1]))
    pulls.refused(head, "stage-differs", "after the merge v1 would stand in staging")


def test_a_record_without_its_stage(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    changes = {path: data for path, data in planned.changes.items() if "/stages/" not in path}
    pulls.refused(pulls.pull(changes), "stage-differs", "nobody would stand")


def test_the_previous_one_is_not_archived(pulls: Pulls) -> None:
    for version in (2, 3):
        pulls.promote(version, "staging")
        if version == 2:
            pulls.promote(2, "production")
    planned = pulls.planned(3, "production")
    changes = {path: data for path, data in planned.changes.items() if "archived" not in path}
    pulls.refused(pulls.pull(changes), "stage-differs", "archived of churn")
    head = pulls.forged(
        3, "production", archived=[], kept=[2], also=stage_file("production", [2, 3])
    )
    pulls.refused(head, "unexplained-stage", "archived")


def test_a_skipped_stage(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    planned = pulls.planned(2, "production")
    promotion = msgspec.structs.replace(planned.promotion, version=3, run=run_of(3).id)
    id = planned.id.replace("-v2-", "-v3-")
    changes = {
        **stage_file("production", [3]),
        f"registry/churn/promotions/{id}.yaml": dump_record(promotion),
    }
    pulls.refused(pulls.pull(changes), "transition", "entered from staging only")


def test_a_stage_that_the_policy_has_not(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    promotion = msgspec.structs.replace(planned.promotion, to="prod")
    id = planned.id.replace("-staging", "-prod")
    changes = {
        **stage_file("prod", [2]),
        f"registry/churn/promotions/{id}.yaml": dump_record(promotion),
    }
    pulls.refused(pulls.pull(changes), "transition", "no stage 'prod'")


@pytest.mark.parametrize(
    ("stage", "command"),
    [
        ("production", "gitrack rollback churn --to-version 2 --why"),
        ("staging", "gitrack rollback churn --to-version 2 --stage staging --why"),
    ],
)
def test_a_rollback_that_is_made_anew(
    make_pulls: Callable[..., Pulls], stage: str, command: str
) -> None:
    pulls = make_pulls(None)
    pulls.promote(2, stage)
    pulls.promote(3, stage)
    head = pulls.forged(2, stage, plan={"kind": "rollback"}, expected=[1])
    pulls.refused(head, "expected", command)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"source": None}, "says from: None, but on the base it is 'staging'"),
        ({"archived": []}, "says archived: [], but on the base it is [2]"),
        ({"archived": [2, 1]}, "says archived: [2, 1], but on the base it is [2]"),
        ({"kept": [2]}, "says archived: [2], but on the base it is []"),
    ],
)
def test_a_record_that_says_another_move(pulls: Pulls, said: dict[str, object], words: str) -> None:
    pulls.promote(2, "staging")
    pulls.promote(2, "production")
    pulls.promote(3, "staging")
    pulls.refused(pulls.forged(3, "production", **said), "record-differs", words)


def test_a_rollback_to_where_it_never_stood(pulls: Pulls) -> None:
    head = pulls.forged(3, "staging", kind="rollback", verdicts=[])
    pulls.refused(head, "transition", "never stood in staging")


def test_two_promotions_to_one_stage(pulls: Pulls) -> None:
    one, other = pulls.planned(2, "staging"), pulls.planned(3, "staging")
    head = pulls.pull({**one.changes, **other.changes})
    pulls.refused(head, "two-at-once", "promote them one after the other")


def test_two_promotions_that_share_the_archive(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(None)
    pulls.promote(1, "production")
    one, other = pulls.planned(2, "production"), pulls.planned(3, "archived")
    pulls.refused(pulls.pull({**one.changes, **other.changes}), "two-at-once")


# -- what came before -----------------------------------------------------------------------


def test_somebody_promoted_meanwhile(pulls: Pulls) -> None:
    mine = pulls.promotion(2, "staging")
    pulls.promote(3, "staging")
    words = (
        "since this was opened, v3 of churn was promoted to staging",
        "gitrack promote churn 2",
    )
    pulls.refused(mine, "conflict", *words)


def test_somebody_promoted_meanwhile_and_it_was_merged_in(pulls: Pulls) -> None:
    mine = pulls.planned(2, "staging")
    pulls.promote(3, "staging")
    pulls.refused(
        pulls.pull(mine.changes),
        "expected",
        "since this was opened, v3 was promoted to staging by Ada Example",
        "expects nobody in staging of churn, where v3 stands now",
    )


def test_expected_is_made_to_fit(pulls: Pulls) -> None:
    pulls.promote(3, "staging")
    head = pulls.forged(2, "staging", expected=[1])
    pulls.refused(head, "expected", "expects v1 in staging of churn, where v3 stands now")


def test_the_chain_is_broken(pulls: Pulls) -> None:
    pulls.promote(3, "staging")
    id = pulls.opened.reader().promotion_ids("churn")[-1]
    pulls.refused(pulls.forged(2, "staging", follows=None), "chain", "follows nothing")
    wrong = Follows(promotion=id, sha256="0" * 64)
    pulls.refused(pulls.forged(2, "staging", follows=wrong), "chain", "another")
    other = Follows(promotion="20200101T000000Z-v1-staging", sha256="0" * 64)
    pulls.refused(pulls.forged(2, "staging", follows=other), "chain", "the last promotion")


def test_the_chain_begins_with_nothing(pulls: Pulls) -> None:
    follows = Follows(promotion="20200101T000000Z-v1-staging", sha256="0" * 64)
    pulls.refused(pulls.forged(2, "staging", follows=follows), "chain", "nothing was ever promoted")


def test_a_promotion_record_is_changed(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    id = pulls.opened.reader().promotion_ids("churn")[-1]
    path = f"registry/churn/promotions/{id}.yaml"
    data = pulls.opened.branch.read(path).replace(b"better than before", b"the boss said so")
    pulls.refused(pulls.pull({path: data}), "append-only", "history is not written again")


def test_a_promotion_record_is_removed(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    id = pulls.opened.reader().promotion_ids("churn")[-1]
    path = f"registry/churn/promotions/{id}.yaml"
    pulls.refused(pulls.pull({path: None}), "append-only", "leaves nobody in staging")


def test_an_old_promotion_is_taken_back(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    pulls.promote(3, "staging")
    id = pulls.opened.reader().promotion_ids("churn")[0]
    head = pulls.pull({f"registry/churn/promotions/{id}.yaml": None})
    pulls.refused(head, "append-only", "only the last one to a stage")


def test_two_are_taken_back_at_once(pulls: Pulls) -> None:
    before = pulls.base
    pulls.promote(2, "staging")
    pulls.promote(3, "staging")
    head = pulls.commit(pulls.tree(before), [pulls.base])
    pulls.refused(head, "append-only", "one by one")


def test_a_revert_that_puts_back_somebody_else(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    pulls.promote(3, "staging")
    id = pulls.opened.reader().promotion_ids("churn")[-1]
    removed = {f"registry/churn/promotions/{id}.yaml": None}
    head = pulls.pull({**removed, **stage_file("staging", [1])})
    pulls.refused(head, "append-only", "leaves v2 in staging", "v1 would stand there")


def test_a_revert_by_somebody_who_may_not(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(PROMOTERS)
    before = pulls.base
    pulls.promote(2, "staging")
    head = pulls.commit(pulls.tree(before), [pulls.base], author=MALLORY)
    pulls.refused(head, "promoter", "may not promote churn to staging")


def test_a_revert_that_the_rollback_s_gates_do_not_allow(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(ROLLBACK)
    pulls.promote(1, "production")
    before = pulls.base
    pulls.promote(2, "production")
    head = pulls.commit(pulls.tree(before), [pulls.base])
    pulls.refused(head, "gate", "v1 of churn, which would come back to production", "auc")


ROLLBACK = """\
models:
  churn:
    stages:
      production:
        rollback:
          gates:
          - {metric: auc, at_least: 0.88}
"""
PROMOTERS = """\
people:
  '@leads': [ada@example.com]
models:
  churn:
    stages:
      staging:
        promoters: ['@leads']
"""


# -- where and when it was judged -----------------------------------------------------------


def test_a_version_that_does_not_exist(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    promotion = msgspec.structs.replace(planned.promotion, version=9)
    id = planned.id.replace("-v2-", "-v9-")
    changes = {
        **stage_file("staging", [9]),
        f"registry/churn/promotions/{id}.yaml": dump_record(promotion),
    }
    pulls.refused(pulls.pull(changes), "unknown-version", "v9 of churn, which is not registered")


@pytest.mark.parametrize("also", ["version", "run"])
def test_what_is_promoted_comes_in_the_same_pull_request(pulls: Pulls, also: str) -> None:
    here = pulls.base
    changes = {**version_file(4, 4), **new_run(4)} if also == "run" else version_file(4, 1)
    first = pulls.pull(changes)
    pulls.git("update-ref", "refs/heads/gitrack", first)
    planned = pulls.planned(4, "staging", at=first)
    pulls.git("update-ref", "refs/heads/gitrack", here)
    head = pulls.pull(planned.changes, on=first)
    pulls.refused(head, "not-on-base", "this very pull request registers")


def test_evidence_that_comes_in_the_same_pull_request(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(EVIDENCE)
    first = pulls.pull(proof_file(2, "shadow-mode"))
    here = pulls.base
    pulls.git("update-ref", "refs/heads/gitrack", first)
    planned = pulls.planned(2, "staging", at=first)
    assert not planned.failed
    pulls.git("update-ref", "refs/heads/gitrack", here)
    promotion = msgspec.structs.replace(planned.promotion, base=here)
    changes = {
        **planned.changes,
        f"registry/churn/promotions/{planned.id}.yaml": dump_record(promotion),
    }
    head = pulls.pull(changes, on=first)
    checked = pulls.refused(head, "verdicts", "shadow-mode")
    assert "gate" in {each.rule for each in checked.errors}


EVIDENCE = """\
models:
  churn:
    stages:
      staging:
        gates:
        - {evidence: shadow-mode}
"""


def test_a_base_that_nobody_has_pushed(pulls: Pulls) -> None:
    own = pulls.pull(new_run(4))
    pulls.refused(
        pulls.forged(2, "staging", base=own), "wrong-base", "never was the tip of gitrack"
    )


@pytest.mark.parametrize("base", ["0" * 40, "HEAD", "--output=/tmp/x", "", "main"])
def test_a_base_that_is_no_commit(pulls: Pulls, base: str) -> None:
    pulls.refused(pulls.forged(2, "staging", base=base), "wrong-base")


def test_another_record_of_the_run(pulls: Pulls) -> None:
    head = pulls.forged(2, "staging", record="0" * 64)
    pulls.refused(head, "wrong-run", "another record of the run")


def test_the_run_of_another_version(pulls: Pulls) -> None:
    head = pulls.forged(2, "staging", run=run_of(3).id)
    pulls.refused(head, "wrong-run", "but it is of")


def test_a_promotion_of_tomorrow(pulls: Pulls) -> None:
    when = datetime.now(UTC) + timedelta(days=1)
    pulls.refused(pulls.promotion(2, "staging", when=when), "future", "still to come")


def test_a_promotion_of_long_ago(pulls: Pulls) -> None:
    when = datetime.now(UTC) - timedelta(days=9)
    pulls.refused(pulls.promotion(2, "staging", when=when), "back-dated", "before the commit")


def test_a_promotion_before_the_last_one(pulls: Pulls) -> None:
    old = pulls.planned(2, "staging", when=datetime.now(UTC) - timedelta(seconds=90))
    pulls.promote(3, "staging")
    follows = pulls.planned(2, "staging").promotion
    promotion = msgspec.structs.replace(follows, at=old.promotion.at)
    changes = {
        **stage_file("staging", [2]),
        f"registry/churn/promotions/{old.id}.yaml": dump_record(promotion),
    }
    pulls.refused(pulls.pull(changes), "back-dated", "not after the last promotion")


def test_a_time_that_is_none(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    promotion = msgspec.structs.replace(planned.promotion, at="20260101T000000Zoo")
    changes = {
        **stage_file("staging", [2]),
        "registry/churn/promotions/20260101T000000Z-v2-staging.yaml": dump_record(promotion),
    }
    pulls.refused(pulls.pull(changes), "misplaced")


# -- who ------------------------------------------------------------------------------------


def test_somebody_else_s_name(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging", author=MALLORY)
    pulls.refused(head, "promoter", "names Ada Example", "is by Mallory")


def test_a_squash_without_the_promoter(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    squashed = pulls.commit(
        pulls.tree(head), [pulls.base], author=MALLORY, committer="GitHub <noreply@github.com>"
    )
    pulls.refused(squashed, "promoter", "Mallory")


def test_a_co_author_in_a_commit_of_their_own(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    own = pulls.commit(
        pulls.tree(head), [pulls.base], author=MALLORY, message=f"x\n\nCo-authored-by: {ADA}"
    )
    pulls.refused(own, "promoter", "Mallory")


def test_a_record_that_a_merge_smuggles_in(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    side = pulls.pull(new_run(4))
    evil = pulls.pull({**new_run(4), **planned.changes}, parents=[pulls.base, side], author=MALLORY)
    pulls.refused(evil, "promoter", "Mallory")


def test_a_record_changed_by_a_later_commit(pulls: Pulls) -> None:
    planned = pulls.planned(1, "staging", draft=True)
    first = pulls.pull(planned.changes)
    passed = [
        msgspec.structs.replace(verdict, outcome=Outcome.PASSED, value=0.95, margin=0.07)
        for verdict in planned.verdicts
    ]
    promotion = msgspec.structs.replace(planned.promotion, draft=False, verdicts=passed)
    path = f"registry/churn/promotions/{planned.id}.yaml"
    head = pulls.pull({path: dump_record(promotion)}, on=first, author=MALLORY)
    pulls.refused(head, "promoter", "Mallory")
    pulls.refused(head, "verdicts", "auc")


def test_somebody_who_may_not(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(PROMOTERS)
    head = pulls.forged(2, "staging", by=MALLORY, author=MALLORY)
    pulls.refused(head, "transition", "may not promote churn to staging")


def test_a_commit_that_nobody_signed(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    pulls.refused(head, "unsigned", "is not signed", "commit.gpgsign", require_signed=True)


FOUR_EYES = """\
people:
  '@ada': [ada@example.com]
models:
  churn:
    stages:
      production:
        gates:
        - {approvals: 1}
"""


def test_nobody_but_the_promoter_approves(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(FOUR_EYES)
    pulls.advance(proof_file(2, "approval"))
    head = pulls.promotion(2, "production")
    pulls.refused(head, "four-eyes", "is the only one who approved")
    again = [Approval(by="@ada", source="GitHub o/p#1")]
    pulls.refused(head, "four-eyes", approvals=again)
    pulls.passes(head, approvals=[Approval(by="bob@example.com", source="GitHub o/p#1")])


def test_a_trailer_that_anybody_can_write(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(FOUR_EYES)
    planned = pulls.planned(2, "production")
    message = f"{planned.message.strip()}\nApproved-by: {BOB}"
    head = pulls.pull(planned.changes, message=message)
    checked = pulls.refused(head, "waiting")
    said = [each.says for each in checked.findings if each.rule == "approval"]
    assert "names Bob <bob@example.com>, but Ada Example <ada@example.com> wrote it" in said[0]
    own = pulls.commit(pulls.tree(head), [head], author=BOB, message=f"ok\n\nReviewed-by: {BOB}")
    checked = pulls.refused(own, "waiting")
    assert any("no good signature" in each.says for each in checked.findings)


def test_an_approval_in_the_name_of_somebody_else(pulls: Pulls) -> None:
    head = pulls.pull(proof_file(2, "approval", by=BOB), author=MALLORY)
    pulls.refused(head, "forged", "in the name of Bob", "is by Mallory")


# -- gates ----------------------------------------------------------------------------------


def test_verdicts_that_the_run_does_not_support(pulls: Pulls) -> None:
    planned = pulls.planned(1, "staging")
    assert planned.failed
    passed = [
        msgspec.structs.replace(verdict, outcome=Outcome.PASSED, value=0.95, margin=0.07)
        for verdict in planned.verdicts
    ]
    head = pulls.forged(1, "staging", verdicts=passed)
    checked = pulls.refused(head, "verdicts", "recorded as passed, and it is failed")
    assert "gate" in {each.rule for each in checked.errors}


def test_a_value_made_better(pulls: Pulls) -> None:
    (verdict,) = pulls.planned(2, "staging").verdicts
    better = msgspec.structs.replace(verdict, value=0.99, margin=0.11)
    pulls.refused(pulls.forged(2, "staging", verdicts=[better]), "verdicts", "0.99")


def test_no_verdicts_at_all(pulls: Pulls) -> None:
    head = pulls.forged(2, "staging", verdicts=[])
    pulls.refused(head, "verdicts", "says nothing of it")


def test_a_verdict_of_another_gate(pulls: Pulls) -> None:
    (verdict,) = pulls.planned(2, "staging").verdicts
    easy = Verdict(gate="auc >= 0.1", kind="metric", outcome=Outcome.PASSED, says="fine")
    head = pulls.forged(2, "staging", verdicts=[verdict, easy])
    pulls.refused(head, "verdicts", "for which the policy does not ask")


def test_gates_that_fail_and_say_so(pulls: Pulls) -> None:
    pulls.refused(pulls.promotion(1, "staging"), "gate", "auc", "0.86")


def test_a_draft(pulls: Pulls) -> None:
    pulls.refused(pulls.promotion(2, "staging", draft=True), "draft", "is a draft")


def test_the_policy_is_weakened_in_the_same_pull_request(pulls: Pulls) -> None:
    planned = pulls.planned(1, "staging")
    weaker = POLICY.replace("0.88", "0.10")
    head = pulls.pull({**planned.changes, ".tracking/policy.yaml": weaker})
    pulls.refused(head, "forbidden-path", "gitrack's settings and policy")
    pulls.refused(head, "gate", "auc")


def test_the_policy_of_the_working_tree_does_not_count(pulls: Pulls) -> None:
    (pulls.folder / ".tracking" / "policy.yaml").write_text(POLICY.replace("0.88", "0.10"))
    pulls.refused(pulls.promotion(1, "staging"), "gate", "auc")


def test_a_policy_that_nobody_committed_does_not_count(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(None)
    place = pulls.folder / ".tracking" / "policy.yaml"
    place.parent.mkdir()
    place.write_text("models: {}\n")
    head = pulls.promotion(2, "staging")
    pulls.refused(head, "policy", "the code's default branch has none")


def test_another_policy_than_the_one_in_force(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    pulls.policy(POLICY.replace("0.88", "0.89"))
    pulls.refused(
        head, "policy", "the policy changed since", "gitrack promote churn 2 --to staging"
    )
    other = pulls.forged(2, "staging", policy=PolicyUsed(sha256="0" * 64))
    pulls.refused(other, "policy", "000000000000")
    pulls.refused(pulls.forged(2, "staging", policy=None), "policy", "without a policy")


def test_evidence_against_it_came_meanwhile(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(EVIDENCE)
    pulls.advance(proof_file(2, "shadow-mode"))
    head = pulls.promotion(2, "staging")
    pulls.passes(head)
    pulls.advance(proof_file(2, "shadow-mode", name="shadow-mode-2", passed=False))
    pulls.refused(head, "gate", "shadow-mode")


# -- versions, aliases, evidence ------------------------------------------------------------


def test_a_number_is_used_again(pulls: Pulls) -> None:
    pulls.advance(proof_file(2, "shadow-mode"))
    pulls.advance({"registry/churn/versions/3.yaml": None})
    pulls.advance({"registry/churn/versions/2.yaml": None})
    pulls.refused(pulls.pull(version_file(2, 1)), "number", "was given before")


@pytest.mark.parametrize("number", [5, 999_999_999])
def test_a_number_is_skipped(pulls: Pulls, number: int) -> None:
    pulls.refused(pulls.pull(version_file(number, 1)), "number", "the next number is 4")


def test_a_version_is_changed_or_removed(pulls: Pulls) -> None:
    pulls.refused(pulls.pull(version_file(2, 3)), "append-only", "changes what v2 of churn is")
    head = pulls.pull({"registry/churn/versions/2.yaml": None})
    pulls.refused(head, "append-only", "never used again")


def test_a_version_is_promoted_and_changed(pulls: Pulls) -> None:
    version = pulls.opened.reader().version("churn", 2)
    tagged = msgspec.structs.replace(version, tags={"reviewed": "yes"})
    planned = pulls.planned(2, "staging")
    head = pulls.pull({**planned.changes, "registry/churn/versions/2.yaml": dump_record(tagged)})
    pulls.refused(head, "append-only", "a pull request of their own")


def test_a_version_of_no_run_or_artifact(pulls: Pulls) -> None:
    pulls.refused(pulls.pull(version_file(4, 9)), "unknown-run", "neither on the base nor")
    path = "registry/churn/versions/4.yaml"
    data = version_file(4, 1)[path]
    assert isinstance(data, bytes)
    head = pulls.pull({path: data + b'artifact: "other"\n'})
    pulls.refused(head, "unknown-artifact", "has no such artifact")


def test_two_register_at_once(pulls: Pulls) -> None:
    mine = pulls.pull(version_file(4, 1))
    pulls.advance(version_file(4, 2))
    pulls.refused(mine, "conflict", "another v4 of churn was registered", "gitrack pull")


def test_an_alias_to_nowhere(pulls: Pulls) -> None:
    head = pulls.pull({"registry/churn/aliases/champion.yaml": "format: 1\nversion: 9\n"})
    pulls.refused(head, "unknown-version", "points the alias churn@champion to v9")


def test_a_model_changes_its_name_or_goes(pulls: Pulls) -> None:
    path = "registry/churn/model.yaml"
    pulls.refused(pulls.pull({path: "name: delay\n"}), "misplaced", "its folder is 'churn'")
    pulls.refused(pulls.pull({path: None}), "append-only", "removes what is said")
    head = pulls.pull({path: 'name: churn\nby: "Mallory"\n'})
    pulls.refused(head, "append-only", "changes the by")


def test_evidence_that_does_not_fit(pulls: Pulls) -> None:
    head = pulls.pull(proof_file(2, "shadow-mode", run=run_of(3).id))
    pulls.refused(head, "unknown-run", "but that version is of the run")
    pulls.refused(pulls.pull(proof_file(9, "shadow-mode")), "unknown-version", "not registered")
    head = pulls.pull(proof_file(2, "shadow-mode", name="canary"))
    pulls.refused(head, "misplaced", "its file is 'canary'")
    tomorrow = moments.written(datetime.now(UTC) + timedelta(days=1))
    head = pulls.pull(proof_file(2, "shadow-mode", recorded=tomorrow))
    pulls.refused(head, "future", "still to come")
    head = pulls.pull(proof_file(2, "shadow-mode", begin="long ago"))
    pulls.refused(head, "unreadable", "which is not a time")


def test_a_reason_that_says_nothing(pulls: Pulls) -> None:
    pulls.refused(pulls.forged(2, "staging", why=" … "), "reason", "says nothing")


def test_a_comment_that_only_people_read(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    path = f"registry/churn/promotions/{planned.id}.yaml"
    changes = dict(planned.changes)
    changes[path] = b"# approved by the board\n" + changes[path]
    checked = pulls.passes(pulls.pull(changes))
    assert [each.rule for each in checked.findings if each.level is Level.WARNING] == ["layout"]


def test_a_stage_that_nobody_can_read_on_the_base(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    pulls.advance({"registry/churn/stages/archived.yaml": "versions: nobody\n"})
    pulls.refused(head, "base", "who stands where is not known")
