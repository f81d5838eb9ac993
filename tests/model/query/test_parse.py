"""Filters: what they find, and how they say what they cannot understand."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.errors import InvalidFilter
from gitrack.model.query import parse
from gitrack.model.query.nodes import Key
from tests.model.query.cases import CURVES, FAULTS, MLFLOW, MORE, NOW, TIMES
from tests.model.query.tables import RUNS, Columns


def found(text: str) -> str:
    return "".join(RUNS.column("id")[row] for row in parse(text).select(RUNS, now=NOW))


@pytest.mark.parametrize(("text", "ids"), MLFLOW)
def test_mlflow_filters_find_what_mlflow_finds(text, ids):
    assert found(text) == ids


@pytest.mark.parametrize(("text", "ids"), MORE)
def test_what_it_adds_to_mlflow(text, ids):
    assert found(text) == ids


@pytest.mark.parametrize(("text", "ids"), TIMES)
def test_dates_and_durations(text, ids):
    assert found(text) == ids


@pytest.mark.parametrize(("text", "ids"), CURVES)
def test_curves_and_names_that_look_like_them(text, ids):
    assert found(text) == ids


@pytest.mark.parametrize(("text", "why", "caret", "hint"), FAULTS)
def test_a_fault_is_marked_with_a_caret(text, why, caret, hint):
    with pytest.raises(InvalidFilter) as caught:
        parse(text).select(RUNS)

    sentence, shown, mark = caught.value.message.split("\n")
    assert why in sentence
    assert shown == f"  {text}"
    assert mark.index("^") == caret + 2
    assert hint is None or hint in (caught.value.hint or "")


def test_a_long_or_strange_filter_is_shown_in_one_harmless_line():
    text = "a = 1 and " * 50 + "b \x1b[31m= 日本 ! " + "and c = 1 " * 50

    with pytest.raises(InvalidFilter) as caught:
        parse(text)

    _, shown, _ = caught.value.message.split("\n")
    assert shown.isprintable()
    assert len(shown) < 140


def test_filters_without_measure_are_refused():
    assert parse("(" * 500 + "a = 1" + ")" * 500).keys() == [Key("any", "a", 500)]
    with pytest.raises(InvalidFilter, match="levels of brackets"):
        parse("not " * 500 + "a = 1")
    with pytest.raises(InvalidFilter, match="too long"):
        parse("a = 1 and " * 5000 + "a = 1")
    with pytest.raises(InvalidFilter, match="is text"):
        parse(3)  # type: ignore[arg-type]  # what an untyped caller may do


def test_in_an_empty_table_every_key_is_only_missing():
    empty = Columns({})

    assert parse("accuracy > 3 or attributes.foo = 1 or dataset.name = 'x'").select(empty) == []


def test_keys_that_no_run_has_are_named_with_near_ones():
    query = parse("metrics.acu > 3 and params.lr = 1 and tags.zzz is null and metrics.auc.max > 1")

    assert query.missing(RUNS) == ["metrics.acu; did you mean metrics.auc?", "tags.zzz"]


def test_the_meaning_of_a_filter_is_plain_json():
    query = parse("metrics.auc > 0.9 and not started > now-7d")

    meaning = json.loads(json.dumps(query.as_json()))

    assert meaning["type"] == "and"
    assert meaning["parts"][0]["key"]["entity"] == "metric"
    assert meaning["parts"][1]["part"]["values"][0]["number"] == -604800
    assert parse("").as_json() is None


PIECES = (
    "metrics.auc params.lr tags.`a b` name status started = != > like in between is null not and "
    "or ( ) , 1 'x' 0.5 now-7d 2026-01-01 2h true matches contains ~ \" ' ` ; -- \\ %"
)
pieces = st.sampled_from(PIECES.split())


@given(st.one_of(st.text(max_size=40), st.lists(pieces, max_size=12).map(" ".join)))
def test_no_text_does_worse_than_an_invalid_filter(text):
    with contextlib.suppress(InvalidFilter):
        parse(text).select(RUNS, now=NOW)
