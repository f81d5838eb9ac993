"""What the emitter writes, every reader reads alike; what the strict reader reads, PyYAML reads."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitrack.config import safe_yaml
from gitrack.store.codec.emitter import dump
from gitrack.store.codec.reader import StrictReader

characters = st.characters(exclude_categories=["Cs"])
words = st.sampled_from(
    ["a", "yes", "No", "null", "~", "1e-4", "0123", "1:30", "- x", "a: b", "#", "", " x ", "%s"]
)
texts = words | st.text(characters, max_size=20)
keys = st.sampled_from(["lr", "val/loss", "on", "y", "a b", "1", "%d", "-", "?", "x:", "é"]) | texts
scalars = (
    texts | st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=True)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)
documents = st.dictionaries(keys, values, max_size=5)

strict = StrictReader()


def same(one: Any, other: Any) -> bool:
    """Equal in value and in type, where NaN is NaN."""
    if isinstance(one, float) and isinstance(other, float):
        return repr(one) == repr(other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and list(one) == list(other)
            and all(same(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@given(documents)
def test_emitter_strict_reader_and_pyyaml_agree(document: dict[str, Any]):
    text = dump(document)

    assert same(strict.read(text), document)
    assert same(yaml.load(text, Loader=yaml.CSafeLoader), document)
    assert same(safe_yaml.load(text.encode(), name="f")[0], document)


@settings(max_examples=60)
@given(documents)
def test_a_yaml_1_2_reader_agrees(document: dict[str, Any]):
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    assert same(reader.load(dump(document)), document)


def test_what_the_issue_with_yaml_is():
    text = dump({"lr": 1e-05, "big": 1e22, "flag": "no", "code": "0123", "time": "1:30", "on": 1})
    assert text == ('lr: 1.0e-05\nbig: 1.0e+22\nflag: "no"\ncode: "0123"\ntime: "1:30"\n"on": 1\n')
    assert yaml.safe_load(text) == {
        "lr": 1e-05, "big": 1e22, "flag": "no", "code": "0123", "time": "1:30", "on": 1,
    }  # fmt: skip


def test_nesting_is_written_as_people_expect():
    text = dump(
        {
            "data": [{"name": "flights", "rows": 3}, {"name": "weather", "tags": ["a", "b"]}],
            "gates": [[1, 2], {}, []],
            "empty": {},
            "inf": [math.inf, -math.inf, math.nan],
        }
    )
    assert text == (
        'data:\n- name: "flights"\n  rows: 3\n- name: "weather"\n  tags:\n  - "a"\n  - "b"\n'
        "gates:\n- - 1\n  - 2\n- {}\n- []\nempty: {}\ninf:\n- .inf\n- -.inf\n- .nan\n"
    )
    assert strict.read(text) is not None


def test_characters_that_break_lines_elsewhere_are_escaped():
    text = dump({"a": "\x85\u2028\u2029\ufeff\x7f\x00\ufffe"})
    assert text == 'a: "\\u0085\\u2028\\u2029\\ufeff\\u007f\\u0000\\ufffe"\n'


def test_half_a_character_becomes_the_replacement_character():
    assert dump({"a": "x\ud800"}).encode() == 'a: "x\ufffd"\n'.encode()


MUTATIONS = [
    *("\n", " ", "  ", '"', "\\", ":", ": ", "#", " #", "-", "- ", "0", "00", ".", "e", "E", "+"),
    *("_", "yes", "1e5", "0x1F", "NaN", ".nan", "\u2028", "\ufeff", "\x85", "", "[1]", "{}", "%"),
    *("\t", "? ", "&a ", "*a", "!!str ", "| ", "> ", "'", "\\u00e9", "\\ud83d\\ude00", "\\/", "~"),
]


@pytest.mark.parametrize("seed", range(8))
def test_mutants_that_the_strict_reader_accepts_are_read_the_same_by_pyyaml(seed: int):
    rng = random.Random(seed)
    document = {
        "format": 1,
        "id": "20241022-143012-7k3f9q",
        "params": {"lr": 1e-05, "x y": "é\n", "n": None, "ok": True, "list": [1, [2, 3.5]]},
        "data": [{"name": "a", "rows": 3}, {"name": "b", "tags": ["x", "y"]}],
        "inf": math.inf,
    }
    original = dump(document)
    accepted = 0
    for _ in range(1200):
        text = list(original)
        for _ in range(rng.choice([1, 1, 2, 3])):
            text[rng.randrange(len(text))] = rng.choice(MUTATIONS)
        mutant = "".join(text)
        value = strict.read(mutant)
        if value is not None:
            accepted += 1
            assert same(value, yaml.load(mutant, Loader=yaml.CSafeLoader)), mutant
    assert accepted > 50


@given(st.text(alphabet='ab:- \n"1.{}[]%\\', max_size=30))
def test_short_texts_that_the_strict_reader_accepts_are_read_the_same_by_pyyaml(text: str):
    value = strict.read(text)
    if value is not None:
        assert same(value, yaml.load(text, Loader=yaml.CSafeLoader))


def test_deep_nesting_is_left_to_the_careful_reader():
    text = "- " * 30 + "1\n"
    assert strict.read(text) is None
