"""An honest history gives no finding, however people work."""

from __future__ import annotations

import copy

import msgspec
import pytest

from gitrack.errors import NotFound
from gitrack.model.audit import Audit
from gitrack.model.registered import Proof
from gitrack.registry.audit import audit
from gitrack.store.codec.records import dump_record, dump_run, load_run
from gitrack.store.layout import run_folder
from gitrack.store.registry.paths import evidence_path
from tests.registry.audit.forge import ADA, BOB, git
from tests.registry.audit.history import CHURN, HOUR, POLICY, Case, History, moment


@pytest.fixture
def story(case: Case) -> History:
    """The clean history, to be told on."""
    told = copy.copy(case.told)
    told.folder, told.forge = case.folder, case.forge
    told.commits, told.runs = dict(told.commits), dict(told.runs)
    return told


def said(found: Audit) -> list[str]:
    return [f"{one.severity} {one.kind}: {one.what}" for one in found.findings]


def test_a_clean_history_has_no_finding(case: Case) -> None:
    found = audit(where=case.folder)
    assert said(found) == []
    assert found.clean
    judged = [one.judged_again.partition(":")[0] for one in found.promotions]
    assert judged == ["same"] * 6 + ["not judged again", "same"]
    assert [one.reverted is not None for one in found.promotions].count(True) == 1
    merged = next(one for one in found.promotions if one.pull_request == "#7")
    assert merged.commit != merged.landed
    assert merged.committer == case.forge.made[merged.landed or ""].committer
    assert [one.by for one in merged.approvers] == [BOB]
    assert (found.runs, found.versions) == (7, 5)


def test_a_model_that_never_was(case: Case) -> None:
    with pytest.raises(NotFound, match="never was a registered model 'chrun'"):
        audit("chrun", where=case.folder)


def test_nothing_at_all_is_clean(tmp_path: object, case: Case) -> None:
    git(case.folder, "update-ref", "-d", "refs/heads/gitrack")
    assert audit(where=case.folder).clean


def test_a_revert_may_come_by_a_pull_request(story: History) -> None:
    back = story.forge._difference(story.tip, story.forge.made[story.tip].parents[0])
    side = story.commit("undo", back, 'Revert "rollback"', line=False)
    story.run(11, 0.5)
    story.merge("undone", side, message="Merge pull request #9 from o/revert")
    found = audit(where=story.folder)
    assert said(found) == []
    assert found.promotions[-1].reverted is not None


def test_what_was_reverted_before_it_was_merged_never_took_effect(story: History) -> None:
    files, message = story.planned(4, "staging", at=story.tip)
    before = story.tip
    side = story.commit("promoted", files, message, line=False)
    back = story.forge._difference(side, before)
    undone = story.forge.commit(back, "Revert", at=story.now + HOUR, parents=(side,))
    story.now += HOUR
    story.commit("united", {}, "merge", parents=(before, undone), base=before)
    found = audit(where=story.folder)
    assert said(found) == []
    assert (found.promotions[-1].effective, found.promotions[-1].reverted) == (None, undone)


def test_whose_side_comes_first_does_not_matter(story: History) -> None:
    """Older merges have the clone's own line in front."""
    runs = story.run_of(11, 0.5)
    story.now += HOUR
    ours = story.forge.commit(runs, "run", at=story.now, parents=(story.tip,))
    story.promote(4, "staging")
    theirs = story.tip
    story.commit(
        "merge",
        story.forge._difference(story.forge.made[theirs].parents[0], theirs),
        "merge origin/gitrack",
        parents=(ours, theirs),
        base=ours,
    )
    assert said(audit(where=story.folder)) == []


def test_a_run_that_went_on_is_remarked(story: History) -> None:
    path = f"{run_folder('churn-20260105', story.runs[5])}/run.yaml"
    run = load_run(path, story.forge.read(story.tip, path))
    later = msgspec.structs.replace(run, ended=moment(story.now), metrics={"auc": 0.65, "f1": 0.5})
    folder = path.removesuffix("run.yaml")
    story.commit("again", {path: dump_run(later), f"{folder}history.tsv": b"step\n1\n"}, "run")
    found = audit(where=story.folder)
    assert [one.kind for one in found.findings] == ["resumed"]
    assert "it changed auc" in found.findings[0].what
    assert found.clean


def test_a_run_from_an_outbox_may_come_late(story: History) -> None:
    changes = story.run_of(11, 0.5)
    story.now += 900 * HOUR
    story.commit("late", changes, "run 11: killed")
    assert said(audit(where=story.folder)) == []


def test_what_several_processes_committed_at_once(story: History) -> None:
    story.now += HOUR
    proof = msgspec.structs.replace(story.proof_of(4, 7, author=BOB), kind="tests")
    changes: dict[str, bytes | None] = {evidence_path(CHURN, 4, "tests"): dump_record(proof)}
    message = f"2 commits at once\n\n- run\n- evidence\n\nCo-authored-by: {BOB}"
    story.commit("joint", {**changes, **story.run_of(11, 0.5)}, message)
    assert said(audit(where=story.folder)) == []


def test_a_squash_of_a_host_is_remarked(story: History) -> None:
    proof: Proof = msgspec.structs.replace(story.proof_of(4, 7, author=BOB), kind="tests")
    story.now += 48 * HOUR
    story.run(11, 0.5)
    story.commit(
        "squash",
        {evidence_path(CHURN, 4, "tests"): dump_record(proof)},
        f"evidence (#10)\n\nCo-authored-by: {BOB}",
        author=ADA,
        committer="GitHub <noreply@github.com>",
    )
    found = audit(where=story.folder)
    assert {one.kind for one in found.findings} == {"squashed", "co-author"}
    assert found.clean


def test_a_squash_under_the_name_of_whoever_merges_is_remarked(story: History) -> None:
    """GitLab commits it with a date of its own, by one who is no host."""
    proof: Proof = msgspec.structs.replace(story.proof_of(4, 7, author=ADA), kind="tests")
    story.now += 48 * HOUR
    story.run(11, 0.5)
    changes: dict[str, bytes | None] = {evidence_path(CHURN, 4, "tests"): dump_record(proof)}
    story.commit("squash", changes, "evidence", author=ADA, committer=BOB)
    found = audit(where=story.folder)
    assert ({one.kind for one in found.findings}, found.clean) == ({"squashed"}, True)


def test_an_approval_under_the_name_of_a_co_author_is_remarked(story: History) -> None:
    boss = "Boss <boss@example.com>"
    proof = story.proof_of(4, 7, author=boss, kind="approval")
    story.commit(
        "forged",
        {evidence_path(CHURN, 4, "approval"): dump_record(proof)},
        f"2 commits at once\n\n- x\n\nCo-authored-by: {boss}",
    )
    assert "co-author" in {one.kind for one in audit(where=story.folder).findings}


def test_one_model_shows_what_concerns_it(story: History) -> None:
    story.commit("stray", {"registry/other/x.sh": b"x"}, "x")
    story.commit("model", {"registry/other/model.yaml": b'format: 1\nname: "other"\n'}, "x")
    assert audit(CHURN, where=story.folder).clean
    found = audit("other", where=story.folder)
    assert [one.kind for one in found.findings] == ["stray"]
    assert found.promotions == []


def test_a_file_that_is_too_large_is_not_read(story: History) -> None:
    story.commit("large", {f"registry/{CHURN}/versions/9.yaml": b"#" * 20_000_000}, "x")
    (found,) = audit(where=story.folder).findings
    assert (found.kind, "is larger than" in found.what) == ("unreadable", True)


@pytest.mark.parametrize(
    ("author", "kind"),
    [
        ("Ada <7+ada@users.noreply.github.com>", "host-author"),
        ("Ada Example <ada@home.example.org>", "other-address"),
    ],
)
def test_another_address_of_the_same_person_is_remarked(
    story: History, author: str, kind: str
) -> None:
    story.prove(4, 7, author=author)
    found = audit(where=story.folder)
    assert [one.kind for one in found.findings] == [kind]
    assert found.clean


def test_runs_of_a_shared_machine_are_remarked_once(story: History) -> None:
    story.commit("one", story.run_of(11, 0.5, BOB), "run")
    (one,) = audit(where=story.folder).findings
    story.commit("two", story.run_of(12, 0.5, BOB), "run")
    (both,) = found = audit(where=story.folder).findings
    assert [one.kind, both.kind] == ["other-author"] * 2
    assert f"run.yaml says that {BOB} wrote it, and {ADA} wrote its commit" in one.what
    assert f"2 runs say that {BOB} wrote them" in both.what
    assert all(each.severity == "remark" for each in found)


def test_a_new_workflow_is_nothing_and_a_changed_one_a_remark(story: History) -> None:
    path = ".github/workflows/gitrack-check.yml"
    story.commit("workflow", {path: b"on: push\n"}, "gitrack: workflows")
    assert said(audit(where=story.folder)) == []
    story.commit("changed", {path: b"on: []\n"}, "gitrack: workflows")
    found = audit(where=story.folder)
    assert [one.kind for one in found.findings] == ["workflow"]
    assert found.clean


def _policy(story: History, policy: str) -> None:
    code = story.code.copy(story.folder)
    files = {".tracking/policy.yaml": policy.encode()}
    code.point(code.commit(files, "policy", at=story.now, parents=(story.policy,)))


def test_a_promotion_that_no_merge_brought_is_remarked(story: History) -> None:
    _policy(story, POLICY.replace("direct: true", "direct: false"))
    story.now += 2 * HOUR
    story.promote(4, "staging")
    found = audit(where=story.folder)
    assert [one.kind for one in found.findings] == ["no-merge"]
    assert found.clean


def test_an_approval_that_git_does_not_have_is_remarked(story: History) -> None:
    _policy(story, POLICY.replace("{metric: auc, at_least: 0.8}", "{approvals: 1}"))
    story.now += 2 * HOUR
    story.promote(4, "staging")
    found = audit(where=story.folder)
    assert [one.kind for one in found.findings] == ["approvals-elsewhere"]
    assert "git knows of 0 approvals" in found.findings[0].what
    assert found.clean


def test_an_approval_on_the_branch_names_its_approver(story: History) -> None:
    _policy(story, POLICY.replace("{metric: auc, at_least: 0.8}", "{approvals: 1}"))
    story.now += 2 * HOUR
    path = evidence_path(CHURN, 4, "approval")
    proof = story.proof_of(4, 7, author=BOB, kind="approval")
    story.commit("approve", {path: dump_record(proof)}, "evidence", author=BOB)
    story.promote(4, "staging")
    found = audit(where=story.folder)
    assert said(found) == []
    assert [(one.by, one.source) for one in found.promotions[-1].approvers] == [(BOB, path)]


def test_a_policy_of_a_working_tree_is_remarked_where_there_was_no_other(story: History) -> None:
    """Nobody had agreed on one yet."""
    code = story.code.copy(story.folder)
    code.point(code.commit({"train.py": b""}, "code", at=story.now - 1000 * HOUR))
    story.now += 2 * HOUR
    story.promote(4, "staging")
    found = [one for one in audit(where=story.folder).findings if one.promotion]
    last = audit(where=story.folder).promotions[-1]
    assert last.policy.used is not None
    assert last.policy.used.commit is None
    assert [one.kind for one in found if one.promotion == last.id] == ["policy-never-committed"]
    assert all(one.severity == "remark" for one in found if one.promotion == last.id)
