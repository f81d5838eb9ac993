"""`gitrack promote` and `gitrack rollback` as people type them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from gitrack.cli.main import main
from gitrack.model.run import Code
from gitrack.registry.opened import OpenRegistry
from tests.registry.promotion.conftest import registry, remote, run_of  # noqa: F401 (fixtures)

Build = Callable[..., OpenRegistry]
Git = Callable[..., str]


class Said(NamedTuple):
    """What a command said, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


Typed = Callable[..., Said]


@pytest.fixture
def typed(repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """`typed(*words)` is what came of `gitrack words…` there."""
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


def test_a_failed_gate_is_shown_and_nothing_is_written(
    registry: Build,  # noqa: F811
    typed: Typed,
    git: Git,
    repo: Path,
):
    registry()
    before = git(repo, "for-each-ref")
    done = typed("promote", "churn", "1", "--to", "staging", "--why", "try")
    assert done.returncode == 1
    headers, row = done.stdout.splitlines()[:2]
    assert headers.split() == ["gate", "value", "rule", "margin", "baseline", "from"]
    assert row[headers.index("baseline") :].split()[0] == "0.85"
    assert row.split()[:5] == ["FAILED", "auc", ">=", "0.88", "0.86"]
    assert "-0.02" in done.stdout
    assert "error: churn v1 does not pass 1 gate of staging" in done.stderr
    assert "--draft" in done.stderr
    assert git(repo, "for-each-ref") == before


def test_a_promotion_and_the_way_back(
    registry: Build,  # noqa: F811
    typed: Typed,
    git: Git,
    repo: Path,
):
    opened = registry(policy=None)
    for number in ("1", "v2"):
        done = typed("promote", "churn", number, "--to", "Production", "--why", "ok", "--direct")
        assert done.returncode == 0, done.stderr
    assert "v1 goes to the archive" in done.stdout
    back = typed("rollback", "churn", "--why", "it drifts", "--direct", "--json")
    said = json.loads(back.stdout)
    assert (said["promotion"]["kind"], said["promotion"]["version"]) == ("rollback", 1)
    assert said["commit"] == git(repo, "rev-parse", "gitrack")
    assert opened.reader().stages("churn") == {"archived": [2], "production": [1]}


def test_who_sits_at_a_terminal_is_asked_for_the_reason(
    registry: Build,  # noqa: F811
    typed: Typed,
    monkeypatch: pytest.MonkeyPatch,
):
    opened = registry(policy=None)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda asked, err: "beats v1 on recall")
    assert typed("promote", "churn", "2", "--to", "staging", "--direct").returncode == 0
    (made,) = opened.reader().promotions("churn").values()
    assert made.why == "beats v1 on recall"


def test_a_dry_run_needs_no_reason_and_writes_nothing(
    registry: Build,  # noqa: F811
    typed: Typed,
    git: Git,
    repo: Path,
):
    registry()
    before = git(repo, "for-each-ref")
    for version, code in (("2", 0), ("1", 1)):
        done = typed("promote", "churn", version, "--to", "staging", "--dry-run", "--json")
        assert done.returncode == code, done.stderr
        said = json.loads(done.stdout)
        assert said["commit"] is None
        assert said["verdicts"][0]["value"] in (0.86, 0.9)
        assert said["text"].startswith("Promotes `churn` version")
    assert git(repo, "for-each-ref") == before


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("promote", "churn", "2", "--to", "staging"), 2, "Missing the reason"),
        (("promote", "churn", "2", "--why", "ok"), 2, "--to"),
        (("promote", "churn", "2", "--to", "staging", "--why", "..."), 2, "says nothing"),
        (("promote", "churn", "2", "--to", "production", "--why", "ok"), 1, "to staging first"),
        (("promote", "churn", "@nobody", "--to", "staging", "--why", "ok"), 1, "no version"),
        (("promote", "chrun", "2", "--to", "staging", "--why", "ok"), 1, "did you mean 'churn'"),
        (("promote", "../../x", "2", "--to", "staging", "--why", "ok"), 1, "no registered model"),
        (("rollback", "churn", "--why", "ok"), 1, "--to-version N"),
        (
            ("rollback", "churn", "--to-version", "1", "--to-date", "2026-01-01", "--why", "ok"),
            *(2, "not both"),
        ),
        (("rollback", "churn", "--to-date", "tomorrow", "--why", "ok"), 2, "tomorrow"),
        (("rollback", "churn", "--stage", "nowhere", "--why", "ok"), 1, "has no stage"),
    ],
)
def test_what_is_wrong_is_said(
    registry: Build,  # noqa: F811
    typed: Typed,
    words: tuple[str, ...],
    code: int,
    sentence: str,
):
    registry()
    done = typed(*words)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr


def test_with_a_remote_the_branch_is_pushed(
    registry: Build,  # noqa: F811
    remote: Path,  # noqa: F811
    typed: Typed,
    git: Git,
    repo: Path,
):
    registry()
    git(repo, "push", "-q", "origin", "main", "gitrack")
    words = ("promote", "churn", "2", "--to", "staging", "--why", "good")
    done = typed(*words)
    assert done.returncode == 0, done.stderr
    tip = git(remote, "rev-parse", "promote/churn-v2-staging")
    assert git(remote, "rev-parse", f"{tip}^") == git(remote, "rev-parse", "gitrack")
    assert "git push origin promote/churn-v2-staging:gitrack" in done.stderr

    again = typed(*words)
    assert again.returncode == 0, again.stderr
    assert "was there already" in again.stderr
    assert git(remote, "rev-parse", "promote/churn-v2-staging") == tip

    other = typed(*words[:-1], "better words", "--replace")
    assert other.returncode == 0, other.stderr
    assert git(remote, "rev-parse", "promote/churn-v2-staging") != tip


def test_a_remote_that_is_not_there_leaves_the_branch_here(
    registry: Build,  # noqa: F811
    remote: Path,  # noqa: F811
    typed: Typed,
    git: Git,
    repo: Path,
):
    registry()
    git(repo, "push", "-q", "origin", "gitrack")
    git(repo, "fetch", "-q")
    remote.rename(remote.with_name("gone.git"))
    done = typed("promote", "churn", "2", "--to", "staging", "--why", "good")
    assert done.returncode == 1
    assert "there is no repository at" in done.stderr
    assert "next: git push origin promote/churn-v2-staging" in done.stderr
    assert git(repo, "rev-parse", "promote/churn-v2-staging")


def test_the_token_is_never_shown(
    registry: Build,  # noqa: F811
    typed: Typed,
    git: Git,
    repo: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    registry()
    git(repo, "remote", "add", "origin", "https://user:pa55word@127.0.0.1:9/acme/models.git")
    git(repo, "update-ref", "refs/remotes/origin/gitrack", "gitrack")
    token = "ghp_0123456789abcdef"
    monkeypatch.setenv("GITHUB_TOKEN", token)
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://127.0.0.1:9")
    done = typed("promote", "churn", "2", "--to", "staging", "--why", "ok")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "https://127.0.0.1:9/acme/models/compare/gitrack...promote" in said
    assert token not in said
    assert "pa55word" not in said


def test_tags_of_what_was_merged(
    registry: Build,  # noqa: F811
    typed: Typed,
    git: Git,
    repo: Path,
):
    code = Code(commit=git(repo, "rev-parse", "HEAD"))
    registry(None, {2: run_of(2, code=code)})
    words = ("promote", "churn", "2", "--to", "staging", "--why", "good", "--release", "1.0.0")
    assert typed(*words).returncode == 0
    assert "no promotion lacks" in typed("model", "tags").stderr
    git(repo, "fetch", "-q", ".", "promote/churn-v2-staging:gitrack")
    done = typed("model", "tags", "churn")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        *("churn@v1.0.0", "churn#staging#1")
    ]
