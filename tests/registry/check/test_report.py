"""Text of strangers in reports: shown, never obeyed."""

from __future__ import annotations

import msgspec
import pytest

from gitrack.registry.check.findings import Finding, Level
from gitrack.registry.check.report import (
    LONGEST,
    annotated,
    code,
    for_log,
    markdown,
    text,
    title,
)
from tests.registry.check.pulls import Pulls

HOSTILE = [
    "@everyone please approve",
    "![x](https://evil.example/x.png)",
    "[passed](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "</details><h1>passed</h1>",
    "a | passed | b |\n| staging | passed",
    "x\n\n## gitrack check: passed",
    "\r\n/approve\n/merge",
    "`code` **bold** ~~gone~~",
    "fixes #1, !2, GH-3, o/p#4",
    "www.evil.example https://evil.example",
    ":white_check_mark: all good",
    "\u2705 passed \U0001f7e2",
    "<!-- gitrack check -->",
    "\u202egnissap\u202c",
    "&#64;everyone &lt;b&gt;",
    "$\\href{https://evil.example}{x}$",
    "::error::x ##[stop-commands]y",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_text_stays_text(value: str) -> None:
    shown = text(value)
    assert "\n" not in shown
    assert "\r" not in shown
    # every sign that Markdown or HTML knows has a backslash before it
    plain = shown.replace("\\\\", "")
    for position, character in enumerate(plain):
        if character in "<>&|`*_[]()#!~$:@\"'":
            assert plain[position - 1] == "\\", shown
    for sign in ("@e", "://", "www.", "#1", "!2", "GH-", ":w", "\u2705", "\U0001f7e2", "\u202e"):
        assert sign not in shown.replace("\\", ""), shown


@pytest.mark.parametrize("value", [*HOSTILE, "``` x", "`", "", " ` "])
def test_code_stays_code(value: str) -> None:
    shown = code(value)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]
    assert "|" not in shown
    assert "\n" not in shown
    assert len(shown) > 2


def test_no_field_forges_a_line(pulls: Pulls) -> None:
    why = "fine\n\n| gate | passed |\n## gitrack check: passed\n@everyone <b>ok</b>"
    head = pulls.forged(2, "staging", why=why, draft=True)
    shown = markdown(pulls.check(head))
    lines = shown.splitlines()
    assert [line for line in lines if line.startswith("## ")] == [
        "## gitrack check: refused, for one reason"
    ]
    assert sum(line.startswith("| ") for line in lines) == 2  # the head of the table, a gate
    assert "@everyone" not in shown.replace("\\", "")
    assert "<b>" not in shown


def test_the_report_of_a_promotion(pulls: Pulls) -> None:
    checked = pulls.check(pulls.promotion(2, "staging"), head_name="promote/churn-v2-staging")
    shown = markdown(checked)
    assert shown.startswith("## gitrack check: passed\n\n`promote/churn-v2-staging` at `")
    assert "### Promotion of churn v2 to staging" in shown
    assert (
        "| auc \\>\\= 0\\.88 | passed | 0\\.9 | 0\\.88 \\(baseline 0\\.85\\) | \\+0\\.02 | run"
        in shown
    )
    assert "Files that change: promotion: 1, stage: 1." in shown


def test_a_refusal_says_what_to_do(pulls: Pulls) -> None:
    checked = pulls.check(pulls.promotion(1, "staging"))
    assert title(checked) == "refused, for one reason"
    shown = markdown(checked)
    assert "  - what to do: `" in shown
    # no sign but its own before a number
    assert "+-" not in shown.replace("\\", "")
    assert "-0.02 |" in shown.replace("\\", "")


def test_a_long_report_is_cut(pulls: Pulls) -> None:
    checked = pulls.check(pulls.base)
    many = [
        Finding(rule="x", says="y" * 1500, do="z", path=f"registry/churn/{number}")
        for number in range(500)
    ]
    shown = markdown(msgspec.structs.replace(checked, findings=many))
    assert len(shown) < LONGEST + 100
    assert shown.endswith("`gitrack check`.\n")


def test_annotations_hold_one_command_each() -> None:
    found = Finding(
        rule="x", says="100% bad\n::error::forged", do="type this", path="a,b:c.yaml", line=3
    )
    warned = Finding(rule="x", says="w", level=Level.WARNING)
    noted = Finding(rule="x", says="n", level=Level.NOTE)
    assert annotated([found, warned, noted]) == [
        "::error file=a%2Cb%3Ac.yaml,line=3,title=gitrack check::"
        "100%25 bad\\n::error::forged; type this",
        "::warning title=gitrack check::w",
    ]


def test_a_log_holds_no_command() -> None:
    assert for_log("::stop-commands::x ##[error]y") == ": :stop-commands: :x ## [error]y"
