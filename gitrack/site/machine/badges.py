"""Badges: who stands in a stage, as a small SVG for a README."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from gitrack.site import display
from gitrack.site.machine.api import segment

_HEIGHT = 20
_PAD = 6
#: Widths of Verdana's characters at 11 px, told apart roughly: `textLength` does the rest.
_NARROW = frozenset("fijlrt.,:;|!'()[] ")
_WIDE = frozenset("mwMW@%")
_LABEL, _HELD, _EMPTY = "#4b5058", "#0b6e3f", "#6b7078"


def badge_path(model: str, stage: str) -> str:
    """Where the badge of a model's stage lies.

    A stage with a dash stands behind `~`, which no name has: `a` in `b-c` is not `a-b` in `c`.
    """
    stage = segment(stage)
    return f"badges/{segment(model)}{'~' if '-' in stage else '-'}{stage}.svg"


def badge(label: str, message: str, *, held: bool = True) -> bytes:
    """Two words side by side, with the whole as a title for those who hear it."""
    label, message = display.visible(label), display.visible(message)
    left, right = _width(label), _width(message)
    whole = left + right
    colour = _HELD if held else _EMPTY
    said = f"{label}: {message}"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" role="img" \
aria-label={quoteattr(said)}>
<title>{escape(said)}</title>
<clipPath id="r"><rect width="{whole}" height="{_HEIGHT}" rx="3"/></clipPath>
<g clip-path="url(#r)">
<rect width="{left}" height="{_HEIGHT}" fill="{_LABEL}"/>
<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{colour}"/>
</g>
<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">
{_words(label, _PAD, left)}
{_words(message, left + _PAD, right)}
</g>
</svg>
""".encode()


def _words(text: str, x: int, width: int) -> str:
    return f'<text x="{x}" y="14" textLength="{width - 2 * _PAD}">{escape(text)}</text>'


def _width(text: str) -> int:
    size = sum(4.2 if c in _NARROW else 10.5 if c in _WIDE else 6.9 for c in text)
    return round(size) + 2 * _PAD
