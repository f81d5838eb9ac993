"""Figures as files: matplotlib, Altair, Pillow and arrays. Equal figures give equal bytes."""

from __future__ import annotations

import io
import sys
from typing import Any

from gitrack.errors import MissingExtra, UsageError
from gitrack.tracking.content.kinds import described, library_of, suffix_of

_MATPLOTLIB = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")
_ALTAIR = (".svg", ".png", ".json", ".html")
_PILLOW = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff")


def figure_bytes(figure: object, name: str) -> tuple[str, bytes]:
    """The file's name, with a suffix if it had none, and its bytes in the suffix's format."""
    libraries = library_of(figure)
    if "matplotlib" in libraries:
        return _with_suffix(name, _MATPLOTLIB, _matplotlib, figure)
    if "altair" in libraries:
        return _with_suffix(name, _ALTAIR, _altair, figure)
    if "PIL" in libraries:
        return _with_suffix(name, _PILLOW, _pillow, figure)
    if "numpy" in libraries and hasattr(figure, "ndim"):
        return _with_suffix(name, _PILLOW, _pillow, _image(figure))
    if isinstance(figure, (list, tuple)) and figure and "matplotlib" in library_of(figure[0]):
        return figure_bytes(figure[0], name)  # what plt.plot gives
    raise UsageError(
        f"a {described(figure)} is not a figure of matplotlib, Altair or Pillow, nor an array",
        hint="save it to a file and log that with log_artifact",
    )


def _with_suffix(
    name: str, formats: tuple[str, ...], convert: Any, figure: Any
) -> tuple[str, bytes]:
    suffix = suffix_of(name)
    if not suffix:
        name, suffix = name + formats[0], formats[0]
    if suffix not in formats:
        raise UsageError(
            f"a {described(figure)} cannot be saved as {name!r}",
            hint=f"end the name in one of {', '.join(formats)}",
        )
    data: bytes = convert(figure, suffix)
    return name, data


def _matplotlib(figure: Any, suffix: str) -> bytes:
    if not hasattr(figure, "savefig"):
        # axes, a line, a bar: what it is drawn on
        owner = getattr(figure, "figure", None) or getattr(figure, "get_figure", lambda: None)()
        if not hasattr(owner, "savefig"):
            raise UsageError(f"a {described(figure)} belongs to no figure", hint="log the figure")
        figure = owner
    import matplotlib as mpl

    # the date, and ids drawn by lot, would make every run's picture a new one
    dated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    kind = suffix.lstrip(".")
    out = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "gitrack"}):
        figure.savefig(out, format=kind, metadata=dated.get(suffix), bbox_inches="tight")
    return out.getvalue()


def _altair(chart: Any, suffix: str) -> bytes:
    altair = sys.modules["altair"]
    with altair.data_transformers.enable("default", max_rows=None):
        if suffix == ".json":
            text: str = chart.to_json(indent=None)
            return text.encode()
        return _rendered(chart, suffix)


def _rendered(chart: Any, suffix: str) -> bytes:
    """By vl-convert, through Altair. The page holds its scripts, so it needs no network."""
    out = io.BytesIO() if suffix == ".png" else io.StringIO()
    options = {"inline": True} if suffix == ".html" else {}
    try:
        chart.save(out, format=suffix.lstrip("."), **options)
    except (ImportError, ValueError) as error:
        if "vl-convert" in str(error) or "vl_convert" in str(error):
            raise MissingExtra(f"a chart as {suffix}", "vl-convert-python", "site") from error
        raise
    written = out.getvalue()
    return written.encode() if isinstance(written, str) else written


def _pillow(image: Any, suffix: str) -> bytes:
    kind = {".jpg": "jpeg"}.get(suffix, suffix.lstrip("."))
    if kind == "jpeg" and image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")  # has no transparency
    out = io.BytesIO()
    image.save(out, format=kind)
    return out.getvalue()


def _image(array: Any) -> Any:
    """An array of height × width, or × 3 or 4 colours: whole numbers to 255, or floats to 1."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtra("an array as a picture", "Pillow", "demo") from error
    import numpy as np

    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if (
        array.size == 0
        or array.ndim not in (2, 3)
        or (array.ndim == 3 and array.shape[2] not in (3, 4))
    ):
        raise UsageError(
            f"an array of shape {array.shape} is not a picture",
            hint="give height × width, or height × width × 3 or 4 colours",
        )
    if array.dtype.kind == "b":
        array = array.astype(np.uint8) * 255
    elif array.dtype.kind == "f":
        if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
            raise UsageError(
                "a picture of floats has values outside 0 to 1", hint="scale it to 0–1"
            )
        array = np.round(array * 255).astype(np.uint8)
    elif array.dtype.kind in "iu":
        if array.min() < 0 or array.max() > 255:
            raise UsageError("a picture has values outside 0 to 255", hint="scale it to 0–255")
        array = array.astype(np.uint8)
    else:
        raise UsageError(f"an array of {array.dtype} is not a picture", hint="give numbers")
    return Image.fromarray(np.ascontiguousarray(array))
