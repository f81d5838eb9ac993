"""The charts: one Altair specification of each kind a build; pages attach data to them.

Specifications hold no word of any run: series are called `s0`, `s1`, … and the page's own legend
says what they are. So nothing that a user named is ever read as an expression.
"""

from __future__ import annotations

from typing import Any

from gitrack.site.libraries import require


def specifications() -> dict[str, Any]:
    """Every kind of chart by its name, as Vega-Lite."""
    return {"curves": _curves(), "points": _points(), "shares": _shares()}


def _curves() -> dict[str, Any]:
    """Lines over steps, with what is under the pointer marked."""
    alt = require("altair")
    base = alt.Chart(alt.NamedData(name="rows")).encode(
        x=alt.X("x:Q", title=None, axis=alt.Axis(grid=False, tickCount=6)),
        color=alt.Color("series:N", legend=None),
    )
    value = alt.Y("y:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
    near = alt.selection_point(
        name="near",
        on="pointermove",
        clear="pointerout",
        nearest=True,
        encodings=["x"],
        empty=False,
    )
    window = alt.selection_interval(name="window", encodings=["x"])
    lines = base.mark_line(strokeWidth=1.6, clip=True).encode(
        y=value, strokeDash=alt.StrokeDash("series:N", legend=None)
    )
    dots = base.mark_point(filled=True, size=36, clip=True).encode(
        y=value, opacity=alt.condition(near, alt.value(1), alt.value(0))
    )
    rule = (
        base.mark_rule(strokeWidth=1, clip=True)
        .encode(
            color=alt.value("#888888"), opacity=alt.condition(near, alt.value(0.5), alt.value(0))
        )
        .add_params(near)
    )
    return _plain(alt.layer(lines.add_params(window), rule, dots))


def _points() -> dict[str, Any]:
    """One dot a run, the best so far as a stair, and a level to compare with if there is one."""
    alt = require("altair")
    base = alt.Chart(alt.NamedData(name="rows"))
    y = alt.Y("y:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
    x = alt.X(
        "x:Q",
        title=None,
        scale=alt.Scale(zero=False, padding=14),
        axis=alt.Axis(grid=False, tickCount=6),
    )
    near = alt.selection_point(
        name="near", on="pointermove", clear="pointerout", nearest=True, fields=["key"], empty=False
    )
    best = base.mark_line(interpolate="step-after", strokeWidth=1.4, strokeDash=[4, 3]).encode(
        x=x, y=alt.Y("best:Q", title=None), color=alt.value("#888888")
    )
    dots = (
        base.mark_point(filled=True, opacity=0.9)
        .encode(
            x=x,
            y=y,
            color=alt.Color("series:N", legend=None),
            size=alt.condition(near, alt.value(150), alt.value(60)),
        )
        .add_params(near)
    )
    level = (
        alt.Chart(alt.NamedData(name="level"))
        .mark_rule(strokeWidth=1.3)
        .encode(y=alt.Y("y:Q", title=None, scale=alt.Scale(zero=False)), color=alt.value("#b9599c"))
    )
    return _plain(alt.layer(level, best, dots))


def _shares() -> dict[str, Any]:
    """Lines between 0 and 1 both ways, in the order of their points: ROC, precision, calibration.

    `even` is a line that says nothing of a model, for the eye to hold on to.
    """
    alt = require("altair")
    domain = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("x:Q", title=None, scale=domain, axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("y:Q", title=None, scale=domain, axis=alt.Axis(tickCount=5))
    even = (
        alt.Chart(alt.NamedData(name="even"))
        .mark_line(strokeWidth=1, strokeDash=[3, 3])
        .encode(x=x, y=y, color=alt.value("#888888"))
    )
    base = alt.Chart(alt.NamedData(name="rows")).encode(
        x=x, y=y, order=alt.Order("at:Q"), color=alt.Color("series:N", legend=None)
    )
    lines = base.mark_line(strokeWidth=1.8, clip=True).encode(
        strokeDash=alt.StrokeDash("series:N", legend=None)
    )
    dots = base.mark_point(filled=True, clip=True).encode(
        size=alt.Size("size:Q", legend=None, scale=None), opacity=alt.value(0.85)
    )
    return _plain(alt.layer(even, lines, dots), height=260)


def _plain(chart: Any, height: int = 180) -> dict[str, Any]:
    """Without Altair's own theme: colours come from the page, light or dark."""
    specification: dict[str, Any] = chart.properties(width="container", height=height).to_dict()
    specification.pop("config", None)
    return specification
