"""The strict reader: canonical YAML in microseconds, or None for anything else.

A document is its lines' *heads* (indentation, dashes, key) and the values behind them. The heads
alone say how values nest, so they are turned once into a JSON text with holes; filling the holes
and one `json.loads` give the value. Records of a project repeat their heads: at the third sighting
they become one regular expression, and a whole file costs one match and one `json.loads`.

What this reader accepts, PyYAML reads the same; what it does not recognise may still be YAML.
"""

from __future__ import annotations

import json
import re
from typing import Any

from gitrack.store.codec.emitter import AMBIGUOUS, MAX_DIGITS, MAX_KEY

_STRING = (
    r'"[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]*+'
    r'(?:\\(?:["\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
    r'[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]*+)*+"'
)
_WHOLE = rf"-?(?:0|[1-9][0-9]{{0,{MAX_DIGITS}}}+)"
_NUMBER = _WHOLE + r"(?:\.[0-9]{1,400}+(?:e[+-][0-9]{1,4}+)?+)?+"
_VALUE = rf"({_STRING}|{_NUMBER}|true|false|null|\.nan|-?\.inf|\{{\}}|\[\])"
_PLAIN = r"[A-Za-z_][A-Za-z0-9_./@+=-]*+"

_LINE = re.compile(rf"((?:  )*+((?:- )*+)(?:({_PLAIN}|{_STRING}):(?: |\Z))?+){_VALUE}?+\Z")
_HEAD = re.compile(rf"( *)((?:- )*)({_PLAIN}|{_STRING})?(:?)")
_NOT_JSON = {".nan": "NaN", ".inf": "Infinity", "-.inf": "-Infinity"}

_MAX_DEPTH = 20
#: Bounds on what is remembered; hostile variety costs time, never memory without end.
_MAX_SHAPES = 64
_MAX_TEMPLATES = 512
_COMPILE_AT = 3
_MAX_LINES = 400


class StrictReader:
    """Reads documents one after the other and remembers their shapes. Not for several threads."""

    def __init__(self) -> None:
        #: by number of lines: (match, template) of shapes, the latest met first
        self._shapes: dict[int, list[tuple[Any, str]]] = {}
        self._count = 0
        #: by heads: [template, times seen]
        self._templates: dict[tuple[str, ...], list[Any]] = {}

    def read(self, text: str) -> Any:
        """The value of a canonical document, or None."""
        lines = text.count("\n")
        known = self._shapes.get(lines)
        if known is not None:
            for position, (match, template) in enumerate(known):
                found = match(text)
                if found is not None:
                    if position:
                        known.insert(0, known.pop(position))
                    return _fill(template, found.groups())
        return self._read_lines(text, lines)

    def _read_lines(self, text: str, count: int) -> Any:
        if text[-1:] != "\n":
            return None
        if text == "{}\n":
            return {}
        heads: list[str] = []
        values: list[str] = []
        for line in text[:-1].split("\n"):
            found = _LINE.match(line)
            if found is None:
                return None
            head, _, _, value = found.groups()
            if value is None:
                heads.append(line)
            else:
                heads.append(head + "\0")
                values.append(value)
        shape = tuple(heads)
        entry = self._templates.get(shape)
        if entry is None:
            template = _template(shape)
            if template is None:
                return None
            if len(self._templates) >= _MAX_TEMPLATES:
                self._templates.clear()
            entry = self._templates[shape] = [template, 0]
        entry[1] += 1
        if entry[1] == _COMPILE_AT and count <= _MAX_LINES:
            self._compile(shape, entry[0], count)
        return _fill(entry[0], tuple(values))

    def _compile(self, shape: tuple[str, ...], template: str, lines: int) -> None:
        """A regular expression for a shape. It takes milliseconds: only for shapes that repeat."""
        if self._count >= _MAX_SHAPES:
            self._shapes.clear()
            self._count = 0
        pattern = "\n".join(
            re.escape(head[:-1]) + _VALUE if head[-1] == "\0" else re.escape(head) for head in shape
        )
        match = re.compile(pattern + "\n").fullmatch
        self._shapes.setdefault(lines, []).insert(0, (match, template))
        self._count += 1


def _fill(template: str, values: tuple[str, ...]) -> Any:
    if ".nan" in values or ".inf" in values or "-.inf" in values:
        values = tuple(_NOT_JSON.get(value, value) for value in values)
    return json.loads(template % values)


class _Unreadable(Exception):
    """These heads are no canonical document."""


def _template(heads: tuple[str, ...]) -> str | None:
    """Heads to a JSON text with `%s` for every value; a head that ends in NUL has one."""
    try:
        return _Structure(heads).template()
    except _Unreadable:
        return None


#: A token is a dash, a key or the hole of a value, and the column where it stands.
_DASH, _KEY, _HOLE = "dash", "key", "hole"


class _Structure:
    """Nests heads by their columns, as a YAML reader does with canonical text."""

    def __init__(self, heads: tuple[str, ...]) -> None:
        self.tokens = [token for head in heads for token in _tokens(head)]
        self.tokens.append(("end", -1, ""))
        self.next = 0
        self.out: list[str] = []

    def template(self) -> str:
        kind, column, _ = self.tokens[0]
        if kind == _HOLE or column != 0:
            raise _Unreadable
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
            kind, at, _ = self.tokens[self.next]
            if kind == _HOLE:
                self.hole()
            elif kind == _DASH and at == column:
                self.list(column, depth + 1)
            else:
                self.block(column + 2, depth + 1)
        self.out.append("}")

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
    spaces, dashes, key, colon = found.groups()
    has_value = head[-1] == "\0"
    column = len(spaces)
    tokens = []
    for _ in range(len(dashes) // 2):
        tokens.append((_DASH, column, ""))
        column += 2
    if key is not None:
        # a key with no value ends in a colon, one with a value in a colon and a space
        rest = head[found.end() :]
        if not colon or len(key) > MAX_KEY or rest != (" \0" if has_value else ""):
            raise _Unreadable
        tokens.append((_KEY, column, _key(key)))
    elif not has_value or not dashes:
        raise _Unreadable
    if has_value:
        tokens.append((_HOLE, column, ""))
    return tokens


def _key(text: str) -> str:
    if text[0] == '"':
        name = json.loads(text)
        assert isinstance(name, str)
        return name
    if text.lower() in AMBIGUOUS:
        raise _Unreadable
    return text
