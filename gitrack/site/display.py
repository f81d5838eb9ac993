"""How values are written for people: numbers, times, sizes, and text that may be hostile."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

# Control characters, bidirectional overrides and isolates, and lone surrogates: harmless to a
# parser, but able to make a page show something else than what is there. XML may not hold all of
# these, nor what Unicode says are no characters.
_TREACHEROUS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufdd0-\ufdef\ufffe\uffff]"
)
_ADDRESS = re.compile(r"(?<!\s)\s*<[^<>\s@]+@[^<>\s@]+>")
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def visible(text: str) -> str:
    """The text with every character that plays tricks shown by its number."""
    if text.isprintable():  # by far the most; some that are not play no tricks either
        return text
    return _TREACHEROUS.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def terminal(text: str) -> str:
    """What a terminal would show in the end: no colours, progress bars at their last state."""
    plain = _TERMINAL.sub("", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in plain.split("\n"))


def number(value: object) -> str:
    """A metric or a setting, short but telling: 4 significant digits, whole numbers whole."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return (
            str(value) if abs(value) < 10**15 else f"{value:.4e}" if abs(value) < 10**300 else "∞"
        )
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        shown = f"{value:.{max(0, 3 - _magnitude(float(f'{value:.3e}')))}f}"
        return _short(shown) if float(shown) == value else shown
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    if float(f"{value:.3e}") == value:
        mantissa = _short(mantissa)
    return f"{mantissa}e{int(exponent)}"


def apart(one: float, other: float) -> float:
    """How far `one` lies above `other`: nothing where computing itself is off by as much."""
    return 0.0 if math.isclose(one, other, rel_tol=_COMPUTED) else one - other


#: Sums of the same numbers in another order differ by less, such as 0.9999999999999999 and 1.
_COMPUTED = 1e-12


def _short(shown: str) -> str:
    """Without zeros at the end: only where nothing stands behind them, so 0.40099 is 0.4010."""
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def setting(value: object) -> str:
    """A param as it was given: every digit kept."""
    if isinstance(value, float) and math.isfinite(value):
        shown = repr(value)
        if "e" in shown:
            mantissa, _, exponent = shown.partition("e")
            return f"{mantissa}e{int(exponent)}"
        return shown.removesuffix(".0") if abs(value) < 1e15 else shown
    return number(value)


def decimals(values: Sequence[object]) -> int | None:
    """How many decimals let a column of metrics line up; None when one number does not suit all."""
    finite = [float(v) for v in values if isinstance(v, float | int) and math.isfinite(v)]
    if all(value.is_integer() for value in finite):
        return 0
    sizes = [abs(value) for value in finite if value]
    if max(sizes) >= 1e9 or max(sizes) < 1e-4 or min(sizes) * 1e4 < max(sizes):
        return None
    most = max(0, min(6, 3 - _magnitude(max(sizes))))
    return max(len(f"{value:.{most}f}".rstrip("0").partition(".")[2]) for value in sizes)


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


def grouped(value: int | None) -> str | None:
    """A count with its thousands apart: 3,619,113."""
    return None if value is None else f"{value:,}"


def size(count: int | None) -> str | None:
    """Bytes in decimal units, as file managers and DVC write them."""
    if count is None:
        return None
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < (1000 if unit == "B" else 999.5):  # what would round up to 1000
            return (
                f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    return f"{amount:,.1f} TB"


def moment(text: str | None) -> datetime | None:
    """A time of a record, or None when it is not one."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def absolute(text: str | None) -> str | None:
    """`2024-10-22 14:30 UTC`; what is not a time stays as it is."""
    when = moment(text)
    if when is None:
        return text
    try:
        return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except OverflowError:
        return text


def duration(started: str | None, ended: str | None) -> str | None:
    """The two largest units of the time between: `3 min 51 s`."""
    begin, end = moment(started), moment(ended)
    if begin is None or end is None or end < begin:
        return None
    return lasting((end - begin).total_seconds())


def lasting(seconds: float) -> str | None:
    """`3 min 51 s`; None for what is no time."""
    if not 0 <= seconds < 1e12:
        return None
    if seconds < 10:
        return f"{seconds:.1f} s"
    rest = round(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, rest = divmod(rest, length)
        if amount or (parts and len(parts) < 2):
            parts.append(f"{amount} {unit}")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if not part.startswith("0 "))


def unaddressed(text: str) -> str:
    """A sentence in which people are named, without the addresses behind their names."""
    return _ADDRESS.sub("", text)


def person(author: str | None) -> str | None:
    """The name of `Name <mail>`: a site may be public, so addresses stay on the branch."""
    if author is None:
        return None
    name = author.partition("<")[0].strip()
    return name or author.partition("<")[2].partition("@")[0] or author
