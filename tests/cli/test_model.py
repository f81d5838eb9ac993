"""`gitrack model` and `gitrack evidence` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gitrack.cli import completing
from gitrack.cli.main import cli
from gitrack.errors import InvalidName, NotFound, UsageError
from gitrack.model.promotion import Outcome, Promotion, Verdict
from gitrack.model.registered import StageState
from gitrack.model.run import Artifact, Code, Dataset, RunBundle, Status
from gitrack.store import open_store
from gitrack.store.codec.records import dump_record
from gitrack.store.registry.paths import alias_path, promotion_path, stage_path
from gitrack.tracking import notice
from tests.cli.some_runs import HOSTILE, a_run

Gitrack = Callable[..., Result]
MODEL = Artifact(path="model", kind="model", store="git")


@pytest.fixture
def gitrack(repo: Path, monkeypatch: pytest.MonkeyPatch, git) -> Gitrack:
    """Runs 1 to 3 left a model each; the code of 2 is one commit ahead of that of 1."""
    monkeypatch.chdir(repo)
    notice.forget()
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "commit", "-q", "--allow-empty", "-m", "weather")
    commits = [first, git(repo, "rev-parse", "HEAD"), "a3f8" * 10]
    runs = [
        a_run(
            number,
            artifacts=[MODEL],
            code=Code(commit=commits[number - 1]),
            data=[Dataset(name="flights", role="train", rows=1000 * number)],
            tags={"hostile": HOSTILE},
        )
        for number in (1, 2, 3)
    ]
    open_store(repo).commit_runs([RunBundle(run=run) for run in runs])

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def commit(changes: dict[str, bytes | None]) -> None:
    open_store().branch.commit(changes, "by hand")


def stand(stage: str, *versions: int) -> None:
    commit({stage_path("churn", stage): dump_record(StageState(versions=list(versions)))})


def promoted() -> None:
    """Version 1 is in production."""
    verdicts = [
        Verdict(gate="test_auc_roc >= 0.88", kind="metric", outcome=Outcome.PASSED, says="0.89"),
        Verdict(gate="unit-tests", kind="evidence", outcome=Outcome.WAITING, says=HOSTILE),
    ]
    promotion = Promotion(
        model="churn",
        version=1,
        run=a_run(1).id,
        kind="promotion",
        to="production",
        at="2026-01-01T10:00:00.000Z",
        by="Ada <ada@example.com>",
        why="it is better",
        base="0" * 40,
        record="0" * 64,
        verdicts=verdicts,
    )
    commit({promotion_path("churn", "20260101T100000Z-v1-production"): dump_record(promotion)})
    stand("production", 1)


def test_an_empty_registry_says_what_to_type(gitrack):
    done = gitrack("model", "ls")

    assert (done.exit_code, done.stdout) == (0, "")
    assert "no model is registered yet" in done.stderr
    assert "gitrack model register RUN NAME" in done.stderr
    assert json.loads(gitrack("model", "ls", "--json").stdout) == {"items": [], "faults": []}


def test_models_are_registered_listed_and_shown(gitrack):
    done = gitrack("model", "register", "lr001", "churn", "--tag", "team=x", "--alias", "best")
    assert done.stdout == "churn v1\n"
    assert "next: gitrack model show churn 1" in done.stderr
    gitrack("model", "register", "lr002/model", "churn", "--description", "with weather")
    again = gitrack("model", "register", "lr002", "churn", "--json")
    assert json.loads(again.stdout)["known"] is True
    promoted()

    listed = gitrack("model", "ls").stdout.splitlines()
    assert listed[0].split() == ["NAME", "VERSIONS", "LATEST", "STANDING", "ALIASES"]
    assert listed[1].split() == ["churn", "2", "v2", "production=v1", "@best=v1"]
    (_, second, first) = gitrack("model", "ls", "churn").stdout.splitlines()
    assert second.split()[:3] == ["v2", "0.9", "7k3f92"]
    assert first.split()[:4] == ["v1", "production", "@best", "0.89"]
    as_json = json.loads(gitrack("model", "ls", "churn", "--json").stdout)["items"]
    assert [item["metrics"] for item in as_json] == [{"test_auc_roc": 0.9}, {"test_auc_roc": 0.89}]
    shown = gitrack("model", "show", "churn").stdout
    assert "production  v1" in shown
    assert "v1 promoted to production by Ada <ada@example.com>: it is better" in shown


def test_a_version_is_shown_with_all_that_led_to_it(gitrack):
    gitrack("model", "register", "lr001", "churn", "--description", f"x {HOSTILE}")
    gitrack("evidence", "add", "churn", "1", "canary", "--from", "2024-12-01", "--to", "2024-12-03")
    promoted()

    shown = gitrack("model", "show", "churn", "production")

    for said in (
        "model churn v1  production",
        "test_auc_roc  0.89",
        "learning_rate  0.05",
        "data flights (train)",
        "canary  passed, from 2024-12-01 00:00 to 2024-12-03 00:00 UTC (Ada Example",
        "2026-01-01 10:00 UTC  promoted to production by Ada",
        "passed   test_auc_roc >= 0.88: 0.89",
        "waiting  unit-tests: ",
    ):
        assert said in shown.stdout
    assert "\x1b" not in shown.stdout
    record = json.loads(gitrack("model", "show", "churn", "1", "--json").stdout)
    assert record["run"]["id"] == a_run(1).id
    assert record["evidence"]["canary"]["from"] == "2024-12-01T00:00:00.000Z"
    assert record["promotions"]["20260101T100000Z-v1-production"]["why"] == "it is better"


def test_a_version_whose_run_is_gone_is_shown_all_the_same(gitrack):
    gitrack("model", "register", "lr001", "churn")
    folder = open_store().find("lr001")
    commit({f"{folder}/run.yaml": None})

    shown = gitrack("model", "show", "churn", "1")

    assert shown.exit_code == 0
    assert f"there is no run '{a_run(1).id}'" in shown.stdout


def test_two_versions_are_compared_in_all_in_which_they_differ(gitrack):
    for number in (1, 2, 3):
        gitrack("model", "register", f"lr00{number}", "churn")
    gitrack("evidence", "add", "churn", "2", "unit-tests", "--failed")
    stand("production", 1)

    done = gitrack("model", "compare", "churn", "production", "2")

    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["v1", "v2", "change"]
    assert ["stages", "production", "-"] in rows
    assert ["evidence", "unit-tests", "-", "NOT", "PASSED"] in rows
    assert ["metric", "test_auc_roc", "0.89", "0.9", "+0.01", "(+1.12%)"] in rows
    assert ["param", "learning_rate", "0.05", "0.1", "+0.05", "(+100%)"] in rows
    assert any(row[:2] == ["code", "commits"] and row[-2:] == ["1", "commit"] for row in rows)
    assert any(row[:1] == ["data"] for row in rows)
    found = json.loads(gitrack("model", "compare", "churn", "1", "3", "--json").stdout)
    assert found["old"]["stages"] == ["production"]
    assert found["code_range"]["ahead"] is None
    assert gitrack("model", "compare", "churn", "1", "2", "--md").stdout.startswith("|  |  | v1")
    assert "nothing differs" in gitrack("model", "compare", "churn", "1", "1").stdout


def test_what_is_said_and_pointed_at_is_changed(gitrack):
    gitrack("model", "register", "lr001", "churn")

    gitrack("model", "describe", "churn", "Who leaves")
    gitrack("model", "describe", "churn", "First", "--version", "1")
    tagged = gitrack("model", "tag", "churn", "a=1", "b=x=y", "--version", "latest")
    assert tagged.stdout == "churn latest: a=1, b=x=y\n"
    assert gitrack("model", "tag", "churn", "--unset", "a", "--version", "1").exit_code == 0
    assert gitrack("model", "alias", "set", "churn", "@best", "1").stdout == "churn@best is v1\n"
    record = json.loads(gitrack("model", "show", "churn", "@best", "--json").stdout)
    assert record["version"]["tags"] == {"b": "x=y"}
    assert record["version"]["description"] == "First"
    removed = gitrack("model", "alias", "rm", "churn", "best")
    assert removed.stdout == "churn@best is removed, it was v1\n"
    assert "Who leaves" in gitrack("model", "show", "churn").stdout


def test_wrong_usage_says_what_to_type(gitrack):
    gitrack("model", "register", "lr001", "churn")

    with pytest.raises(InvalidName):
        gitrack("model", "register", "lr001", "../../x")
    with pytest.raises(NotFound, match="did you mean 'churn'"):
        gitrack("model", "show", "chrun")
    with pytest.raises(UsageError, match="no tag to set"):
        gitrack("model", "tag", "churn")
    assert gitrack("model", "tag", "churn", "a").exit_code == 2
    assert gitrack("model", "compare", "churn", "1", "1", "--md", "--json").exit_code == 2


def test_broken_files_are_told_and_hide_nothing(gitrack):
    gitrack("model", "register", "lr001", "churn")
    commit({alias_path("churn", "best"): b"version: [\n"})

    for arguments in (("ls",), ("show", "churn"), ("ls", "churn")):
        done = gitrack("model", *arguments)
        assert done.exit_code == 1
        assert "v1" in done.stdout
        assert "cannot be read: registry/churn/aliases/best.yaml" in done.stderr


def test_evidence_is_added_and_listed(gitrack, tmp_path):
    gitrack("model", "register", "lr001", "churn")
    report = tmp_path / "report.xml"
    report.write_text("<testsuite><testcase/><testcase><failure/></testcase></testsuite>")

    assert "nothing was recorded" in gitrack("evidence", "ls", "churn", "1").stderr
    done = gitrack("evidence", "add", "churn", "1", "unit-tests", "--junit", str(report))
    assert done.stdout == "churn v1: unit-tests NOT PASSED (2 tests, 1 failed)\n"
    link = "https://example.com/case"
    gitrack("evidence", "add", "churn", "latest", "approval", "--note", "fine", "--link", link)
    rows = gitrack("evidence", "ls", "churn", "1").stdout.splitlines()
    assert rows[1].startswith("approval    passed")
    assert rows[1].endswith(f"fine, {link}")
    assert "2 tests, 1 failed" in rows[2]
    items = json.loads(gitrack("evidence", "ls", "churn", "1", "--json").stdout)["items"]
    assert [item["file"] for item in items] == ["approval", "unit-tests"]


def test_runs_say_what_they_became(gitrack):
    gitrack("model", "register", "lr001", "churn", "--alias", "best")
    stand("production", 1)

    line = next(line for line in gitrack("ls").stdout.splitlines() if "lr001" in line)
    assert line.endswith("churn v1 (production, @best)")
    shown = gitrack("show", "churn@production").stdout
    assert "churn v1  production, @best" in shown
    expected = [{"model": "churn", "version": 1, "stages": ["production"], "aliases": ["best"]}]
    assert json.loads(gitrack("show", "lr001", "--json").stdout)["models"] == expected
    runs = json.loads(gitrack("ls", "--json").stdout)
    assert [run.get("models") for run in runs] == [None, None, expected]
    assert "models" not in gitrack("ls", "--columns", "name").stdout


def test_doctor_names_what_is_wrong_in_the_registry(gitrack):
    gitrack("model", "register", "lr001", "churn")
    stand("production", 7)
    commit({"registry/churn/versions/x.yaml": b"x", "registry/stray.txt": b"x"})

    done = gitrack("doctor", "--json")

    findings = json.loads(done.stdout)["findings"]
    said = [one["message"] for one in findings if one["name"] == "registry"]
    assert any(text.startswith("registry/churn/versions/x.yaml") for text in said)
    assert any(text.startswith("registry/stray.txt") for text in said)
    assert "stage production of churn names version 7, which is not there" in said


def test_names_versions_and_kinds_are_completed(gitrack, repo):
    gitrack("model", "register", "lr001", "churn", "--alias", "best")
    stand("production", 1)
    (repo / ".tracking").mkdir()
    gates = "models: {churn: {stages: {staging: {gates: [{evidence: unit-tests}]}}}}\n"
    (repo / ".tracking/policy.yaml").write_text(gates)
    ctx = click.Context(cli)
    ctx.params = {"name": "churn"}
    parameter = click.Argument(["x"])

    assert completing.runs(ctx, parameter, "churn@") == [
        "churn@production",
        "churn@best",
        "churn@1",
    ]
    assert completing.models(ctx, parameter, "ch") == ["churn"]
    assert completing.versions(ctx, parameter, "") == ["latest", "production", "@best", "1"]
    assert completing.aliases(ctx, parameter, "b") == ["best"]
    assert completing.stages(ctx, parameter, "st") == ["staging"]
    assert completing.evidence(ctx, parameter, "") == ["unit-tests", "approval"]


def test_a_model_of_a_run_that_failed_is_registered_and_told(gitrack, repo):
    run = a_run(4, artifacts=[MODEL], status=Status.FAILED)
    open_store(repo).commit_runs([RunBundle(run=run)])
    assert (
        "note: this run did not finish: it is failed"
        in gitrack("model", "register", run.id, "churn").stderr
    )
    assert "note" not in gitrack("model", "register", "@last~1", "churn").stderr


def test_evidence_whose_kind_was_mistyped_is_told(gitrack, repo):
    policy = "models: {churn: {stages: {staging: {gates: [{evidence: unit-tests}]}}}}"
    (repo / ".tracking").mkdir(exist_ok=True)
    (repo / ".tracking" / "policy.yaml").write_text(policy)
    gitrack("model", "register", "@last", "churn")

    told = gitrack("evidence", "add", "churn", "1", "unit-test").stderr
    assert "no gate of churn asks for 'unit-test'; one asks for 'unit-tests'" in told
    assert "note" not in gitrack("evidence", "add", "churn", "1", "unit-tests").stderr
    assert "note" not in gitrack("evidence", "add", "churn", "1", "lunch").stderr


def test_a_stage_in_which_nothing_stands_is_told_by_either_name(gitrack):
    gitrack("model", "register", "@last", "churn")
    stand("production")
    for name in ("production", "Production"):
        with pytest.raises(NotFound, match="no version of 'churn' stands in 'production'"):
            gitrack("model", "show", "churn", name)
