"""What may be logged: names, numbers and scalars, checked and made plain on the way in."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from gitrack.errors import InvalidName, UsageError
from gitrack.model import names
from gitrack.model.run import Scalar

LONGEST_TEXT = 8_000
LONGEST_NOTE = 100_000
_INT64 = 2**63
#: Seconds from 1970 (in the year 2261) that nanoseconds of 64 bits still reach.
_FARTHEST = 9.2e9
#: An array with more elements is shown abbreviated, as its library does.
_FEW = 1_000
_NAMES: dict[str, Callable[[object], str]] = {
    "param": names.param_name,
    "metric": names.metric_name,
    "tag": names.tag_name,
    "seed": names.param_name,
}


@functools.lru_cache(maxsize=4096)
def _checked(kind: str, name: str) -> str:
    return _NAMES[kind](name)


def key(kind: str, name: object) -> str:
    """The name of a param, metric or tag, or InvalidName."""
    return _checked(kind, name) if type(name) is str else _NAMES[kind](name)


_EVIDENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def evidence_name(name: object) -> str:
    """The name of evidence, or InvalidName: it becomes a file's name in the registry."""
    if not isinstance(name, str) or not _EVIDENCE.fullmatch(name):
        hint = "use letters, digits, dots and dashes, as in no-leakage"
        raise InvalidName("evidence", name, "cannot be kept", hint=hint)
    return name


def number(kind: str, name: str, value: object) -> float | int:
    """A metric's value: Python, numpy and torch numbers. True is 1; NaN and infinities stay."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        whole = int(value)
        return whole if -_INT64 <= whole < _INT64 else _float(kind, name, whole)
    if isinstance(value, float):
        return float(value)
    plain = _item(value)
    if plain is not value:
        return number(kind, name, plain)
    # Decimal and Fraction say so themselves; text and None do not become numbers by accident
    if hasattr(value, "__float__") and not isinstance(value, (str, bytes)):
        return _float(kind, name, value)
    raise UsageError(
        f"{kind} {name!r} is {_shown(value)}, not a number",
        hint="log text with set_tag or log_param",
    )


def _float(kind: str, name: str, value: Any) -> float:
    try:
        if getattr(getattr(value, "dtype", None), "kind", "") == "c":
            raise TypeError("it is complex")  # numpy only warns, and drops a part of it
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        hint = "log one number at a time, or text with set_tag or log_param"
        raise UsageError(f"{kind} {name!r} is not one number: {error}", hint=hint) from error


def step(value: object) -> int:
    """A step: any whole number of 64 bits."""
    plain = _item(value)
    if not isinstance(plain, bool):
        if isinstance(plain, float) and plain.is_integer():
            plain = int(plain)
        try:
            whole = operator.index(plain)  # type: ignore[arg-type]  # that is what it finds out
        except TypeError:
            pass
        else:
            if -_INT64 <= whole < _INT64:
                return whole
    raise UsageError(f"step {_shown(value)} is not a whole number", hint="count steps with an int")


def nanoseconds(timestamp: object) -> int:
    """A moment (seconds since 1970, or a datetime) in nanoseconds."""
    seconds = timestamp
    if isinstance(timestamp, dt.datetime):
        try:
            seconds = timestamp.timestamp()
        except (ValueError, OverflowError, OSError):
            seconds = float("inf")  # the first and the last years, which time zones lead out of
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        if -_FARTHEST < seconds < _FARTHEST:
            return int(seconds * 1e9)
        hint = "give seconds since 1970 (milliseconds divided by 1000) or a datetime"
        raise UsageError(f"timestamp {timestamp!r} is out of range", hint=hint)
    hint = "give seconds since 1970 or a datetime"
    raise UsageError(f"timestamp {_shown(timestamp)} is not a moment", hint=hint)


def scalar(kind: str, name: str, value: object) -> Scalar:
    """The value of a param or tag; lists become JSON, anything else its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return scalar(kind, name, value.value)
    if isinstance(value, int):
        whole = int(value)
        # every reader keeps 64 bits; more stays exact only as text
        return whole if -_INT64 <= whole < _INT64 else str(whole)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return text(f"{kind} {name!r}", value)
    plain = _item(value)
    if plain is not value:
        return scalar(kind, name, plain)
    return text(f"{kind} {name!r}", _as_text(value))


def flat(params: object, *, kind: str = "param") -> dict[str, Scalar]:
    """Nested mappings with their names joined by dots: `{"a": {"b": 1}}` is `{"a.b": 1}`."""
    mapping = _mapping(params, kind)
    flattened: dict[str, Scalar] = {}
    for name, value in _leaves(mapping, kind, "", depth=0):
        if name in flattened:
            hint = "two settings would share one name; rename one of them"
            raise InvalidName(kind, name, "is there twice once nested names are joined", hint=hint)
        flattened[name] = scalar(kind, name, value)
    return flattened


def text(what: str, value: object, *, longest: int = LONGEST_TEXT) -> str:
    """Text that UTF-8 can carry."""
    if not isinstance(value, str):
        raise UsageError(f"{what} is {_shown(value)}, not text", hint="pass a string")
    if len(value) > longest:
        raise UsageError(
            f"{what} has {len(value)} characters; at most {longest} are kept in the record",
            hint="keep long text with log_text(text, 'name.txt')",
        )
    value = str(value)
    try:
        value.encode()
    except UnicodeEncodeError:
        # a lone surrogate, as os.fsdecode makes for file names that are not UTF-8
        value = value.encode("utf-8", "backslashreplace").decode()
    return value


def _mapping(value: object, kind: str) -> Mapping[Any, object]:
    if isinstance(value, Mapping):
        return value
    if hasattr(value, "__dict__") and not isinstance(value, type):
        return vars(value)  # argparse.Namespace, dataclasses, config objects
    hint = f"pass a dict, as in log_{kind}s({{'name': value}})"
    raise UsageError(f"{kind}s are {_shown(value)}, not a dict", hint=hint)


def _leaves(
    mapping: Mapping[Any, object], kind: str, prefix: str, depth: int
) -> Iterator[tuple[str, object]]:
    if depth > 20:
        hint = "does it contain itself?"
        raise InvalidName(kind, prefix.rstrip("."), "is nested more than 20 deep", hint=hint)
    for name, value in mapping.items():
        # numbers are common keys of configurations ({0: ..., 1: ...})
        if isinstance(name, (int, float)) and not isinstance(name, bool):
            name = str(name)
        full = prefix + key(kind, name)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, kind, f"{full}.", depth + 1)
        else:
            yield key(kind, full), value


def _item(value: object) -> object:
    """What a numpy or torch scalar (or array of one element) holds; others as they are."""
    if type(value).__module__.partition(".")[0] in _PLAIN:
        return value
    item = getattr(value, "item", None)
    if not callable(item) or isinstance(value, type):
        return value
    try:
        plain = item()
    except (TypeError, ValueError, RuntimeError):
        return value  # more than one element, or another kind of item()
    return plain if isinstance(plain, (bool, int, float, str)) else value


_PLAIN = frozenset({"builtins", "decimal", "fractions", "datetime", "pathlib"})


def _as_text(value: object) -> str:
    if isinstance(value, (list, tuple, set, frozenset, Mapping)):
        try:
            ordered = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
            return json.dumps(ordered, ensure_ascii=False, default=plain)
        except (TypeError, ValueError, RecursionError):
            return repr(value)
    if isinstance(value, PurePath):
        return value.as_posix()
    if hasattr(value, "tolist") and math.prod(getattr(value, "shape", (_FEW + 1,))) <= _FEW:
        return json.dumps(value.tolist(), ensure_ascii=False, default=plain)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, type) or callable(value):
        name = getattr(value, "__qualname__", None)
        if isinstance(name, str):
            return f"{getattr(value, '__module__', '')}.{name}".removeprefix("builtins.")
    return str(value)


def plain(value: object) -> object:
    """What JSON can say of a value of another library."""
    item = _item(value)
    if item is not value:
        return item
    to_list = getattr(value, "tolist", None)
    return to_list() if callable(to_list) else _as_text(value)


def _shown(value: object) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 60 else shown[:57] + '…'} ({type(value).__name__})"
