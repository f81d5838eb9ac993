"""A judged pull request as Markdown for reviewers, and as annotations that GitHub shows.

Much of it is text of strangers. None of it may begin a line, end a table's row, mention somebody,
make a link or an image, hold HTML, or show a sign that looks like ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from gitrack.model.display import number, plain, safe
from gitrack.model.promotion import Outcome, Verdict
from gitrack.registry.check.findings import Checked, Finding, JudgedPromotion, Level, Reverted

#: What a host takes as one comment, with room for its own words.
LONGEST = 60_000
_MOST_FINDINGS = 100
_LONGEST_TEXT = 2_000
_DIGITS = 4
#: What begins a mention, a reference, a shortcode or a link on GitHub or GitLab, after Markdown.
_REFERS = re.compile(r"([@#!~%$^&:*])(?=\w)")
_LINKS = re.compile(r"(?i)(://|www(?=\.)|(?<=\w)@(?=\w)|mailto|\bGH(?=-))")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_WORDS = {Outcome.PASSED: "passed", Outcome.FAILED: "**failed**", Outcome.WAITING: "*waiting*"}
_LEVELS = {Level.ERROR: "**refused**", Level.WARNING: "*note well*", Level.NOTE: "note"}
_NOTHING = "\u200b"


def markdown(checked: Checked) -> str:
    """The whole report; it fits into one comment."""
    found = _findings(checked.findings)
    parts = [_head(checked)]
    if not checked.passed:
        parts.append(found)
    parts += [_promotion(judged) for judged in checked.promotions]
    parts += [_reverted(reverted) for reverted in checked.reverted]
    if checked.passed:
        parts.append(found)
    parts.append(_changes(checked))
    text = "\n\n".join(part for part in parts if part) + "\n"
    if len(text) <= LONGEST:
        return text
    cut = text[:LONGEST].rpartition("\n")[0]
    return f"{cut}\n\n… the rest is in the output of `gitrack check`.\n"


def title(checked: Checked) -> str:
    """`passed`, or `refused, for 3 reasons`."""
    if checked.passed:
        return "passed"
    count = len(checked.errors)
    return f"refused, for {'one reason' if count == 1 else f'{count} reasons'}"


def _head(checked: Checked) -> str:
    policy = code(checked.policy) if checked.policy else "none (the preset stages)"
    return (
        f"## gitrack check: {title(checked)}\n\n"
        f"{code(checked.head_name)} at {code(checked.head[:12])}, "
        f"onto {code(checked.base_name)} at {code(checked.base[:12])}; policy: {policy}"
    )


def _promotion(judged: JudgedPromotion) -> str:
    what = judged.promotion
    verb = "Rollback" if what.kind == "rollback" else "Promotion"
    draft = " (draft)" if what.draft else ""
    before = ", ".join(f"v{version}" for version in what.expected) or "nobody"
    lines = [
        f"### {verb} of {text(what.model)} v{what.version} to {text(what.to)}{draft}",
        "",
        f"By {text(what.by)}, run {code(what.run)}; in {text(what.to)} until now: {before}.",
        f"Why: {text(what.why)}",
    ]
    if judged.signed:
        lines.append(f"Commit {text(judged.signed)}.")
    lines += ["", *_table(judged.verdicts)] if judged.verdicts else []
    if judged.unjudged:
        lines += ["", "Not judged here:", *(f"- {text(says)}" for says in judged.unjudged)]
    return "\n".join(lines)


def _reverted(reverted: Reverted) -> str:
    what = reverted.promotion
    lines = [
        f"### Takes back: {text(what.model)} v{what.version} to {text(what.to)}",
        "",
        f"The promotion {code(reverted.id)} by {text(what.by)} is reverted"
        + (f" by {text(reverted.author)}." if reverted.author else "."),
    ]
    lines += ["", *_table(reverted.verdicts)] if reverted.verdicts else []
    return "\n".join(lines)


def _table(verdicts: Sequence[Verdict]) -> list[str]:
    """Gates judged on the base, with values, rules and margins."""
    lines = [
        "| gate | result | value | asked for | margin | says |",
        "|---|---|---:|---:|---:|---|",
    ]
    for verdict in verdicts:
        gate = verdict.gate + (f" (of {verdict.via})" if verdict.via else "")
        asked = plain(verdict.required)
        if verdict.baseline is not None:
            asked = f"{asked} (baseline {plain(verdict.baseline)})".strip()
        cells = [
            text(gate),
            _WORDS[verdict.outcome],
            text(plain(verdict.value)),
            text(asked),
            text(_signed(verdict.margin)),
            _says(verdict),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _says(verdict: Verdict) -> str:
    """Where the value is from; what the numbers beside it say already is not said again."""
    says = [] if verdict.kind == "metric" and verdict.outcome is Outcome.PASSED else [verdict.says]
    if verdict.source:
        says.append(f"({verdict.nearby})" if says else verdict.nearby)
    return text(" ".join(says))


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    lines = ["### What was found", ""]
    for finding in findings[:_MOST_FINDINGS]:
        where = f" {code(finding.path + _line(finding))}:" if finding.path else ":"
        lines.append(f"- {_LEVELS[finding.level]}{where} {text(finding.says)}")
        if finding.do:
            lines.append(f"  - what to do: {code(finding.do)}")
    if len(findings) > _MOST_FINDINGS:
        lines.append(f"- and {len(findings) - _MOST_FINDINGS:,} more")
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    return f":{finding.line}" if finding.line is not None else ""


def _changes(checked: Checked) -> str:
    if not checked.counts:
        return ""
    some = ", ".join(f"{kind}: {count:,}" for kind, count in checked.counts.items())
    return f"Files that change: {some}."


def _signed(margin: float | None) -> str:
    if margin is None:
        return ""
    return f"+{number(margin, _DIGITS)}" if margin > 0 else number(margin, _DIGITS)


# -- making text harmless -------------------------------------------------------------------


def text(value: str) -> str:
    """Text of strangers in Markdown: shown as it is, obeyed as nothing."""
    plain = _one_line(value)
    plain = _LINKS.sub(lambda found: found[0][:1] + _NOTHING + found[0][1:], plain)
    plain = _REFERS.sub(rf"\1{_NOTHING}", plain)
    return _PUNCTUATION.sub(r"\\\1", plain)


def code(value: str) -> str:
    """Text of strangers as code, which people copy: no Markdown, mention or link works in it."""
    plain = _one_line(value).replace("`", "'").replace("|", "¦").strip()
    return f"`{plain}`" if plain else "`-`"


def _one_line(value: str) -> str:
    """On one line, without what moves or hides, and with signs and emoji spelled out."""
    plain = safe(value.replace("\r", " ").replace("\n", " ").replace("\t", " "))
    plain = "".join(
        f"U+{ord(character):04X}" if _is_sign(character) else character for character in plain
    )
    plain = " ".join(plain.split())
    return plain if len(plain) <= _LONGEST_TEXT else plain[:_LONGEST_TEXT] + "…"


def _is_sign(character: str) -> bool:
    """Emoji, ticks and other pictures, and what is put on top of letters to make them."""
    if character.isascii():
        return False
    return unicodedata.category(character) in ("So", "Sk", "Me", "Cs", "Co") or (
        "\ufe00" <= character <= "\ufe0f"
    )


# -- annotations ----------------------------------------------------------------------------


def annotated(findings: Iterable[Finding]) -> list[str]:
    """`::error file=…,line=…::…` for GitHub's pages; notes are not shown there."""
    lines = []
    for finding in findings:
        if finding.level is Level.NOTE:
            continue
        properties = []
        if finding.path:
            properties.append(f"file={_property(safe(finding.path))}")
            if finding.line is not None:
                properties.append(f"line={finding.line}")
        properties.append("title=gitrack check")
        says = finding.says + (f"; {finding.do}" if finding.do else "")
        lines.append(f"::{finding.level} {','.join(properties)}::{_data(safe(says))}")
    return lines


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def for_log(value: str) -> str:
    """Text that a job prints, in which its runner finds no command."""
    return value.replace("##[", "## [").replace("::", ": :")
