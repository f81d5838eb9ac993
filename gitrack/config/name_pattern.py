"""Patterns that names follow, and that make names: `{model}-{change}-{date}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

_PART = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_FIELD = re.compile(r"\{([^{}]*)\}")
_FIELD_NAME = re.compile(r"[^\W\d][\w.]*\Z")


class BadPattern(ValueError):
    """A name pattern that cannot be understood."""


class NamePattern:
    """Named parts (`{model}-{change}-{date}`), or a regular expression when it begins with `^`.

    A part is lower-case letters and digits, in pieces joined by single dashes; `{date}` is a real
    day as yyyymmdd. A regular expression has to match from the first to the last character.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: tuple[str, ...] = ()
        if text.startswith("^"):
            try:
                self._regex = re.compile(text)
            except re.error as error:
                raise BadPattern(f"is not a regular expression ({error.msg})") from error
            return
        if not text.strip():
            raise BadPattern("is empty")
        self.parts = tuple(_fields(text))
        self._regex = re.compile(self._as_regex())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamePattern) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"NamePattern({self.text!r})"

    def broken_by(self, name: str) -> tuple[str, str] | None:
        """(what is wrong with a name, what to do about it), or None."""
        match = self._regex.fullmatch(name)
        if match is None:
            return f"does not follow {self.text!r}", self._mend(name)
        day = match.groupdict().get("date") if self.parts else None
        if day is not None and not _is_day(day):
            mend = f"write the day as yyyymmdd, such as {self.example()!r}"
            return f"has {day!r} where a day belongs", mend
        return None

    def example(self) -> str:
        """A name that follows the pattern, or '' for a regular expression."""
        if not self.parts:
            return ""
        known = {"date": "20241022", "model": "xgboost", "change": "weather-features"}
        return _FIELD.sub(lambda field: known.get(field[1], field[1].replace("_", "-")), self.text)

    def fill(self, values: Mapping[str, object]) -> str | None:
        """The pattern with its parts replaced, or None when a value is missing.

        `lr{learning_rate}` with 0.05 gives `lr005`: below one, a number loses its dot.
        """
        if not self.parts or any(values.get(part) is None for part in self.parts):
            return None
        return _FIELD.sub(lambda field: as_part(values[field[1]]), self.text)

    def _as_regex(self) -> str:
        regex = ""
        seen: set[str] = set()
        at = 0
        for field in _FIELD.finditer(self.text):
            name = field[1]
            regex += re.escape(self.text[at : field.start()])
            group = "date" if name == "date" else f"p{len(seen)}"
            body = r"\d{8}" if name == "date" else _PART
            regex += f"(?:{body})" if name in seen else f"(?P<{group}>{body})"
            seen.add(name)
            at = field.end()
        return regex + re.escape(self.text[at:])

    def _mend(self, name: str) -> str:
        lowered = _slug(name)
        if lowered and lowered != name and self._regex.fullmatch(lowered):
            return f"call it {lowered!r}"
        example = self.example()
        return f"call it something like {example!r}" if example else "give it one that matches"


def as_part(value: object) -> str:
    """A value as part of a name: 0.05 → `005`, 8 → `8`, `Big Model` → `big-model`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _slug(as_text(value))
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    plain = format(Decimal(repr(value)), "f") if abs(value) < 1e16 else repr(value)
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain.replace(".", "") if abs(value) < 1 else plain


def as_text(value: object) -> str:
    """A value as YAML and people write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _slug(text: str) -> str:
    """Kept as it is where it already is a name of parts (an experiment within a run's name)."""
    if re.fullmatch(_PART, text):
        return text
    return re.sub(r"[^\w.]+", "-", text.lower()).replace("_", "-").strip("-")


def _fields(text: str) -> Iterable[str]:
    if _FIELD.sub("", text).strip("{}") != _FIELD.sub("", text):
        raise BadPattern("has a brace that is not closed")
    for field in _FIELD.finditer(text):
        if not _FIELD_NAME.match(field[1]):
            raise BadPattern(f"has a part {field[0]!r} whose name is not a word")
        yield field[1]


def _is_day(text: str) -> bool:
    try:
        return datetime.strptime(text, "%Y%m%d").strftime("%Y%m%d") == text
    except ValueError:
        return False
