"""The canonical block style: the one way in which gitrack writes YAML.

Every reader reads it alike, YAML 1.1 and 1.2: strings are always double-quoted and keep to the
escapes that JSON shares, floats have a dot and a signed exponent, keys are plain only where no
reader can mistake them, there are no anchors, tags or flow collections (but `{}` and `[]`, since
block style knows no empty ones).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from gitrack.errors import InvalidName, UsageError

#: A key longer than 1024 characters is no key to a YAML reader.
MAX_KEY = 1000
#: Python itself refuses to read a whole number of more digits.
MAX_DIGITS = 4000

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+=-]*\Z")
#: What YAML 1.1 takes for something other than text.
AMBIGUOUS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})

_NESTED = (Mapping, list, tuple)

#: Characters that YAML forbids or that some reader takes for a line break. Half a surrogate pair
#: is no character at all: it cannot be written as UTF-8 and becomes U+FFFD.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def dump(value: Mapping[str, Any]) -> str:
    """The canonical text of a map of maps, lists and scalars, keys in the order given."""
    if not value:
        return "{}\n"
    lines: list[str] = []
    _map(value, "", lines)
    lines.append("")
    return "\n".join(lines)


def _map(value: Mapping[str, Any], indent: str, lines: list[str]) -> None:
    for name, item in value.items():
        if not item or not isinstance(item, _NESTED):
            lines.append(f"{indent}{key(name)}: {scalar(item)}")
            continue
        lines.append(f"{indent}{key(name)}:")
        if isinstance(item, Mapping):
            _map(item, indent + "  ", lines)
        else:
            _list(item, indent, lines)


def _list(value: Sequence[Any], indent: str, lines: list[str]) -> None:
    for item in value:
        if not item or not isinstance(item, _NESTED):
            lines.append(f"{indent}- {scalar(item)}")
            continue
        first = len(lines)
        if isinstance(item, Mapping):
            _map(item, indent + "  ", lines)
        else:
            _list(item, indent + "  ", lines)
        lines[first] = f"{indent}- {lines[first][len(indent) + 2 :]}"


@lru_cache(4096)
def key(name: object) -> str:
    """A map's key, quoted where it must be."""
    if not isinstance(name, str):
        raise InvalidName("key", name, "is not text")
    plain = PLAIN_KEY.match(name) and name.lower() not in AMBIGUOUS
    text = name if plain else quoted(name)
    if len(text) > MAX_KEY:
        raise InvalidName("key", name, f"is longer than {MAX_KEY} characters")
    return text


def quoted(text: str) -> str:
    """Text in double quotes, which JSON and every YAML read alike."""
    shown = encode_basestring(text)  # what json.dumps does when it is not to stick to ASCII
    return UNSAFE.sub(_escape, shown) if UNSAFE.search(shown) else shown


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


def scalar(value: object) -> str:
    """One value as it stands behind its key."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return _float(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value.bit_length() > MAX_DIGITS * 3:
            raise UsageError(f"a whole number of more than {MAX_DIGITS:,} digits cannot be kept")
        return int.__repr__(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    raise UsageError(f"a {type(value).__name__} cannot be kept in a record")


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = float.__repr__(value)
    if "e" not in text:
        return text
    # YAML 1.1 reads `1e-05` as text: it wants a dot, and a sign in the exponent
    digits, _, exponent = text.partition("e")
    dot = "" if "." in digits else ".0"
    sign = "" if exponent[0] in "+-" else "+"
    return f"{digits}{dot}e{sign}{exponent}"
