"""What a check of leakage found, as a record, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

#: Names that a sentence lists before it counts the rest.
_MOST_LISTED = 6


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is not as it should be. `severe` ones make the check fail.

    `count` is how many rows, cases or columns, `share` of the test rows (or of the training rows,
    for `time`); `score` what the column reaches as the only feature.
    """

    check: str
    severe: bool
    text: str
    columns: list[str] = []
    count: int = 0
    share: float | None = None
    score: float | None = None
    examples: list[str] = []


class LeakageReport(msgspec.Struct, frozen=True, kw_only=True):
    """All findings, the severe first. Print it to read it."""

    findings: list[Finding]
    train_rows: int
    test_rows: int
    checked: list[str]
    not_checked: list[str]

    def __post_init__(self) -> None:
        self.findings.sort(key=lambda finding: not finding.severe)

    @property
    def passed(self) -> bool:
        """True if nothing severe was found."""
        return not any(finding.severe for finding in self.findings)

    @property
    def summary(self) -> str:
        """One sentence for the evidence."""
        severe = [finding for finding in self.findings if finding.severe]
        if severe:
            more = f" (and {len(severe) - 1} more)" if len(severe) > 1 else ""
            return f"{severe[0].text}{more}"
        return f"nothing found by {', '.join(self.checked)}"

    def as_dict(self) -> dict[str, Any]:
        """What `leakage.json` holds."""
        return {"passed": self.passed, **msgspec.to_builtins(self)}

    def markdown(self) -> str:
        """What `leakage.md` holds."""
        verdict = "passed" if self.passed else "**not passed**"
        lines = [
            "# Leakage",
            "",
            f"{verdict}: {self.train_rows:,} training rows, {self.test_rows:,} test rows.",
            "",
        ]
        for finding in self.findings:
            word = "**leak**" if finding.severe else "note"
            lines.append(f"- {word} ({finding.check}): {_plain(finding.text)}")
            lines += [f"    - `{_code(example)}`" for example in finding.examples]
        if not self.findings:
            lines.append("Nothing was found.")
        lines += ["", f"Checked: {', '.join(self.checked)}."]
        if self.not_checked:
            lines.append(f"Not checked: {'; '.join(self.not_checked)}.")
        return "\n".join(lines) + "\n"

    def __str__(self) -> str:
        lines = ["no leakage found" if self.passed else "leakage found"]
        for finding in self.findings:
            lines.append(f"  {'leak' if finding.severe else 'note'}: {finding.text}")
            lines += [f"    {example}" for example in finding.examples]
        lines += [f"  not checked: {left}" for left in self.not_checked]
        return "\n".join(lines)


def listed(names: Sequence[str]) -> str:
    """`'a', 'b' and 3 more`."""
    shown = ", ".join(repr(name) for name in names[:_MOST_LISTED])
    more = len(names) - _MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 row`, `1,200 rows`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "less than 0.1%"


def _plain(text: str) -> str:
    """Names of columns come from anywhere: nothing in them is to become markup."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!" else c for c in " ".join(text.split()))


def _code(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")
