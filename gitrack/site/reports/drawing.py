"""Static charts of reports: Vega-Lite drawn for light pages and dark ones, wide and narrow."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gitrack.errors import ConfigError
from gitrack.site.reports.apart import ARTIST, CannotDraw

#: As in tokens.css; a test holds them together.
_INK = {"light": ("#676b73", "#e7e6e1", "#d2d0c9"), "dark": ("#91959d", "#26292e", "#3a3e45")}
_SERIES = {
    "light": (
        *("#0069b4", "#cf5500", "#00805c", "#b0468d"),
        *("#8f6a00", "#2b8fb8", "#6a4bb0", "#5b6068"),
    ),
    "dark": (
        *("#58a9ee", "#ff9149", "#35c79a", "#e58fc6"),
        *("#d9b13b", "#7fd0ee", "#b39bf0", "#a6abb4"),
    ),
}
#: Steps that go from little to much, of which the palest is still seen.
_ORDINAL = {
    "light": {"scheme": "blues", "extent": [0.4, 1]},
    "dark": {"scheme": "blues", "extent": [0.7, 0.1]},
}
_FONT = "ui-sans-serif, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"
#: Letters keep their size, so what is drawn for a wide page cannot be made smaller for a phone.
_WIDE, _NARROW = 740, 250
_HEIGHT = 250
#: Of a specification that has its own, the width is what its author wanted; side by side there
#: is none that fits.
_HAS_ITS_WIDTH = ("width", "hconcat", "concat", "facet", "repeat")
#: Words beneath each other that fit side by side on the axis, by the width of a letter.
_LETTER = 7.0
_LOGS = {None: (False, False), "x": (True, False), "y": (False, True), "both": (True, True)}

Row = Mapping[str, object]


class Pair(msgspec.Struct, frozen=True):
    """A picture in two themes, each a data address."""

    light: str
    dark: str


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """A chart; `alt` says what is in it. Without `narrow` a phone scrolls the wide one."""

    wide: Pair
    narrow: Pair | None
    alt: str


def lines(rows: Sequence[Row], *, title: str, log: str | None, alt: str) -> Drawing:
    """Curves: rows have `x`, `y` and `series`, the name of a run."""

    def drawn(width: int) -> Pair:
        spec = _base(rows, title, log, "step", width, quantitative=True)
        spec["mark"] = {"type": "line", "strokeWidth": 1.6, "clip": True}
        spec["encoding"]["color"] = _colour(None, width)
        return _pair(spec)

    return Drawing(wide=drawn(_WIDE), narrow=drawn(_NARROW), alt=alt)


def points(
    rows: Sequence[Row], *, x: str, y: str, color: str | None, log: str | None, alt: str
) -> Drawing:
    """A dot a run: rows have `x`, `y` and perhaps `series`."""
    quantitative = all(isinstance(row["x"], int | float) for row in rows)

    def drawn(width: int) -> Pair:
        spec = _base(rows, y, log, x, width, quantitative=quantitative)
        spec["mark"] = {"type": "point", "filled": True, "size": 60, "opacity": 0.9}
        if color:
            spec["encoding"]["color"] = _colour(color, width)
        return _pair(spec)

    return Drawing(wide=drawn(_WIDE), narrow=drawn(_NARROW), alt=alt)


def draw(spec: Mapping[str, Any], *, alt: str, where: str | None = None) -> Drawing:
    """Any Vega-Lite specification that holds its data. Nothing is fetched from anywhere.

    Raises ConfigError that names `where` for one that cannot be drawn.
    """
    narrow = None
    if not any(key in spec for key in _HAS_ITS_WIDTH):
        narrow = _pair(spec, _NARROW, where)
    return Drawing(wide=_pair(spec, _WIDE, where), narrow=narrow, alt=alt)


def _pair(spec: Mapping[str, Any], width: int = _WIDE, where: str | None = None) -> Pair:
    return Pair(_drawn(spec, "light", width, where), _drawn(spec, "dark", width, where))


def _drawn(spec: Mapping[str, Any], theme: str, width: int, where: str | None) -> str:
    whole = dict(spec)
    theirs = whole.get("config")
    whole["config"] = _merged(_config(theme, width), theirs if isinstance(theirs, Mapping) else {})
    try:
        svg = ARTIST.svg(whole)
    except CannotDraw as error:
        raise ConfigError(
            f"{where or 'a chart'} cannot be drawn: {_why(error)}",
            hint="try the specification in the editor of Vega, with its data inside",
        ) from error
    svg = _renumbered(svg)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")


def _renumbered(svg: str) -> str:
    """Vega counts its clips and gradients from the first picture of the process on."""
    seen: dict[str, str] = {}

    def own(found: re.Match[str]) -> str:
        name = seen.setdefault(found[2], f"g{len(seen)}")
        return f"{found[1]}{name}{found[3]}"

    return re.sub(r"""(id="|url\(#)((?:clip|gradient_)\d+)("|\))""", own, svg)


def _why(error: Exception) -> str:
    """The line that says something: others tell where in the library it was."""
    told = [line.strip() for line in str(error).splitlines()]
    told = [line for line in told if line and not line.startswith(("at ", "Vega-Lite to SVG"))]
    telling = [line for line in told if re.match(r"(?:Uncaught )?[A-Za-z]*Error\b", line)]
    why = (telling or told or ["unknown"])[0]
    why = re.sub(r"\A(?:Uncaught )?(?:\(in promise\) )?(?:Error: )?", "", why)
    return why[:300].rstrip(".") or "unknown"


def _base(
    rows: Sequence[Row], y: str, log: str | None, x: str, width: int, *, quantitative: bool
) -> dict[str, Any]:
    log_x, log_y = _LOGS[log]
    if log_x:
        rows = [row for row in rows if isinstance(row["x"], int | float) and row["x"] > 0]
    if log_y:
        rows = [row for row in rows if isinstance(row["y"], int | float) and row["y"] > 0]
    kind = "quantitative" if quantitative else "nominal"
    across: dict[str, Any] = {"field": "x", "type": kind, "title": _called(x)}
    if quantitative:
        across["scale"] = {"type": "log"} if log_x else {"zero": False, "nice": False, "padding": 8}
        across["axis"] = {"grid": False, "tickCount": 8 if width == _WIDE else 4}
    else:
        across["axis"] = {"labelAngle": 0 if _side_by_side(rows, width) else -40, "labelLimit": 180}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": list(rows)},
        "width": width,
        "height": _HEIGHT,
        "encoding": {
            "x": across,
            "y": {
                "field": "y",
                "type": "quantitative",
                "title": _called(y),
                "scale": {"type": "log"} if log_y else {"zero": False},
                "axis": {"tickCount": 6},
            },
        },
    }


def _colour(title: str | None, width: int) -> dict[str, Any]:
    """Above the chart, one beneath the other: beside it long names would take its room."""
    columns = 2 if width == _WIDE else 1
    legend = {"orient": "top", "direction": "vertical", "columns": columns, "symbolStrokeWidth": 2}
    return {
        "field": "series",
        "type": "nominal",
        "title": title and _called(title),
        "sort": None,
        "legend": legend,
    }


def _called(column: str) -> str:
    """A column as people call it: `metrics.auc` is an AUC to them."""
    for group in ("metrics.", "params.", "tags."):
        column = column.removeprefix(group)
    return column


def _side_by_side(rows: Sequence[Row], width: int) -> bool:
    """True where the words of an axis fit beside each other."""
    words = {str(row["x"]) for row in rows}
    return max(map(len, words), default=0) * _LETTER < width / max(1, len(words))


def _config(theme: str, width: int) -> dict[str, Any]:
    soft, line, edge = _INK[theme]
    return {
        "background": None,
        "font": _FONT,
        "view": {"stroke": None, "continuousWidth": width, "continuousHeight": _HEIGHT},
        "range": {"category": list(_SERIES[theme]), "ordinal": _ORDINAL[theme]},
        "mark": {"color": _SERIES[theme][0]},
        "axis": {
            "labelColor": soft,
            "labelFontSize": 12,
            "labelSeparation": 5,
            "titleColor": soft,
            "titleFontSize": 12,
            "titleFontWeight": 400,
            "gridColor": line,
            "domainColor": edge,
            "tickColor": edge,
        },
        "axisY": {"domain": False, "ticks": False},
        "legend": {
            "labelColor": soft,
            "labelFontSize": 12,
            "titleColor": soft,
            "titleFontSize": 12,
            "titleFontWeight": 400,
            "labelLimit": 260,
            # beside a narrow chart it would take half of its room
            "orient": "right" if width == _WIDE else "bottom",
        },
        "title": {"color": soft},
    }


def _merged(ours: dict[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Their settings over ours, one level deep."""
    merged = dict(ours)
    for key, value in theirs.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    return merged
