"""Dicts and lists as readable files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gitrack.errors import UsageError
from gitrack.tracking.content.kinds import described, suffix_of


def dict_bytes(content: object, name: str) -> bytes:
    """JSON, or YAML where the name ends in .yaml or .yml."""
    try:
        # one way to make numpy numbers, dates and paths plain for both
        text = json.dumps(content, indent=2, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{name!r} cannot be written: {error}", hint="give dicts, lists, texts and numbers"
        ) from error
    if suffix_of(name) not in (".yaml", ".yml"):
        return (text + "\n").encode("utf-8", "backslashreplace")
    plain = json.loads(text)
    if not isinstance(plain, Mapping):
        raise UsageError(f"a {described(content)} cannot be YAML", hint="end the name in .json")
    from gitrack.store.codec.emitter import dump

    return dump(plain).encode("utf-8", "backslashreplace")


def _plain(value: Any) -> object:
    for method in ("tolist", "isoformat", "as_posix"):
        if hasattr(value, method) and not isinstance(value, type):
            return getattr(value, method)()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value):
        return vars(value)
    raise TypeError(f"a {described(value)} is neither text nor number nor a list of them")
