"""Names that are kept, and names that are refused at once with the mend."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.errors import InvalidName
from gitrack.model import names

HOSTILE = {
    "quotes": 'it\'s "quoted"',
    "markup": "<script>alert(1)</script>",
    "emoji": "🚀 run",
    "right to left": "ניסוי א",
    "dots": "..",
    "dashes": "--help",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "keep", [names.run_name, names.metric_name, names.param_name, names.tag_name]
)
def test_labels_keep_what_only_looks_dangerous(keep, name):
    assert keep(name) == name


@pytest.mark.parametrize("keep", [names.run_name, names.experiment_name, names.artifact_path])
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("two\nlines", "a newline"),
        ("a\x1b[31mred", "U+001B"),
        ("nul\0", "a NUL"),
        ("sep\u2028arator", "U+2028"),
        ("\ud800", "half a character"),
        ("", "is empty"),
        ("   ", "is empty"),
        (3, "is not text"),
        (None, "is not text"),
    ],
)
def test_nothing_keeps_control_characters_or_nothing_at_all(keep, name, why):
    with pytest.raises(InvalidName) as caught:
        keep(name)

    assert why in caught.value.message
    assert caught.value.hint


def test_a_label_has_at_most_250_characters():
    assert names.run_name("ü" * 250) == "ü" * 250
    with pytest.raises(InvalidName, match="has 300 characters"):
        names.run_name("x" * 300)


def test_a_label_has_no_spaces_around_it():
    with pytest.raises(InvalidName, match="write 'x'"):
        names.param_name(" x ")


def test_names_that_look_alike_are_alike():
    assert names.run_name("cafe\u0301") == names.run_name("café") == "café"
    assert names.experiment_name("cafe\u0301") == "café"


@pytest.mark.parametrize(
    "name", ["xgboost-weather-features-20241022", "Default", "My experiment (2)", "größe", "实验"]
)
def test_places_keep_ordinary_names(name):
    assert names.experiment_name(name) == name
    assert names.model_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(HOSTILE[key] for key in ("quotes", "markup", "dots", "dashes")),
        ".",
        ".hidden",
        "a/b",
        "a\\b",
        "a:b",
        "a*",
        "ends.",
        " begins",
        "CON",
        "nul.txt",
        "com1",
        ".git",
        "GIT~1",
        "a\u202eb",
        "a\u200bb",
        "no\u00a0break",
        "x" * 300,
        "ü" * 61,
    ],
)
def test_places_refuse_what_some_system_cannot_hold(name):
    with pytest.raises(InvalidName) as caught:
        names.experiment_name(name)

    assert caught.value.hint


@pytest.mark.parametrize("path", ["model", "plots/roc.png", "a/b/c.txt", "with space/x (1).csv"])
def test_artifact_paths_are_kept(path):
    assert names.artifact_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "C:\\x",
        "a/-rf",
        "a/.git/config",
        "a/con.txt",
        "model.dvc",
        "/".join(["x" * 100] * 5),
    ],
)
def test_artifact_paths_stay_inside_and_portable(path):
    with pytest.raises(InvalidName) as caught:
        names.artifact_path(path)

    assert caught.value.hint


@given(st.text(max_size=130))
def test_a_place_that_is_kept_is_one_portable_part(name):
    try:
        kept = names.experiment_name(name)
    except InvalidName:
        return
    assert "/" not in kept
    assert kept not in (".", "..")
    assert len(kept.encode()) <= 120
    assert unicodedata.is_normalized("NFC", kept)
    assert names.experiment_name(kept) == kept


@given(st.text(max_size=300))
def test_a_label_that_is_kept_is_one_line(name):
    try:
        kept = names.run_name(name)
    except InvalidName:
        return
    assert len(kept.splitlines()) == 1
    assert names.run_name(kept) == kept
