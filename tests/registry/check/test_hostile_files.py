"""Pull requests that touch what they must not: each is refused with a sentence and a mend."""

from __future__ import annotations

import msgspec
import pytest

from gitrack.model.run import Artifact
from gitrack.registry.check.sight import BIGGEST_FILE
from gitrack.store.codec.records import dump_run
from tests.registry.check.pulls import (
    Pulls,
    artifact_file,
    folder_of,
    new_run,
    proof_file,
    run_of,
    stage_file,
    version_file,
)

RECORD = f"{folder_of(2)}/run.yaml"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (".github/workflows/check.yml", "a workflow"),
        (".github/CODEOWNERS", "a workflow or setting of GitHub"),
        (".gitlab-ci.yml", "a pipeline of GitLab"),
        ("CODEOWNERS", "who must review"),
        ("docs/CODEOWNERS", "who must review"),
        ("Jenkinsfile", "would run code"),
        ("format.yaml", "this branch's format"),
        ("README.md", "the page that explains"),
        (".dvc/config", "where this branch's heavy files"),
        (".dvc/.gitignore", "where this branch's heavy files"),
        (".gitattributes", "a setting of git"),
        (".gitmodules", "a setting of git"),
        (".tracking/policy.yaml", "gitrack's settings and policy"),
        (".tracking/config.yaml", "gitrack's settings and policy"),
        ("policy.yaml", "a policy"),
        ("train.py", "no run and no registry"),
        ("registry/churn/owners.yaml", "no part of a registered model"),
        ("registry/notes.yaml", "no run and no registry"),
        ("registry/churn/stages/production.txt", "<name>.yaml only"),
        ("registry/churn/promotions/today.yaml", "is not the name of a promotion"),
        ("registry/churn/stages/Production.yaml", "not in lower case"),
        ("registry/churn/versions/07.yaml", "not the number of a version"),
        ("registry/churn/aliases/latest.yaml", "cannot be set"),
        ("runs/notes.txt", "where a folder of runs should be"),
        ("runs/x-20260101/2026-01/02/20260103-120000-aaaa03/run.yaml", "does not belong"),
        (f"{folder_of(4)}/train.sh/x", "a run has no file"),
        ("collected/20260101T000000Z-aaaaaa.yaml", "removed to free space"),
    ],
)
def test_a_file_where_none_belongs(pulls: Pulls, path: str, words: str) -> None:
    head = pulls.pull({**new_run(4), path: "on: push\n"})
    pulls.refused(head, "forbidden-path", words)


def with_names(pulls: Pulls, names: list[bytes], *, mode: str = "40000") -> str:
    """A commit whose root holds folders of these names, whatever git thinks of them."""
    blob = pulls.git("hash-object", "-w", "--stdin", stdin=b"x")
    inner = pulls.git("mktree", stdin=f"100644 blob {blob}\tx\n".encode())
    raw = pulls.folder / "tree"
    listed = pulls.git("ls-tree", "-z", pulls.base)
    entries: list[tuple[bytes, bytes, str]] = []
    for line in listed.split("\0")[:-1]:
        head, _, name = line.partition("\t")
        kept, _kind, id = head.split(" ")
        entries.append((name.encode(), kept.lstrip("0").encode(), id))
    entries += [(name, mode.encode(), inner) for name in names]
    entries.sort(key=lambda each: each[0] + (b"/" if each[1] == b"40000" else b""))
    raw.write_bytes(b"".join(b"%s %s\0%s" % (m, n, bytes.fromhex(i)) for n, m, i in entries))
    tree = pulls.git("hash-object", "-w", "-t", "tree", "--literally", str(raw))
    return pulls.commit(tree, [pulls.base])


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"git~1", b"\xff\xfe", b"a\\b", b"a\nb"])
def test_a_name_that_breaks_checkouts(pulls: Pulls, name: bytes) -> None:
    pulls.refused(with_names(pulls, [name]), "forbidden-path")


@pytest.mark.parametrize("names", [[b"zz", b"zz"], [b"a/b"], [b""]])
def test_a_tree_that_readers_read_differently(pulls: Pulls, names: list[bytes]) -> None:
    pulls.refused(with_names(pulls, names), "malformed")


def test_a_mode_that_git_has_not(pulls: Pulls) -> None:
    pulls.refused(with_names(pulls, [b"zz"], mode="40777"), "malformed", "mode")


@pytest.mark.parametrize("model", ["con", "nul", "a:b", "x.", " x", "..x ", "NUL.txt", "a|b"])
def test_a_model_that_no_system_can_keep(pulls: Pulls, model: str) -> None:
    head = pulls.pull({f"registry/{model}/versions/1.yaml": "version: 1\nrun: x\n"})
    pulls.refused(head, "forbidden-path", "model name")


def test_names_that_differ_in_case_only(pulls: Pulls) -> None:
    version = version_file(1, 1)["registry/churn/versions/1.yaml"]
    pulls.refused(pulls.pull({"registry/Churn/versions/1.yaml": version}), "same-name", "case")
    two = {"registry/Delay/versions/1.yaml": version, "registry/delay/versions/1.yaml": version}
    pulls.refused(pulls.pull(two), "same-name")


@pytest.mark.parametrize(
    ("mode", "words"), [("120000", "symbolic link"), ("100755", "executable"), ("160000", "modul")]
)
def test_no_plain_file(pulls: Pulls, mode: str, words: str) -> None:
    path = f"{folder_of(4)}/artifacts/x"
    data = pulls.base if mode == "160000" else "/etc/passwd"
    pulls.refused(pulls.pull({**new_run(4), path: data}, modes={path: mode}), "file-mode", words)


def test_only_the_mode_of_a_file_changes(pulls: Pulls) -> None:
    data = pulls.opened.branch.read(RECORD)
    pulls.refused(pulls.pull({RECORD: data}, modes={RECORD: "100755"}), "file-mode", "executable")


def test_a_huge_file(pulls: Pulls) -> None:
    path = f"{folder_of(4)}/output.txt"
    head = pulls.pull({**new_run(4), path: b"x" * (BIGGEST_FILE + 1)})
    pulls.refused(head, "too-big", "10,000,001")
    record = "registry/churn/model.yaml"
    head = pulls.pull({record: b"name: churn\ndescription: '" + b"x" * (1 << 20) + b"'\n"})
    pulls.refused(head, "too-big", record)


def test_an_edited_metric(pulls: Pulls) -> None:
    run = msgspec.structs.replace(run_of(2), metrics={"auc": 0.99})
    checked = pulls.refused(pulls.pull({RECORD: dump_run(run)}), "append-only", "metrics.auc")
    assert "from 0.9 to 0.99" in checked.errors[0].says


def test_an_edited_metric_that_is_promoted(pulls: Pulls) -> None:
    run = msgspec.structs.replace(run_of(1), metrics={"auc": 0.99})
    edited = pulls.pull({f"{folder_of(1)}/run.yaml": dump_run(run)})
    here = pulls.base
    pulls.git("update-ref", "refs/heads/gitrack", edited)
    planned = pulls.planned(1, "staging", at=edited)
    assert not planned.failed
    pulls.git("update-ref", "refs/heads/gitrack", here)
    head = pulls.pull(planned.changes, on=edited)
    checked = pulls.refused(head, "append-only", "metrics.auc")
    rules = {each.rule for each in checked.errors}
    assert {"wrong-run", "wrong-base"} <= rules


def test_tags_of_the_run_that_is_promoted(pulls: Pulls) -> None:
    run = msgspec.structs.replace(run_of(2), tags={"team": "growth", "reviewed": "yes"})
    planned = pulls.planned(2, "staging")
    head = pulls.pull({RECORD: dump_run(run), **planned.changes})
    pulls.refused(head, "append-only", "tags", "promotes it", "a pull request of their own")


def test_a_removed_run(pulls: Pulls) -> None:
    changes = {RECORD: None, f"{folder_of(2)}/artifacts/model": None}
    pulls.refused(pulls.pull(changes), "append-only", "removes a file of the run")


def test_a_run_moved_elsewhere(pulls: Pulls) -> None:
    run = msgspec.structs.replace(run_of(2), experiment="other-20260101")
    there = f"runs/other-20260101/2026-01/02/{run.id}/run.yaml"
    pulls.refused(pulls.pull({there: dump_run(run)}), "same-run", "is on the base already")


def test_a_file_added_to_a_run_of_others(pulls: Pulls) -> None:
    path = f"{folder_of(2)}/artifacts/report.html"
    pulls.refused(pulls.pull({path: "<b>better</b>"}), "append-only", "adds a file of the run")


def test_a_merge_that_drops_what_the_base_had(pulls: Pulls) -> None:
    head = pulls.promotion(2, "staging")
    pulls.advance(new_run(4))
    ours = pulls.commit(pulls.tree(head), [head, pulls.base], message="merge -s ours")
    pulls.refused(ours, "append-only", "removes a file of the run")


def test_a_run_without_its_record(pulls: Pulls) -> None:
    head = pulls.pull({f"{folder_of(4)}/artifacts/model": b"m"})
    pulls.refused(head, "incomplete", "has no run.yaml")


def test_a_run_in_the_wrong_folder(pulls: Pulls) -> None:
    other = new_run(4)[f"{folder_of(4)}/run.yaml"]
    pulls.refused(pulls.pull({f"{folder_of(5)}/run.yaml": other}), "unreadable", "its folder is")


def test_a_run_whose_pointer_is_missing_or_another(pulls: Pulls) -> None:
    model = Artifact(path="model", kind="model", store="dvc", md5="a" * 32)
    files = new_run(4, artifacts=[model])
    del files[f"{folder_of(4)}/artifacts/model"]
    pulls.refused(pulls.pull(files), "incomplete", "whose pointer is not")
    pointer = f'outs:\n- md5: "{"b" * 32}"\n  hash: md5\n  path: "model"\n'
    files[f"{folder_of(4)}/artifacts/model.dvc"] = pointer
    pulls.refused(pulls.pull(files), "incomplete", "but the run says")


@pytest.mark.parametrize("path", ["../../../etc", "/etc/passwd", "a/b"])
def test_a_pointer_that_leads_elsewhere(pulls: Pulls, path: str) -> None:
    pointer = f'outs:\n- md5: "{"b" * 32}"\n  hash: md5\n  path: "{path}"\n'
    head = pulls.pull({**new_run(4), f"{folder_of(4)}/artifacts/x.dvc": pointer})
    pulls.refused(head, "unreadable", "expected a name beside the pointer")


def test_heavy_files_from_elsewhere(pulls: Pulls) -> None:
    day = folder_of(4).rpartition("/")[0]
    config = "[core]\n    remote = gitrack\n['remote \"gitrack\"']\n    url = s3://mallory/x\n"
    head = pulls.pull({**new_run(4), f"{day}/.dvc/config": config})
    pulls.refused(head, "forbidden-path", "another place")


BOMB = "a: &a [1, 1]\nb: &b [*a, *a]\nname: churn\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOMB, "line 1"),
        ("format: 1\nname: churn\nname: churn\n", "line 3"),
        ("format: 1\nname: !!python/object/apply:os.system ['id']\n", "line 2"),
        ("format: 2\nname: churn\n", "format 2 is unknown"),
        ("[" * 5000 + "]" * 5000, "nest"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("name: churn\n--- \nname: other\n", "line"),
        ("", "is empty"),
        ("name: [churn]\n", "line 1"),
    ],
)
def test_a_file_that_no_strict_reader_takes(pulls: Pulls, data: str | bytes, words: str) -> None:
    head = pulls.pull({"registry/churn/model.yaml": data})
    checked = pulls.refused(head, "unreadable", "registry/churn/model.yaml", words)
    if words.startswith("line "):
        assert any(each.line for each in checked.errors)


@pytest.mark.parametrize(
    "path",
    [
        "registry/churn/stages/production.yaml",
        "registry/churn/versions/4.yaml",
        "registry/churn/aliases/champion.yaml",
        "registry/churn/evidence/2/shadow-mode.yaml",
        "registry/churn/promotions/20260101T000000Z-v2-staging.yaml",
        "artifacts/flights/versions/1.yaml",
        "artifacts/flights/aliases/best.yaml",
        f"{folder_of(4)}/run.yaml",
        f"{folder_of(4)}/artifacts/x.dvc",
        f"{folder_of(4)}/pipeline.yaml",
    ],
)
def test_a_bomb_anywhere(pulls: Pulls, path: str) -> None:
    pulls.refused(pulls.pull({**new_run(4), path: BOMB}), "unreadable", path)


def test_evidence_that_is_changed_or_removed(pulls: Pulls) -> None:
    failed = proof_file(2, "shadow-mode", passed=False)
    pulls.advance({**failed, **artifact_file(1, 1)})
    pulls.refused(pulls.pull(proof_file(2, "shadow-mode")), "append-only", "changes evidence")
    pulls.refused(pulls.pull(dict.fromkeys(failed)), "append-only", "removes evidence")
    pulls.refused(pulls.pull(artifact_file(1, 2)), "append-only", "changes a version of a named")


def test_an_artifact_of_no_run(pulls: Pulls) -> None:
    pulls.refused(pulls.pull(artifact_file(1, 9)), "unknown-run", "neither on the base nor")


def test_no_branch_of_the_tracking_branch(pulls: Pulls) -> None:
    alone = pulls.commit(pulls.tree(pulls.base), [])
    pulls.refused(alone, "unrelated", "shares no history")


def test_merged_crosswise(pulls: Pulls) -> None:
    start = pulls.base
    left = pulls.pull(new_run(4), on=start)
    right = pulls.pull(new_run(5), on=start)
    both = {**new_run(4), **new_run(5)}
    one = pulls.pull(both, parents=[left, right])
    other = pulls.pull(both, parents=[right, left])
    pulls.base = one
    pulls.refused(other, "unrelated", "crosswise")


def test_a_stage_and_a_workflow_are_both_told(pulls: Pulls) -> None:
    head = pulls.pull({**stage_file("production", [2]), ".github/workflows/x.yml": "on: push"})
    checked = pulls.refused(head, "unexplained-stage")
    assert {each.rule for each in checked.errors} == {"unexplained-stage", "forbidden-path"}


def test_a_metric_edited_and_put_back(pulls: Pulls) -> None:
    run = msgspec.structs.replace(run_of(1), metrics={"auc": 0.99})
    path = f"{folder_of(1)}/run.yaml"
    edited = pulls.pull({path: dump_run(run)})
    back = pulls.pull({path: pulls.opened.branch.read(path), **new_run(4)}, on=edited)
    pulls.refused(back, "history", "changes what was recorded before", "squash")


def test_a_workflow_that_is_gone_again(pulls: Pulls) -> None:
    first = pulls.pull({".github/workflows/x.yml": "on: push\n"})
    head = pulls.pull({".github/workflows/x.yml": None, **new_run(4)}, on=first)
    pulls.refused(head, "history", "a workflow")


def test_an_edited_state_is_no_base_for_a_promotion(pulls: Pulls) -> None:
    run = msgspec.structs.replace(run_of(1), metrics={"auc": 0.99})
    path = f"{folder_of(1)}/run.yaml"
    edited = pulls.pull({path: dump_run(run)})
    back = pulls.pull({path: pulls.opened.branch.read(path)}, on=edited)
    pulls.land(back)  # merged in spite of the check
    planned = pulls.planned(1, "staging", at=edited)
    pulls.refused(pulls.pull(planned.changes), "wrong-base", "never was the tip")


def test_a_run_that_is_added_twice(pulls: Pulls) -> None:
    run = msgspec.structs.replace(run_of(4, 0.9), experiment="other-20260101")
    there = f"runs/other-20260101/2026-01/04/{run.id}/run.yaml"
    pulls.refused(pulls.pull({**new_run(4), there: dump_run(run)}), "same-run", "twice")
