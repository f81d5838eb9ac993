"""`gitrack model show --at` and `gitrack model history` as people type them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gitrack.cli.main import main
from tests.registry.test_history import Desk, desk  # noqa: F401 (a fixture)


class Said(NamedTuple):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


Typed = Callable[..., Said]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], repo: Path) -> Typed:
    monkeypatch.chdir(repo)

    def run(*words: str) -> Said:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["gitrack", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def past(desk: Desk) -> Desk:  # noqa: F811
    """v1 from May 1, v2 by a merged request on May 4, back to v1 by a revert on May 6."""
    desk.promote(1, [])
    desk.git("checkout", "-q", "-b", "side")
    desk.days()
    desk.promote(2, [1], by="Grace Example <grace@example.com>")
    desk.git("checkout", "-q", "gitrack")
    desk.days(2)
    message = "Merge pull request #12 from a/b\n\nReviewed-by: Linus <l@example.com>"
    desk.git("merge", "-q", "--no-ff", "side", "-m", message)
    desk.days(2)
    desk.git("revert", "--no-edit", "-m", "1", "HEAD")
    return desk


def test_the_first_question(past: Desk, typed: Typed):
    done = typed("model", "show", "churn", "--stage", "production", "--at", "2026-05-04")
    lines = done.out.splitlines()
    assert lines[0] == "churn in production at the end of 2026-05-04 (UTC): v2"
    assert lines[1] == (
        "  since    2026-05-04 12:00:00 UTC promoted to production by Grace Example "
        "<grace@example.com> (#12): v2 is better"
    )
    assert "until    2026-05-06 12:00:00 UTC by a revert of 20260502T120000Z-v2-p" in done.out
    assert "changed  v1 → v2  2026-05-04 12:00:00 UTC" in done.out
    assert "model churn v2  production" in done.out
    assert "next: gitrack model history churn --stage production" in done.err
    assert done.code == 0

    # written on May 2, which is nothing to anybody before it is merged
    done = typed("model", "show", "churn", "--stage", "production", "--at", "2026-05-03")
    assert done.out.startswith("churn in production at the end of 2026-05-03 (UTC): v1\n")
    assert "changed" not in done.out
    done = typed("model", "show", "churn", "--stage", "production", "--at", "2026-05-04 11:59")
    assert done.out.startswith("churn in production at 2026-05-04 11:59:00 UTC: v1\n")
    done = typed("model", "show", "churn", "--stage", "production")
    assert done.out.startswith("churn in production now: v1\n")
    assert "until   now: nothing has changed since" in done.out
    done = typed("model", "show", "churn", "--stage", "production", "--at", "2020-01")
    assert done.out.startswith("churn in production at the end of 2020-01 (UTC): nothing\n")


def test_the_same_for_programs(past: Desk, typed: Typed):
    done = typed("model", "show", "churn", "--stage", "production", "--at", "2026-05-04", "--json")
    told: dict[str, Any] = json.loads(done.out)
    assert told["standing"] == [2]
    assert told["at"] == "2026-05-04T23:59:59.999000Z"
    assert told["commit"] == past.git("rev-parse", "gitrack~1")
    assert told["since"]["entry"]["request"] == "#12"
    assert told["since"]["entry"]["approvers"] == ["Linus <l@example.com>"]
    assert told["until"]["reverts"] == "20260502T120000Z-v2-production"
    assert [one["after"] for one in told["during"]] == [[2]]
    assert told["versions"][0]["version"]["version"] == 2
    assert told["faults"] == []

    entries = json.loads(typed("model", "history", "churn", "--json").out)["items"]
    assert [(one["kind"], one["when"], one["version"]) for one in entries] == [
        ("revert", "2026-05-06T12:00:00Z", 1),
        ("promotion", "2026-05-04T12:00:00Z", 2),
        ("promotion", "2026-05-01T12:00:00Z", 1),
    ]
    assert json.loads(typed("model", "history", "churn", "--stage", "x", "--json").out) == {
        "items": [],
        "faults": [],
    }


def test_the_history(past: Desk, typed: Typed):
    done = typed("model", "history", "churn")
    head, *rows = [line.split("  ") for line in done.out.splitlines()]
    assert head[0] == "EFFECTIVE (UTC)"
    assert [row[0] for row in rows] == ["2026-05-06 12:00", "2026-05-04 12:00", "2026-05-01 12:00"]
    assert "#12" in done.out
    assert "Linus <l@example.com>" in done.out
    assert "next: gitrack model show churn --stage production --at 2026-05-06" in done.err


def test_the_whole_model_at_a_date(past: Desk, typed: Typed):
    done = typed("model", "show", "churn", "--at", "2026-05-05")
    assert "production  v2" in done.out
    done = typed("model", "show", "churn", "production", "--at", "2026-05-05")
    assert done.out.startswith("model churn v2  production")


def test_what_is_asked_wrongly(past: Desk, typed: Typed):
    done = typed("model", "show", "churn", "2", "--stage", "production")
    assert (done.code, done.out) == (2, "")
    done = typed("model", "show", "churn", "--stage", "production", "--at", "soon")
    assert done.code == 2
    assert "'soon' is no date" in done.err
    done = typed("model", "show", "churn", "--stage", "produktion\x1b[31m")
    assert done.code == 1
    assert "\x1b" not in done.err
    done = typed("model", "history", "churm")
    assert done.code == 1
    assert "did you mean 'churn'?" in done.err


def test_a_broken_stage_is_told(past: Desk, typed: Typed):
    past.days()
    past.write({"registry/churn/stages/production.yaml": b"versions: [\x1b[31m"})
    past.commit("spoil\x1b[31m")
    done = typed("model", "show", "churn", "--stage", "production", "--at", "2026-05-07")
    assert done.code == 1
    assert done.out.startswith("churn in production at the end of 2026-05-07 (UTC): nothing\n")
    assert "changed by hand" in done.out
    assert "cannot be read: registry/churn/stages/production.yaml" in done.err
    assert "\x1b" not in done.out + done.err
    done = typed("model", "history", "churn")
    assert "the file of a stage cannot be read" in done.out
    assert "\x1b" not in done.out


def test_a_shallow_clone_says_what_to_fetch(
    past: Desk, typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    past.git(
        "clone", "-q", "--depth=1", "--branch=gitrack", f"file://{past.repo}", str(tmp_path / "c")
    )
    monkeypatch.chdir(tmp_path / "c")
    done = typed("model", "show", "churn", "--stage", "production", "--at", "2026-05-04")
    assert done.code == 1
    assert "this clone is shallow: its gitrack begins on 2026-05-06 12:00:00 UTC" in done.err
    assert "or  git fetch --unshallow origin gitrack  for all of it" in done.err
    done = typed("model", "show", "churn", "--stage", "production", "--at", "2026-05-07")
    assert done.out.startswith("churn in production at the end of 2026-05-07 (UTC): v1\n")
    assert "since   before what this shallow clone has" in done.out
    done = typed("model", "history", "churn")
    assert "knows nothing before 2026-05-06 12:00:00 UTC" in done.err
    assert done.code == 0
