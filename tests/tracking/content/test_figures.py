"""Figures of other libraries become files of the format that their name asks for."""

from __future__ import annotations

import io
import json
from typing import Any

import altair as alt
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gitrack.errors import UsageError
from gitrack.tracking.content import figure_bytes

mpl.use("Agg")
from matplotlib import pyplot as plt

STARTS = {
    ".png": b"\x89PNG",
    ".svg": b"<",
    ".pdf": b"%PDF",
    ".jpg": b"\xff\xd8\xff",
    ".webp": b"RIFF",
    ".gif": b"GIF8",
    ".html": b"<!DOCTYPE html>",
    ".json": b"{",
}


@pytest.fixture
def drawn() -> Any:
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    yield figure
    plt.close(figure)


@pytest.fixture
def chart() -> alt.Chart:
    frame = pd.DataFrame({"x": range(6_000), "y": range(6_000)})
    return alt.Chart(frame).mark_line().encode(x="x", y="y")


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".jpg", ".webp"])
def test_matplotlib_twice_is_the_same_file(drawn: Any, suffix: str) -> None:
    name, data = figure_bytes(drawn, f"plots/roc{suffix}")

    assert name == f"plots/roc{suffix}"
    assert data.startswith(STARTS[suffix])
    assert figure_bytes(drawn, name)[1] == data


def test_axes_and_what_plot_gives_are_their_figure(drawn: Any) -> None:
    (axes,) = drawn.axes

    assert figure_bytes(axes, "a") == figure_bytes(drawn, "a")
    assert figure_bytes(axes.lines[0], "a") == figure_bytes(drawn, "a")
    assert figure_bytes(list(axes.lines), "a")[0] == "a.png"


@pytest.mark.parametrize("suffix", [".svg", ".png", ".json", ".html"])
def test_altair_needs_no_network_and_has_no_row_limit(chart: alt.Chart, suffix: str) -> None:
    _, data = figure_bytes(chart, f"curve{suffix}")

    assert data.lstrip().startswith(STARTS[suffix])
    assert b"cdn.jsdelivr.net" not in data
    if suffix == ".json":
        assert json.loads(data)["mark"] == {"type": "line"}


def test_a_layered_chart_without_a_suffix_is_svg(chart: alt.Chart) -> None:
    assert figure_bytes(chart + chart, "both")[0] == "both.svg"


def test_pillow_keeps_the_picture() -> None:
    picture = Image.new("RGBA", (3, 2), (10, 20, 30, 40))

    name, data = figure_bytes(picture, "mask")
    assert name == "mask.png"
    assert Image.open(io.BytesIO(data)).getpixel((0, 0)) == (10, 20, 30, 40)
    assert figure_bytes(picture, "mask.jpg")[1].startswith(STARTS[".jpg"])


@pytest.mark.parametrize(
    ("array", "pixel"),
    [
        (np.full((4, 5), 0.5), 128),
        (np.full((4, 5), 7, dtype=np.int64), 7),
        (np.full((4, 5, 1), 7, dtype=np.uint8), 7),
        (np.ones((4, 5), dtype=bool), 255),
        (np.full((4, 5, 3), 9, dtype=np.uint8), (9, 9, 9)),
    ],
)
def test_arrays_are_pictures(array: Any, pixel: object) -> None:
    image = Image.open(io.BytesIO(figure_bytes(array, "a.png")[1]))

    assert image.size == (5, 4)
    assert image.getpixel((0, 0)) == pixel


@pytest.mark.parametrize(
    ("figure", "name", "why"),
    [
        ("a text", "a.png", "a str is not a figure"),
        (np.zeros((2, 2, 7)), "a.png", r"shape \(2, 2, 7\) is not a picture"),
        (np.full((2, 2), 3.5), "a.png", "outside 0 to 1"),
        (np.full((2, 2), 300), "a.png", "outside 0 to 255"),
        (np.full((2, 2), np.nan), "a.png", "outside 0 to 1"),
        (np.zeros((0, 2)), "a.png", "not a picture"),
        (Image.new("L", (1, 1)), "a.svg", "cannot be saved as 'a.svg'"),
    ],
)
def test_what_is_no_figure_says_so(figure: object, name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        figure_bytes(figure, name)
