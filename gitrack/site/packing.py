"""Long lists of numbers in few characters; `gitrack.run` of the page opens them again."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Sequence
from typing import Any

#: One sign a label: places up to 61, `-` for none.
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NONE = 0xFFFF
#: Below this, lists are as short as they are.
_SHORT = 16
#: Whole numbers beyond are not told apart by four bytes.
_WHOLE = 2**24
_LEAST, _MOST = 1.2e-38, 3.4e38


def cases(values: Sequence[float | None]) -> dict[str, Any]:
    """Labels as a bit or a sign each; numbers as two bytes each, between lowest and highest."""
    known = [value for value in values if value is not None]
    if all(value in (0, 1) for value in values):
        whole = int("".join("1" if value else "0" for value in reversed(values)) or "0", 2)
        packed = whole.to_bytes((len(values) + 7) // 8, "little")
        return {"count": len(values), "bits": _text(packed)}
    if all(float(value).is_integer() and 0 <= value < len(_SIGNS) for value in known):
        return {"signs": "".join("-" if v is None else _SIGNS[int(v)] for v in values)}
    low = min(known)
    step = (max(known) - low) / (_NONE - 1)
    if not 0 < step < math.inf:  # one value only, or numbers that no difference spans
        low, step = (low, 1.0) if step == 0 else (0.0, max(map(abs, known)) / (_NONE - 1))
    places = (_NONE if v is None else max(0, round((v - low) / step)) for v in values)
    packed = struct.pack(f"<{len(values)}H", *places)
    return {"low": low, "step": step, "words": _text(packed)}


def counted(values: Sequence[float | int | None]) -> object:
    """Numbers that go up evenly, as steps do; others as they are."""
    if len(values) < _SHORT:
        return values
    first, second = values[0], values[1]
    if not isinstance(first, int) or not isinstance(second, int):
        return values
    by = second - first
    for place, value in enumerate(values):
        if value != first + place * by:
            return values
    return {"from": first, "by": by, "count": len(values)}


def moments(seconds: Sequence[float | None]) -> object:
    """Times by what lies between them, in thousandths; others as they are."""
    if len(seconds) < _SHORT:
        return seconds
    last = 0
    between = []
    for value in seconds:
        if value is None or not abs(value) < 1e12:
            return seconds
        now = round(value * 1000)
        between.append(now - last)
        last = now
    return {"between": between, "per": 1000}


def series(values: Sequence[float | int | None]) -> object:
    """Measurements as four bytes each, which keep seven digits; others as they are."""
    if len(values) < _SHORT:
        return values
    none = [place for place, value in enumerate(values) if value is None]
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    if len(none) * 2 > len(values):
        return values
    if sizes:
        whole = any(isinstance(value, int) for value in values) and max(sizes) > _WHOLE
        if whole or max(sizes) > _MOST or min(sizes) < _LEAST:
            return values
        if len(_plain(values[:_SHORT])) < _SHORT * 6:
            return values  # few digits each
    packed = struct.pack(f"<{len(values)}f", *(0.0 if value is None else value for value in values))
    return {"floats": _text(packed), "none": none} if none else {"floats": _text(packed)}


def _plain(values: Sequence[object]) -> str:
    return ",".join(map(str, values))


def _text(packed: bytes) -> str:
    return base64.b64encode(packed).decode("ascii")
