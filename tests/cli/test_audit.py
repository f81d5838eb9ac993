"""`gitrack audit`: words, exit codes, JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitrack.cli.main import cli
from gitrack.errors import NotFound, UsageError
from tests.registry.audit.history import Case, History, tell


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> History:
    return tell(tmp_path_factory.mktemp("told") / "project")


@pytest.fixture
def case(told: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    folder = tmp_path / "project"
    shutil.copytree(told.folder, folder)
    monkeypatch.chdir(folder)
    return Case(folder, told, told.forge.copy(folder))


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["audit", *arguments], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def spoil(case: Case) -> None:
    stage = {"registry/churn/stages/production.yaml": b"format: 1\nversions:\n- 4\n"}
    case.forge.point(case.forge.commit(stage, "mend", at=case.told.now, parents=(case.tip,)))


def test_a_clean_history_ends_with_zero(case: Case) -> None:
    code, out, err = run()
    assert code == 0
    assert "churn v2" in out
    assert "Bob Example" in out
    assert "8 promotions: nothing found" in err


def test_a_finding_says_what_where_who_and_how_to_look(case: Case) -> None:
    spoil(case)
    code, out, _ = run("churn")
    assert code == 1
    assert "tampering" in out
    assert "production went from v1 to v4, which no promotion explains" in out
    assert "Ada Example <ada@example.com>" in out
    assert "$ git show " in out
    assert "-- registry/churn/stages/production.yaml" in out


def test_json_has_all_of_it(case: Case) -> None:
    spoil(case)
    code, out, _ = run("--json", "--no-rejudge")
    read = json.loads(out)
    assert code == 1
    assert read["clean"] is False
    assert read["findings"][0]["kind"] == "stage-edited"
    assert {one["judged_again"].partition(":")[0] for one in read["promotions"]} == {
        "not asked",
        "not judged again",
    }


def test_since_shows_what_came_later(case: Case) -> None:
    _, out, _ = run("--since", "2026-01-06T10:00", "--json")
    assert 0 < len(json.loads(out)["promotions"]) < 8
    with pytest.raises(UsageError, match="is not a time"):
        run("--since", "tomorrow")


def test_a_model_that_never_was(case: Case) -> None:
    with pytest.raises(NotFound, match="never was"):
        run("churm")


def test_a_bundle_is_written_and_says_if_anything_was_found(case: Case, tmp_path: Path) -> None:
    code, out, _ = run("export", str(tmp_path / "a.zip"))
    assert (code, out.strip()) == (0, str(tmp_path / "a.zip"))
    spoil(case)
    code, out, _ = run("export", str(tmp_path / "bundle"), "churn", "--json")
    assert code == 1
    assert json.loads(out)["findings"] == 1
    assert (tmp_path / "bundle/index.html").is_file()


def test_help_is_that_of_the_group(case: Case) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "report" in out
    assert "export" in out


def test_words_of_strangers_do_no_harm_to_a_terminal(case: Case) -> None:
    case.forge.point(
        case.forge.commit(
            {"registry/churn/\x1b[31m.sh": b"x"}, "x", at=case.told.now, parents=(case.tip,)
        )
    )
    code, out, _ = run()
    assert code == 1
    assert "\x1b" not in out
