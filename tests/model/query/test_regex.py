"""Regular expressions: the same answers as Python's, and never without end."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.model.query.regex import BadRegex, Regex


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        ("b+", ["abc", "bbb"], ["", "ac"]),
        ("^ab?c$", ["abc", "ac"], ["abcd", "xac"]),
        ("a|b", ["xa", "b"], ["c"]),
        (r"\d{2,3}", ["a12", "1234"], ["1a2"]),
        (r"lr0\.\d+", ["lr0.05"], ["lr0x05"]),
        (r"\bweather\b", ["the weather is", "weather"], ["weathered"]),
        ("[a-c_]+$", ["xx_ab"], ["d"]),
        ("[^a-c]", ["d"], ["abc"]),
        (r"[\w.-]+@x\.org", ["ada.b@x.org"], ["@x.org"]),
        ("(?i)XGB", ["xgboost"], ["lgb"]),
        ("(?:ab){2}", ["abab"], ["ab"]),
        ("x{", ["x{"], ["x"]),
        ("", ["", "a"], []),
        ("größe", ["die größe"], ["grosse"]),
    ],
)
def test_patterns(pattern, found, not_found):
    regex = Regex(pattern)

    assert [text for text in found if not regex.found_in(text)] == []
    assert [text for text in not_found if regex.found_in(text)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "(a",
        "a)",
        "[a",
        "*a",
        "a**",
        "(?=a)",
        r"(a)\1",
        "a{3,2}",
        "a{99999}",
        "[z-a]",
        "\\",
        "((a{50}){50}){50}",
    ],
)
def test_what_it_does_not_know_is_refused_in_words(pattern):
    with pytest.raises(BadRegex, match=r"^[a-z].*[:\\]"):
        Regex(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a|a)*$", "(a*)*b", ".*.*.*.*.*x", "(a|aa)+$"])
def test_patterns_that_take_others_forever_take_no_time(pattern):
    assert not Regex(pattern).found_in("a" * 5000 + "!")


pattern_texts = st.recursive(
    st.sampled_from(["a", "b", ".", r"\d", r"\w", "[ab]", "[^a]", "^", "$", r"\b", "1", r"\."]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,1}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
    ),
    max_leaves=6,
)


@given(pattern_texts, st.text("ab1. \nz", max_size=8))
def test_answers_are_those_of_python(pattern, text):
    # Python's $ also matches before a last newline; ours is the end alone
    theirs = re.search(pattern.replace("$", r"\Z"), text) is not None

    assert Regex(pattern).found_in(text) is theirs
