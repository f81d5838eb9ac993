"""How one test judges one cell: true, false, or None where it cannot be said."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from gitrack.model.query.nodes import Test, Value
from gitrack.model.query.regex import BadRegex, Regex
from gitrack.model.query.table import Kind
from gitrack.model.query.times import covered, from_now, moment
from gitrack.model.ranking import number_of

Judge = Callable[[Any], bool | None]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Misuse(Exception):
    """A test that makes no sense: where, why, and what to write instead."""

    def __init__(self, at: int, why: str, hint: str | None = None) -> None:
        super().__init__(why)
        self.at = at
        self.why = why
        self.hint = hint


def judge_of(test: Test, kind: Kind, now: float) -> Judge:
    """What a test says of a cell, without its negation. `now` is in ms since 1970.

    Raises Misuse for literals that this kind of cell cannot be compared with.
    """
    word = test.operator
    if word == "null":
        return lambda cell: cell is None
    if word == "nan":
        return lambda cell: None if cell is None else cell != cell
    if word == "in":
        return _any([_compared("=", value, kind, now) for value in test.values])
    if word == "between":
        low, high = test.values
        return _both(_compared(">=", low, kind, now), _compared("<=", high, kind, now))
    value = test.values[0]
    if word in _ORDER:
        return _compared(word, value, kind, now)
    if kind == "number":
        raise Misuse(
            test.at, f"{word} is for text, and {test.key.name!r} is a number", "use = or >"
        )
    return _matched(word, value, fold=kind == "status")


def _compared(sign: str, value: Value, kind: Kind, now: float) -> Judge:
    if kind == "time":
        return _at_time(sign, value, now)
    if kind == "number":
        return _as_number(sign, value)
    if kind == "status":
        return _as_text(sign, value.text.lower(), str.lower)
    if value.kind in ("number", "duration"):
        return _number_or_text(sign, value)
    if value.kind == "truth":
        return _as_truth(sign, value)
    if value.kind in ("date", "now"):
        return _date_or_text(sign, value, now)
    return _text_or_more(sign, value)


def _as_number(sign: str, value: Value) -> Judge:
    """For cells that are numbers: metrics, and the duration in seconds."""
    if value.kind not in ("number", "duration"):
        hint = "write it without quotes" if number_of(value.text) is not None else "write a number"
        raise Misuse(value.at, f"{value.text!r} is compared with numbers and is none", hint)
    number, compare = value.number, _ORDER[sign]
    return lambda cell: None if cell is None else compare(cell, number)


def _at_time(sign: str, value: Value, now: float) -> Judge:
    """For cells that are times: a number is milliseconds since 1970, a text a date."""
    if value.kind == "number" and value.number is not None and abs(value.number) < 1e300:
        bounds: tuple[float, float] | None = (value.number, value.number + 1)
    else:
        bounds = _bounds(value, now)
    if bounds is None:
        hint = "write a date such as '2026-01-31', now-7d, or milliseconds since 1970"
        raise Misuse(value.at, f"{value.text!r} is no time", hint)
    since, until = bounds

    def judge(cell: object) -> bool | None:
        when = moment(cell) if isinstance(cell, str) else None
        return None if when is None else _within(sign, when, since, until)

    return judge


def _bounds(value: Value, now: float) -> tuple[float, float] | None:
    """What a date covers, or the millisecond that is so far from now."""
    shift = value.number if value.kind == "now" else from_now(value.text)
    if shift is not None and value.kind in ("now", "text"):
        return now + shift * 1000, now + shift * 1000 + 1
    return covered(value.text)


def _within(sign: str, when: float, since: float, until: float) -> bool:
    """A whole day is meant by a day: after it begins when it has ended."""
    if sign == "=":
        return since <= when < until
    if sign in ("<", ">="):
        return (when < since) is (sign == "<")
    return (when < until) is (sign == "<=")


def _number_or_text(sign: str, value: Value) -> Judge:
    number, compare, text = value.number, _ORDER[sign], value.text

    def judge(cell: object) -> bool | None:
        if cell is None:
            return None
        own = number_of(cell)
        if own is not None:
            return compare(own, number)
        return cell == text if sign == "=" else None

    return judge


def _as_truth(sign: str, value: Value) -> Judge:
    if sign != "=":
        raise Misuse(
            value.at, f"{value.text} is neither more nor less than anything", "use = or !="
        )
    text = value.text.lower()
    return lambda cell: None if cell is None else _text(cell).lower() == text


def _date_or_text(sign: str, value: Value, now: float) -> Judge:
    """For params and tags: cells that are dates compare as dates."""
    bounds = _bounds(value, now)
    if bounds is None:
        raise Misuse(value.at, f"{value.text!r} is not a real date", "write it as yyyy-mm-dd")
    since, until = bounds

    def judge(cell: object) -> bool | None:
        if cell is None:
            return None
        span = covered(cell) if isinstance(cell, str) else None
        if span is not None:
            return _within(sign, span[0], since, until)
        return _text(cell) == value.text if sign == "=" else None

    return judge


def _text_or_more(sign: str, value: Value) -> Judge:
    """A quoted value equals by its text alone; more and less go by number or date if both are."""
    text = value.text
    if sign == "=":
        truth = text.lower() in ("true", "false")

        def equal(cell: object) -> bool | None:
            if cell is None:
                return None
            own = _text(cell)
            return own == text or (truth and isinstance(cell, bool) and own.lower() == text)

        return equal
    compare, number, span = _ORDER[sign], number_of(text), covered(text)

    def judge(cell: object) -> bool | None:
        if isinstance(cell, bool) or cell is None:
            return None
        if not isinstance(cell, str):
            return None if number is None else compare(cell, number)
        if span is not None:
            own_span = covered(cell)
            return None if own_span is None else _within(sign, own_span[0], *span)
        own = number_of(cell) if number is not None else None
        return compare(cell, text) if own is None else compare(own, number)

    return judge


def _as_text(sign: str, text: str, change: Callable[[str], str]) -> Judge:
    compare = _ORDER[sign]
    return lambda cell: None if cell is None else compare(change(str(cell)), text)


def _matched(word: str, value: Value, *, fold: bool) -> Judge:
    """`like`, `ilike`, `contains` and `matches`: always on the text of a cell."""
    if word == "contains":
        part = value.text.lower()
        return _on_text(lambda text: part in text.lower())
    pattern = value.text
    if word == "matches":
        try:
            found = Regex(pattern).found_in
        except BadRegex as error:
            raise Misuse(value.at, f"this regular expression cannot be used: {error}") from None
        return _on_text(found)
    flags = re.DOTALL | (re.IGNORECASE if word == "ilike" or fold else 0)
    return _on_text(_Like(pattern, flags).covers)


def _on_text(judge: Callable[[str], bool]) -> Judge:
    """Texts repeat in a column: each is judged once."""
    known: dict[str, bool] = {}

    def remembered(cell: object) -> bool | None:
        if cell is None:
            return None
        text = _text(cell)
        verdict = known.get(text)
        if verdict is None:
            verdict = known[text] = judge(text)
        return verdict

    return remembered


class _Like:
    """`%` is any text, `_` any one character. Pieces between `%` are looked for from the left,
    which needs no trying again."""

    def __init__(self, pattern: str, flags: int) -> None:
        first, *rest = re.split("%+", pattern)
        self._first = self._piece(first, flags)
        self._middle = [self._piece(piece, flags) for piece in rest[:-1]]
        self._last = self._piece(rest[-1], flags) if rest else None
        self._last_length = len(rest[-1]) if rest else 0

    @staticmethod
    def _piece(piece: str, flags: int) -> re.Pattern[str]:
        return re.compile("".join("." if c == "_" else re.escape(c) for c in piece), flags)

    def covers(self, text: str) -> bool:
        """Does the pattern cover the whole text?"""
        if self._last is None:
            return self._first.fullmatch(text) is not None
        found = self._first.match(text)
        if found is None:
            return False
        at = found.end()
        for piece in self._middle:
            found = piece.search(text, at)
            if found is None:
                return False
            at = found.end()
        begin = len(text) - self._last_length
        return begin >= at and self._last.match(text, begin) is not None


def _any(judges: list[Judge]) -> Judge:
    def judge(cell: object) -> bool | None:
        verdicts = [one(cell) for one in judges]
        return True if True in verdicts else None if None in verdicts else False

    return judge


def _both(low: Judge, high: Judge) -> Judge:
    def judge(cell: object) -> bool | None:
        verdicts = (low(cell), high(cell))
        return False if False in verdicts else None if None in verdicts else True

    return judge


def _text(cell: object) -> str:
    """A cell as MLflow keeps it: `0.05`, `8`, `True`."""
    return cell if isinstance(cell, str) else str(cell)
