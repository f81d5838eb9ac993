"""What a check cannot see or may not start is said, and never taken for passed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gitrack.errors import NotFound
from gitrack.model.promotion import Outcome
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Artifact, RunBundle
from gitrack.registry.check import changes
from gitrack.registry.check.check import check
from gitrack.registry.check.findings import Level
from gitrack.registry.opened import open_registry
from gitrack.store.codec.records import dump_record
from tests.registry.check.pulls import (
    ADA,
    Pulls,
    artifact_file,
    folder_of,
    new_run,
    run_of,
    stage_file,
)

COMMAND = f"""\
models:
  churn:
    stages:
      staging:
        gates:
        - {{command: '"{sys.executable}" -c "print(7)"', name: ours}}
"""


# -- gates ----------------------------------------------------------------------------------


def test_a_gate_that_is_not_run_is_a_warning(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(COMMAND)
    head = pulls.promotion(2, "staging")

    assert pulls.passes(head).promotions[0].unjudged == []
    checked = pulls.passes(head, run_gates=False)

    (told,) = [each for each in checked.findings if each.rule == "unjudged"]
    assert told.level is Level.WARNING
    assert told.says.startswith("'ours: ")
    assert "was not judged here (no code is run here)" in told.says
    assert "the promoter records: 7" in told.says
    assert [says.partition(":")[0] for says in checked.promotions[0].unjudged] == ["ours"]


@pytest.mark.parametrize("outcome", [None, Outcome.WAITING, Outcome.FAILED])
def test_a_gate_that_is_not_run_and_was_not_passed(
    make_pulls: Callable[..., Pulls], outcome: Outcome | None
) -> None:
    pulls = make_pulls(COMMAND)
    (passed,) = pulls.planned(2, "staging").promotion.verdicts
    said = [] if outcome is None else [msgspec.structs.replace(passed, outcome=outcome)]
    head = pulls.forged(2, "staging", verdicts=said)
    pulls.refused(head, "gate", "'ours: ", "cannot be judged here", run_gates=False)


def test_more_verdicts_than_are_told(make_pulls: Callable[..., Pulls]) -> None:
    gates = "".join(f"        - {{metric: m{number}, at_most: 1}}\n" for number in range(33))
    pulls = make_pulls(f"models:\n  churn:\n    stages:\n      staging:\n        gates:\n{gates}")
    failed = pulls.planned(2, "staging").promotion.verdicts
    good = [msgspec.structs.replace(each, outcome=Outcome.PASSED) for each in failed]
    head = pulls.forged(2, "staging", verdicts=good)
    checked = pulls.refused(head, "verdicts", "and 3 more verdicts that do not agree")
    assert len([each for each in checked.errors if each.rule == "verdicts"]) == 31


def test_an_artifact_that_is_in_no_remote(pulls: Pulls) -> None:
    uri = Artifact(path="model", kind="model", store="uri", uri="s3://theirs/model")
    run = msgspec.structs.replace(run_of(4, 0.95), artifacts=[uri])
    pulls.opened.store.commit_runs([RunBundle(run=run)])
    record = dump_record(ModelVersion(version=4, run=run.id, artifact="model"))
    pulls.advance({"registry/churn/versions/4.yaml": record})
    head = pulls.promotion(4, "staging")

    pulls.passes(head)
    pulls.refused(head, "artifacts", "not whole in the artifact remote", artifacts=True)
    pulls.passes(pulls.promotion(2, "staging"), artifacts=True)  # it lies on the branch


# -- what a record is about -----------------------------------------------------------------


@pytest.mark.parametrize("along", [False, True])
def test_a_version_of_a_run_that_is_not_on_the_base(pulls: Pulls, along: bool) -> None:
    record = dump_record(ModelVersion(version=4, run=run_of(4, 0.95).id))
    pulls.advance({"registry/churn/versions/4.yaml": record})
    planned = pulls.planned(2, "staging")
    forged = msgspec.structs.replace(planned.promotion, version=4, run=run_of(4, 0.95).id)
    path = f"registry/churn/promotions/{planned.id.replace('-v2-', '-v4-')}.yaml"
    files = {**stage_file("staging", [4]), path: dump_record(forged)}
    head = pulls.pull({**files, **(new_run(4) if along else {})})
    why = "which this very pull request adds" if along else "which is not on the base"
    pulls.refused(head, "not-on-base", why, "gitrack push")


def test_a_version_that_stands_there_already(pulls: Pulls) -> None:
    """Two asked for the same: one was merged."""
    first = pulls.planned(2, "staging", when=datetime.now(UTC) - timedelta(minutes=2))
    second = pulls.promotion(2, "staging")
    pulls.land(pulls.pull(first.changes, message=first.message))
    pulls.refused(second, "expected", "v2 of churn stands in staging already", "close this")


def test_a_version_that_nobody_replaced(pulls: Pulls) -> None:
    head = pulls.forged(2, "staging", expected=[3])
    said = "this promotion expects v3 in staging of churn, where nobody stands now"
    pulls.refused(head, "expected", said)


def test_one_is_taken_back_and_another_takes_its_place(pulls: Pulls) -> None:
    first = pulls.planned(2, "staging")
    pulls.land(pulls.pull(first.changes, message=first.message))
    second = pulls.planned(3, "staging")
    head = pulls.pull({**second.changes, f"registry/churn/promotions/{first.id}.yaml": None})
    pulls.refused(head, "two-at-once", "what is taken back")


def test_a_record_that_only_a_merge_brings(pulls: Pulls) -> None:
    """None of its commits wrote it, so nobody has promoted."""
    planned = pulls.planned(2, "staging")
    tree = pulls.tree(pulls.pull(planned.changes))
    other = pulls.pull({"registry/churn/aliases/a.yaml": b"format: 1\nversion: 1\n"})
    head = pulls.commit(tree, [pulls.base, other], author="Eve <eve@example.com>")
    pulls.refused(head, "promoter", "eve@example.com")


def test_a_stage_that_is_only_written_in_another_way(pulls: Pulls) -> None:
    pulls.promote(2, "staging")
    head = pulls.pull({"registry/churn/stages/staging.yaml": "format: 1\nversions: [2]\n"})
    pulls.refused(head, "unexplained-stage", "without changing who stands there")


def test_a_promotion_is_taken_back_after_its_version_has_left(pulls: Pulls) -> None:
    first = pulls.planned(2, "staging")
    pulls.land(pulls.pull(first.changes, message=first.message))
    pulls.promote(2, "production")
    head = pulls.pull({f"registry/churn/promotions/{first.id}.yaml": None})
    pulls.refused(head, "append-only", "stands in staging has changed since (nobody)")


# -- what both sides changed ----------------------------------------------------------------


def test_a_stage_that_was_changed_by_hand_meanwhile(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    pulls.advance(stage_file("staging", [3]))
    pulls.refused(head, "conflict", "who stands in staging of churn has changed")


def test_any_file_that_both_sides_wrote(pulls: Pulls) -> None:
    path = "registry/churn/model.yaml"
    head = pulls.pull({path: "format: 1\nname: churn\ndescription: mine\n"})
    pulls.advance({path: "format: 1\nname: churn\ndescription: yours\n"})
    pulls.refused(head, "conflict", "has changed this file as well", "do it again")


def test_a_folder_where_the_base_has_a_file_by_now(pulls: Pulls) -> None:
    head = pulls.pull(artifact_file(1, 1))
    pulls.advance({"artifacts/flights": b"a file"})
    pulls.refused(head, "conflict", "has changed this file as well")


# -- runs -----------------------------------------------------------------------------------


def test_a_pointer_to_another_file(pulls: Pulls) -> None:
    pointer = f"outs:\n- md5: {'a' * 32}\n  size: 3\n  hash: md5\n  path: other.bin\n"
    head = pulls.pull({**new_run(4), f"{folder_of(4)}/artifacts/big.bin.dvc": pointer})
    pulls.refused(head, "unreadable", "points to 'other.bin' instead of 'big.bin'")


def test_labels_of_a_run_that_cannot_be_read(pulls: Pulls) -> None:
    path = f"{folder_of(1)}/run.yaml"
    record = pulls.opened.branch.read(path)
    pulls.advance({path: b"id: [\n"})
    pulls.refused(pulls.pull({path: record}), "append-only", "on the base cannot be read")


def test_what_is_said_of_a_run_in_its_fields(pulls: Pulls) -> None:
    path = f"{folder_of(1)}/run.yaml"
    record = pulls.opened.branch.read(path).decode()
    head = pulls.pull({path: record.replace(ADA, "Eve <eve@example.com>")})
    pulls.refused(head, "append-only", f"author from '{ADA}' to 'Eve <eve@example.com>'")


def test_an_alias_that_goes_is_said(pulls: Pulls) -> None:
    path = "registry/churn/aliases/champion.yaml"
    pulls.advance({path: b"format: 1\nversion: 1\n"})
    checked = pulls.passes(pulls.pull({path: None}))
    assert ["removes the alias" in each.says for each in checked.findings] == [True]


# -- more than is looked at -----------------------------------------------------------------


def test_more_files_than_are_looked_at(pulls: Pulls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_FILES", 2)
    pulls.refused(pulls.pull({f"x/{n}": b"" for n in range(4)}), "malformed", "more than 2 files")


def test_folders_without_end(pulls: Pulls) -> None:
    head = pulls.pull({"/".join(["runs", *"a" * 60]): b""})
    pulls.refused(head, "malformed", "nested more than 40 deep")


def test_a_shallow_clone_that_cannot_know(pulls: Pulls, tmp_path: Path) -> None:
    base = pulls.base
    pulls.advance(new_run(4))
    head = pulls.pull(new_run(5), on=base)
    pulls.git("branch", "asked", head)
    clone = str(tmp_path / "clone")
    pulls.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{pulls.folder}", clone)
    with pytest.raises(NotFound, match="this clone is shallow") as told:
        check(open_registry(Path(clone)), pulls.base, head)
    assert told.value.hint == "type  git fetch --unshallow"
