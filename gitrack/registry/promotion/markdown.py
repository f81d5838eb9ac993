"""Text of strangers in Markdown: shown as it is, and never as markup, a mention or a link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gitrack.model.display import cut, safe

#: What is wider is cut: the record has it whole.
WIDEST = 200

#: What a code span of backticks shows as it is, in a table, too.
_EASY = re.compile(r"[^\s`|\\](?:[^`|\\\n]*[^\s`|\\])?\Z")
_PLAIN_WORD = re.compile(
    r"(?P<open>\(?)(?:(?P<word>[^\W\d_]+)|(?P<number>[+-]?\d{1,6}(?:[.,]\d{1,6})?%?))"
    r"(?P<close>\)?[,.;:!?]?)\Z"
)


def code(text: object, *, widest: int = WIDEST) -> str:
    """A value as code: the hosts look for no names, numbers and addresses in there."""
    shown = cut(safe(str(text)), widest)
    if not shown.strip():
        return "—"
    if _EASY.match(shown):
        return f"`{shown}`"
    return f"<code>{_entities(shown)}</code>"


def prose(text: str) -> str:
    """A sentence on one line: plain words as they are, everything else as code."""
    return " ".join(_word(word) for word in safe(" ".join(text.split())).split(" ") if word)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, most: int = 60) -> list[str]:
    """Lines of a table, whose cells are Markdown already; a row says how many were left out."""
    listed = list(rows)
    lines = [_row(headers), _row(["---"] * len(headers))]
    lines += [_row(row) for row in listed[:most]]
    if len(listed) > most:
        lines.append(_row([f"and {len(listed) - most} more", *[""] * (len(headers) - 1)]))
    return lines


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _word(word: str) -> str:
    found = _PLAIN_WORD.match(word)
    if found is None:
        return word if word == "%" else code(word)
    number = found["number"] or ""
    signed = _entities(number[:1]) + number[1:] if number[:1] in {"+", "-"} else number
    middle = found["word"] or signed
    return _entities(found["open"]) + middle + _entities(found["close"])


def _entities(text: str) -> str:
    """Every sign that could mean something as a reference, which no reader takes for markup."""
    return "".join(
        character if character.isalnum() or character == " " else f"&#{ord(character)};"
        for character in text
    )
