"""The reader for files that we did not write."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitrack.config.safe_yaml import load
from gitrack.errors import UnreadableFile


def read(text: bytes | str) -> object:
    return load(text, name="file.yaml")[0]


def refusal(text: bytes | str) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(text)
    assert caught.value.path == "file.yaml"
    assert caught.value.hint
    return caught.value.why


def test_plain_documents_read_as_pyyaml_reads_them():
    text = "a: 1\nb: [1.5, {c: no}, '1']\nd:\n- x\n- y: ~\ne: 0x1F\nf: 1:30\ng: .inf\nh: 1e-4\n"
    assert read(text) == yaml.load(text, Loader=yaml.CSafeLoader)


def test_dates_stay_text():
    assert read("a: 2024-10-22\n") == {"a": "2024-10-22"}


def test_a_byte_order_mark_is_dropped():
    assert read("\ufeffa: 1\n".encode()) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &x 1\n", "line 1, column 4: an anchor (&x)"),
        ("a: 1\nb: *x\n", "line 2, column 4: an alias (*x)"),
        ("a: !!python/object/apply:os.system ['true']\n", "line 1, column 4: a tag"),
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' stands here a second time"),
        ("a:\n  b: 1\n  'b': 2\n", "line 3, column 3: the key 'b'"),
        ("<<: {a: 1}\n", "line 1, column 1: the value '<<'"),
        ("a: 1\n---\nb: 1\n", "line 2, column 1: a second document"),
        ("1: a\n", "line 1, column 1: the key 1 is not text"),
        ("on: a\n", "line 1, column 1: the key on is not text"),
        ("? [a]\n: 1\n", "line 1, column 3: a map or a list"),
        ("a: b: c\n", "line 1, column 5: mapping values"),
        ("a: 'b\n", "line 2, column 1: found unexpected end of stream"),
        ("a: 1\nb: \x01\n", "a character that YAML does not allow"),
        (b"a: 1\nb: \xff\n", "line 2: not UTF-8"),
        ("a: " + "9" * 5000, "line 1, column 4: the value '999"),
    ],
)
def test_what_is_refused_names_its_line(text: bytes | str, why: str):
    assert why in refusal(text)


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 500_000,
        "{a: " * 100_000,
        "a: " + "1:" * 200_000 + "1",
        "- " * 200_000,
        "? " * 200_000,
    ],
)
def test_bombs_end_at_once(bomb: str):
    refusal(bomb)


def test_a_huge_file_is_refused_before_it_is_parsed():
    assert "50,000,000 bytes" in refusal(b"\xff" * 50_000_000)


def test_nesting_has_a_limit():
    assert read("[" * 20 + "]" * 20)
    assert "nested deeper than 20" in refusal("[" * 21 + "]" * 21)


def test_lines_are_found_by_path():
    lines = load("a: 1\ntags:\n  required:\n  - x\n  - y: 1\n", name="f")[1]
    assert lines.at("$.tags.required[1].y") == 5
    assert lines.at(("tags", "required", 0)) == 4
    assert lines.at("$.tags[...]") == 2
    assert lines.at("$.tags.nothing.like.it") == 2
    assert lines.at("$") == 1


def test_lines_of_an_empty_document():
    value, lines = load("", name="f")
    assert value is None
    assert lines.at("$.a") is None


@given(st.text(alphabet="ab:-[]{}&*!?'\"\n #|>1.,<", max_size=40))
def test_whatever_is_accepted_is_what_pyyaml_reads(text: str):
    try:
        value = read(text)
    except UnreadableFile:
        return
    assert repr(value) == repr(yaml.load(text, Loader=yaml.CSafeLoader))
