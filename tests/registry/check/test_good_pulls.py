"""What may be merged is let through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from gitrack.model.registered import ModelAlias, ModelVersion, RegisteredModel
from gitrack.registry.check.findings import Level
from gitrack.registry.gates.approval import Approval
from gitrack.store.codec.records import dump_record, dump_run
from tests.registry.check.pulls import (
    ADA,
    MALLORY,
    POLICY,
    Pulls,
    artifact_file,
    folder_of,
    new_run,
    proof_file,
    run_of,
    stage_file,
    version_file,
)

APPROVED = """\
people:
  '@bob': [bob@example.com]
  '@ada': [ada@example.com]
models:
  churn:
    stages:
      production:
        gates:
        - {approvals: 1, not_by: [promoter]}
"""


def test_a_promotion(pulls: Pulls) -> None:
    checked = pulls.passes(pulls.promotion(2, "staging"))
    assert [each.promotion.version for each in checked.promotions] == [2]
    assert [verdict.outcome.value for verdict in checked.promotions[0].verdicts] == ["passed"]
    assert checked.counts == {"promotion": 1, "stage": 1}
    assert checked.policy == "main:.tracking/policy.yaml"


def test_a_whole_lifecycle(pulls: Pulls) -> None:
    for version in (2, 3):
        pulls.passes(pulls.promotion(version, "staging"))
        pulls.promote(version, "staging")
        pulls.passes(pulls.promotion(version, "production"))
        pulls.promote(version, "production")
    assert pulls.opened.reader().stages("churn")["archived"] == [2]


def test_a_rollback(pulls: Pulls) -> None:
    for version in (2, 3):
        pulls.promote(version, "staging")
        pulls.promote(version, "production")
    checked = pulls.passes(pulls.promotion(2, "production", kind="rollback", why="drifted"))
    assert checked.promotions[0].promotion.kind == "rollback"


def test_presets_without_any_policy(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(None)
    checked = pulls.passes(pulls.promotion(1, "production"))
    assert checked.policy is None


def test_several_versions_in_a_stage(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    pulls.passes(pulls.promotion(3, "staging", keep_previous=True))


def test_git_revert_of_a_promotion(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    pulls.promote(2, "production")
    pulls.promote(3, "staging")
    before = pulls.base
    pulls.promote(3, "production")
    back = pulls.commit(pulls.tree(before), [pulls.base], message='Revert "model churn v3"')
    checked = pulls.passes(back)
    assert [each.promotion.version for each in checked.reverted] == [3]
    pulls.land(back)
    assert pulls.opened.reader().stage("churn", "production") == [2]


def test_git_revert_after_others_came_to_the_archive(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(None)
    pulls.promote(1, "production")
    pulls.promote(2, "production")  # sends v1 to the archive
    pulls.promote(3, "archived")
    removed = f"registry/churn/promotions/{pulls.opened.reader().promotion_ids('churn')[1]}.yaml"
    changes = {removed: None, **stage_file("production", [1]), **stage_file("archived", [3])}
    pulls.passes(pulls.pull(changes))


def test_a_promotion_is_taken_back_and_made_again(pulls: Pulls) -> None:
    before = pulls.base
    pulls.promote(2, "staging")
    pulls.land(pulls.commit(pulls.tree(before), [pulls.base], message="Revert"))
    pulls.passes(pulls.promotion(2, "staging"))


def test_the_first_promotion_taken_back(pulls: Pulls) -> None:
    before = pulls.base
    pulls.promote(2, "staging")
    pulls.passes(pulls.commit(pulls.tree(before), [pulls.base], message="Revert"))


def test_added_runs(pulls: Pulls) -> None:
    checked = pulls.passes(pulls.pull({**new_run(4), **new_run(5)}, author=MALLORY))
    assert checked.counts == {"run": 2}


def test_an_added_run_with_all_its_files(pulls: Pulls) -> None:
    folder = folder_of(4)
    pulls.passes(
        pulls.pull(
            {
                **new_run(4),
                f"{folder}/history.tsv": "step\ttime\tauc\n0\t1.5\t0.5\n",
                f"{folder}/environment.txt": "numpy==2.0\n",
                f"{folder}/code.patch": "--- a\n+++ b\n",
                f"{folder}/output.txt": "done\n",
                f"{folder}/data/flights-train.json": "{}",
                f"{folder}/artifacts/plots/roc.svg": "<svg/>",
                f"{folder}/artifacts/big.bin.dvc": (
                    f'outs:\n- md5: "{"a" * 32}"\n  size: 9\n  hash: md5\n  path: "big.bin"\n'
                ),
            }
        )
    )


def test_added_versions_aliases_and_artifacts(pulls: Pulls) -> None:
    checked = pulls.passes(
        pulls.pull(
            {
                **new_run(4),
                **version_file(4, 4),
                **version_file(5, 1),
                **artifact_file(1, 4),
                "registry/churn/aliases/champion.yaml": dump_record(ModelAlias(version=4)),
            }
        )
    )
    said = " ".join(each.says for each in checked.findings)
    assert "registers v4 of churn" in said
    assert "points churn@champion to v4" in said


def test_a_new_model(pulls: Pulls) -> None:
    version = ModelVersion(version=1, run=run_of(1).id)
    pulls.passes(
        pulls.pull(
            {
                "registry/delay/model.yaml": dump_record(RegisteredModel(name="delay")),
                "registry/delay/versions/1.yaml": dump_record(version),
            }
        )
    )


def test_descriptions_are_said(pulls: Pulls) -> None:
    model = RegisteredModel(name="churn", description="who leaves", owners=["@risk"])
    version = ModelVersion(
        version=2, run=run_of(2).id, created=run_of(2).ended, description="with weather"
    )
    checked = pulls.passes(
        pulls.pull(
            {
                "registry/churn/model.yaml": dump_record(model),
                "registry/churn/versions/2.yaml": dump_record(version),
            }
        )
    )
    said = [each.says for each in checked.findings]
    assert "changes the description and owners of the model churn" in said
    assert "changes the description of v2 of churn" in said


def test_labels_of_a_run_are_said(pulls: Pulls) -> None:
    run = msgspec.structs.replace(run_of(2), tags={"team": "growth"}, notes="looked at again")
    checked = pulls.passes(pulls.pull({f"{folder_of(2)}/run.yaml": dump_run(run)}))
    assert any("notes and tags of the run" in each.says for each in checked.findings)


def test_evidence(pulls: Pulls) -> None:
    pulls.passes(pulls.pull(proof_file(2, "shadow-mode")))
    pulls.advance(proof_file(2, "shadow-mode"))
    pulls.passes(pulls.pull(proof_file(2, "shadow-mode", name="shadow-mode-2", passed=False)))


def test_an_approval_without_a_signature_is_told(pulls: Pulls) -> None:
    checked = pulls.passes(pulls.pull(proof_file(2, "approval")))
    assert [each.rule for each in checked.findings if each.level is Level.WARNING] == ["unsigned"]


def test_a_merge_of_the_base_in_between(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    pulls.advance(new_run(4))
    merged = pulls.pull(new_run(4), parents=[head, pulls.base], message="merge gitrack")
    pulls.passes(merged)


def test_a_branch_behind_its_base(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    pulls.advance({**new_run(4), **version_file(4, 4)})
    pulls.advance(proof_file(2, "shadow-mode"))
    pulls.passes(head)


def test_a_base_that_promoted_to_another_stage(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(None)
    pulls.promote(1, "production")
    head = pulls.promotion(2, "staging")
    pulls.promote(3, "archived")
    pulls.passes(head)


def test_runs_and_a_promotion_of_what_was_there(pulls: Pulls) -> None:
    head = pulls.pull(new_run(4))
    planned = pulls.planned(2, "staging")
    pulls.passes(pulls.pull(planned.changes, on=head, message=planned.message))


def test_a_squash_of_the_host(pulls: Pulls) -> None:
    planned = pulls.planned(2, "staging")
    head = pulls.pull(planned.changes)
    squashed = pulls.commit(
        pulls.tree(head),
        [pulls.base],
        author="ada <1234+ada@users.noreply.github.com>",
        committer="GitHub <noreply@github.com>",
        message=f"{planned.message.strip()}\nCo-authored-by: {ADA}",
    )
    pulls.passes(squashed)


def test_the_same_mail_in_other_letters(pulls: Pulls) -> None:
    pulls.passes(pulls.promotion(2, "staging", author="Ada E. <Ada@Example.COM>"))


def test_two_models_in_one(pulls: Pulls) -> None:
    version = ModelVersion(version=1, run=run_of(1).id)
    pulls.advance({"registry/delay/versions/1.yaml": dump_record(version)})
    from gitrack.registry.promotion.plan import plan

    one = pulls.planned(2, "staging").changes
    other = plan(pulls.opened, "delay", 1, "staging", "the first one").changes
    pulls.passes(pulls.pull({**one, **other}))


def test_an_approval_of_the_host(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(APPROVED)
    head = pulls.promotion(2, "production")
    pulls.refused(head, "waiting", "1 approval", "approve in the review")
    pulls.passes(head, approvals=[Approval(by="@bob", source="GitHub o/p#1")])


def test_an_approval_on_the_branch_after_the_promotion(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(APPROVED)
    head = pulls.promotion(2, "production")
    bob = "Bob <bob@example.com>"
    approval = pulls.pull(proof_file(2, "approval", by=bob), author=bob)
    pulls.passes(approval)
    pulls.land(approval)
    pulls.passes(head)


def test_nothing(pulls: Pulls) -> None:
    checked = pulls.passes(pulls.base)
    assert [each.rule for each in checked.findings] == ["nothing"]


def test_what_is_merged_already(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    pulls.land(head)
    pulls.passes(head)


def test_a_day_s_own_settings_of_dvc(pulls: Pulls) -> None:
    from gitrack.artifacts.branch_files import day_files, dvc_config

    pulls.advance({".dvc/config": dvc_config("s3://bucket/ours")})
    day = folder_of(4).rpartition("/")[0]
    config = day_files("s3://bucket/ours")[".dvc/config"]
    pulls.passes(pulls.pull({**new_run(4), f"{day}/.dvc/config": config}))


def test_a_revision_of_the_policy(pulls: Pulls, tmp_path: Path) -> None:
    from gitrack.registry.check.check import in_force

    head = pulls.promotion(2, "staging")
    old = pulls.git("rev-parse", "main")
    pulls.policy(POLICY.replace("0.88", "0.95"))
    pulls.refused(head, "policy", "the policy changed since")
    pulls.passes(head, ruling=in_force(pulls.opened, old))


def test_several_commits_that_write_what_is_new(pulls: Pulls) -> None:
    first = pulls.pull(new_run(4, notes="a first try"))
    second = pulls.pull(new_run(4), on=first)
    pulls.advance(new_run(5))
    merged = pulls.pull({**new_run(4), **new_run(5)}, parents=[second, pulls.base])
    pulls.passes(merged)
