"""The strict reader: canonical YAML in microseconds, or None for anything else.

A line is a *head* (indentation, dashes, key) and perhaps a value. The heads alone say how values
nest, so those of a document are turned into a JSON text with holes, which are filled and decoded.
Records of a project repeat their heads, so that text is remembered: then a document costs one
regular expression and one decoding.

What this reader accepts, PyYAML reads the same; what it does not recognise may still be YAML.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import msgspec

from gitrack.store.codec.emitter import AMBIGUOUS, MAX_DIGITS, MAX_KEY

# Characters, escapes and quotes exclude each other, so a text that fails is left in linear time.
# That they are possessive saves a tenth; early Pythons 3.11 get possessive groups wrong.
_NO_WAY_BACK = "+" if sys.version_info >= (3, 11, 7) else ""
_CHARACTERS = r'[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]*+'
_ESCAPE = r'\\(?:["\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
_STRING = rf'"{_CHARACTERS}(?:{_ESCAPE}{_CHARACTERS})*{_NO_WAY_BACK}"'
_WHOLE = rf"-?(?:0|[1-9][0-9]{{0,{MAX_DIGITS}}}+)"
_EXPONENT = rf"(?:e[+-][0-9]{{1,4}}+)?{_NO_WAY_BACK}"
_NUMBER = rf"{_WHOLE}(?:\.[0-9]{{1,400}}+{_EXPONENT})?{_NO_WAY_BACK}"
_VALUE = rf"{_STRING}|{_NUMBER}|true|false|null|\.nan|-?\.inf|\{{\}}|\[\]"
_KEY_TEXT = rf"[A-Za-z_][A-Za-z0-9_./@+=-]*+|{_STRING}"

#: A whole line. Its value is empty behind `key:`, and nowhere else.
_LINE = re.compile(
    rf"^((?:  )*{_NO_WAY_BACK}(?:- )*{_NO_WAY_BACK}"
    rf"(?:(?:{_KEY_TEXT}):(?: |(?=\n)))?{_NO_WAY_BACK})((?<=:)(?=\n)|{_VALUE})\n",
    re.MULTILINE,
)
_HEAD = re.compile(rf"( *)((?:- )*)(?:({_KEY_TEXT}):)?")
_NOT_JSON = {".nan": "NaN", ".inf": "Infinity", "-.inf": "-Infinity"}

#: Twice as fast as json.loads.
_decode = msgspec.json.Decoder().decode

_MAX_DEPTH = 20
#: Bounds on what is remembered; hostile variety costs time, never memory without end.
_MAX_TEMPLATES = 512
_MAX_LINES = 200_000


class StrictReader:
    """Reads documents one after the other and remembers how their values nest."""

    def __init__(self) -> None:
        self._templates: dict[tuple[str, ...], str] = {}
        self._lines = 0

    def read(self, text: str) -> Any:
        """The value of a canonical document, or None."""
        if text == "{}\n":
            return {}
        lines = _LINE.findall(text)
        # every match is one whole line, so that none may be left over
        if not lines or len(lines) != text.count("\n") or text[-1] != "\n":
            return None
        heads, values = zip(*lines, strict=True)
        template = self._templates.get(heads)
        if template is None:
            template = _template(heads)
            if template is None:
                return None
            self._remember(heads, template)
        if ".nan\n" in text or ".inf\n" in text:
            return json.loads(template % tuple(_NOT_JSON.get(value, value) for value in values))
        filled = template % values
        try:
            return _decode(filled)
        except msgspec.DecodeError:  # a number such as 1.0e+999, which JSON has no word for
            return json.loads(filled)

    def _remember(self, heads: tuple[str, ...], template: str) -> None:
        if len(heads) > _MAX_LINES:
            return
        self._lines += len(heads)
        if len(self._templates) >= _MAX_TEMPLATES or self._lines > _MAX_LINES:
            self._templates.clear()
            self._lines = len(heads)
        self._templates[heads] = template


class _Unreadable(Exception):
    """These heads are no canonical document."""


def _template(heads: tuple[str, ...]) -> str | None:
    """Heads to a JSON text with a hole for every line's value, though it be empty."""
    try:
        return _Structure(heads).template()
    except _Unreadable:
        return None


#: A token is a dash, a key, a value or the want of one, and the column where it stands.
_DASH, _KEY, _HOLE, _NOTHING = "dash", "key", "hole", "nothing"


class _Structure:
    """Nests heads by their columns, as a YAML reader does with canonical text."""

    def __init__(self, heads: tuple[str, ...]) -> None:
        self.tokens = [token for head in heads for token in _tokens(head)]
        self.tokens.append(("end", -1, ""))
        self.next = 0
        self.out: list[str] = []

    def template(self) -> str:
        self.block(0, 0)
        if self.tokens[self.next][0] != "end":
            raise _Unreadable
        return "".join(self.out)

    def block(self, column: int, depth: int) -> None:
        kind, at, _ = self.tokens[self.next]
        if at != column or depth >= _MAX_DEPTH:
            raise _Unreadable
        if kind == _KEY:
            self.map(column, depth)
        elif kind == _DASH:
            self.list(column, depth)
        else:
            raise _Unreadable

    def map(self, column: int, depth: int) -> None:
        seen: set[str] = set()
        while self.tokens[self.next][:2] == (_KEY, column):
            name = self.tokens[self.next][2]
            if name in seen:
                raise _Unreadable
            self.out.append("," if seen else "{")
            seen.add(name)
            self.out.append(json.dumps(name).replace("%", "%%") + ":")
            self.next += 1
            self.value(column, depth)
        self.out.append("}")

    def value(self, column: int, depth: int) -> None:
        """What stands behind a key: on its line, or below it."""
        if self.tokens[self.next][0] == _HOLE:
            self.hole()
            return
        self.out.append("%.0s")  # takes the empty value of this line and prints nothing
        self.next += 1
        if self.tokens[self.next][:2] == (_DASH, column):
            self.list(column, depth + 1)
        else:
            self.block(column + 2, depth + 1)

    def list(self, column: int, depth: int) -> None:
        if depth >= _MAX_DEPTH:
            raise _Unreadable
        first = True
        while self.tokens[self.next][:2] == (_DASH, column):
            self.out.append("[" if first else ",")
            first = False
            self.next += 1
            if self.tokens[self.next][0] == _HOLE:
                self.hole()
            else:
                self.block(column + 2, depth + 1)
        self.out.append("]")

    def hole(self) -> None:
        self.out.append("%s")
        self.next += 1


def _tokens(head: str) -> list[tuple[str, int, str]]:
    found = _HEAD.match(head)
    if found is None:
        raise _Unreadable
    spaces, dashes, key = found.groups()
    column = len(spaces)
    tokens = []
    for _ in range(len(dashes) // 2):
        tokens.append((_DASH, column, ""))
        column += 2
    if key is not None:
        if len(key) > MAX_KEY:
            raise _Unreadable
        tokens.append((_KEY, column, _key(key)))
    elif not dashes:
        raise _Unreadable
    tokens.append((_NOTHING if head[-1] == ":" else _HOLE, column, ""))
    return tokens


def _key(text: str) -> str:
    if text[0] == '"':
        name = json.loads(text)
        assert isinstance(name, str)
        return name
    if text.lower() in AMBIGUOUS:
        raise _Unreadable
    return text
