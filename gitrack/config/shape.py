"""Turns what YAML said into records, and words every fault with its place and its mend."""

from __future__ import annotations

import difflib
import functools
import re
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from gitrack.config.regular import read_regular
from gitrack.errors import ConfigError, UnreadableFile

T = TypeVar("T")

#: The keys and numbers that lead to a value: `("models", "churn", "owners", 0)`.
Place = tuple[str | int, ...]


class LineFinder(typing.Protocol):
    """Knows on which line of the file a place was written."""

    def at(self, path: Place) -> int | None:
        """The line, counted from 1."""


class Fault(Exception):
    """Something at `place` is wrong; `mend` says what to write instead."""

    def __init__(self, place: Place, why: str, mend: str) -> None:
        super().__init__(why)
        self.place = place
        self.why = why
        self.mend = mend


class Parsed:
    """Marks a field that is read by a function of its own: `Annotated[int, Parsed(…)]`.

    The function raises ValueError for what it does not accept; `expected` completes the
    sentence "write …".
    """

    def __init__(self, read: Callable[[object], object], expected: str) -> None:
        self.read = read
        self.expected = expected


def load(root: Path, name: str, kind: type[T]) -> T:
    """The file `name` below `root` as a record; the record's defaults when there is no file."""
    try:
        data = read_regular(root / name)
    except FileNotFoundError:
        return kind()
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from error
    known: Any = kind
    return typing.cast(T, _parsed_once(data, name, known))


@functools.lru_cache(maxsize=8)
def _parsed_once(data: bytes, name: str, kind: Any) -> object:
    """One command asks for the same settings from several places, and records never change."""
    return parse(data, name, kind)


def parse(data: bytes, name: str, kind: type[T]) -> T:
    """The bytes of a file as a record; the record's defaults when it is empty."""
    from gitrack.config import safe_yaml

    try:
        value, lines = safe_yaml.load(data, name=name)
    except UnreadableFile as error:
        where = re.match(r"line (\d+)(?:, column \d+)?: ", error.why)
        line = f"{name}:{where[1]}" if where else name
        raise ConfigError(
            f"{line}: {error.why[where.end() :] if where else error.why}", hint=error.hint
        ) from error
    if value is None:
        return kind()
    try:
        return typing.cast(T, build(value, kind))
    except Fault as fault:
        raise worded(name, fault, lines) from fault


def worded(name: str, fault: Fault, lines: LineFinder) -> ConfigError:
    """`.tracking/config.yaml:7: capture.dirty is 'wrn', …` with the mend as the hint."""
    line = None
    for length in range(len(fault.place), -1, -1):
        line = lines.at(fault.place[:length])
        if line is not None:
            break
    where = f"{name}:{line}" if line is not None else name
    place = dotted(fault.place)
    return ConfigError(f"{where}: {place + ' ' if place else ''}{fault.why}", hint=fault.mend)


def dotted(place: Place) -> str:
    """`models.churn.owners[0]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def build(value: object, kind: Any, place: Place = ()) -> object:
    """`value` as `kind`; raises Fault. Knows what the settings and the policy are made of."""
    origin = get_origin(kind)
    if origin is typing.Annotated:
        return _parsed(value, kind, place)
    if origin in (Union, types.UnionType):
        return _one_of(value, get_args(kind), place)
    if origin is Literal:
        return _literal(value, get_args(kind), place)
    if origin in (list, tuple):
        return _listed(value, kind, place)
    if origin is dict:
        return _mapped(value, get_args(kind)[1], place)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _record(value, kind, place)
    return _plain(value, kind, place)


def shown(value: object) -> str:
    """A value as an error quotes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a block of keys"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def near(word: str, known: typing.Iterable[str]) -> str:
    """`did you mean 'dirty'?`, or the list of what there is."""
    known = sorted(known)
    close = difflib.get_close_matches(str(word), known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(known)}"


_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def _plain(value: object, kind: type, place: Place) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    quote = kind is str and isinstance(value, bool | int | float)
    mend = 'put it in quotes: "…"' if quote else f"write {_WORDS[kind]}"
    raise Fault(place, f"is {shown(value)}, which is not {_WORDS[kind]}", mend)


def _parsed(value: object, kind: Any, place: Place) -> object:
    reader = next(extra for extra in get_args(kind)[1:] if isinstance(extra, Parsed))
    try:
        return reader.read(value)
    except ValueError as error:
        why = str(error) or f"is {shown(value)}"
        raise Fault(place, why, f"write {reader.expected}") from error


def _one_of(value: object, kinds: tuple[Any, ...], place: Place) -> object:
    """`T | None`, or records told apart by the first key of each."""
    if type(None) in kinds:
        others = tuple(kind for kind in kinds if kind is not type(None))
        if value is None:
            return None
        return build(value, others[0], place) if len(others) == 1 else _one_of(value, others, place)
    by_key = {kind.__struct_encode_fields__[0]: kind for kind in kinds}
    if not isinstance(value, Mapping):
        raise Fault(place, f"is {shown(value)}", f"begin with one of: {', '.join(sorted(by_key))}")
    named = [key for key in by_key if key in value]
    if len(named) == 1:
        return build(value, by_key[named[0]], place)
    if named:
        why = f"says {' and '.join(named)} at once"
        raise Fault(place, why, "make it two entries of the list")
    first = next(iter(value), "")
    raise Fault(place, f"is of no known kind ({first!r})", near(str(first), by_key))


def _literal(value: object, choices: tuple[object, ...], place: Place) -> object:
    if value is False and "off" in choices:
        return "off"  # YAML takes the bare word for false
    if isinstance(value, str) and value in choices:
        return value
    words = [str(choice) for choice in choices]
    close = difflib.get_close_matches(str(value), words, n=1)
    also = f"; did you mean '{close[0]}'?" if close else ""
    raise Fault(place, f"is {shown(value)}", f"write one of: {', '.join(words)}{also}")


def _listed(value: object, kind: Any, place: Place) -> object:
    if not isinstance(value, list):
        raise Fault(place, f"is {shown(value)}, which is not a list", "write it as a list: [a, b]")
    item = get_args(kind)[0]
    return tuple(build(entry, item, (*place, at)) for at, entry in enumerate(value))


def _mapped(value: object, item: Any, place: Place) -> object:
    if not isinstance(value, Mapping):
        raise Fault(place, f"is {shown(value)}", "write keys below it: 'key: value'")
    for key in value:
        if not isinstance(key, str):
            raise Fault(place, f"has the key {shown(key)}, which is not text", "put it in quotes")
    return {key: build(entry, item, (*place, key)) for key, entry in value.items()}


def _record(value: object, kind: type[msgspec.Struct], place: Place) -> object:
    names = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    if not isinstance(value, Mapping):
        raise Fault(place, f"is {shown(value)}", f"write keys below it: {', '.join(names)}")
    hints = typing.get_type_hints(kind, include_extras=True)
    built: dict[str, object] = {}
    for key, entry in value.items():
        if key not in names:
            raise Fault((*place, str(key)), "is not a known key", near(str(key), names))
        built[names[key]] = build(entry, hints[names[key]], (*place, key))
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in built:
            raise Fault(place, f"lacks '{field.encode_name}'", f"add '{field.encode_name}: …'")
    try:
        return kind(**built)
    except Fault as fault:
        raise Fault((*place, *fault.place), fault.why, fault.mend) from fault
