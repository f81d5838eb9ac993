"""Data that scripts carry: safe wherever it ends up."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from gitrack.site import links, scripts


def test_nothing_in_a_script_can_end_it():
    data = scripts.call("run", {"name": "</script><!--\u2028\u2029&"})

    assert data.isascii()
    assert not set("<>&") & set(data.decode())
    assert data.decode().count("\n") == 1


def test_numbers_that_json_lacks_come_by_name():
    assert scripts.call("f", [math.nan, math.inf, -math.inf, 2**60]) == (
        b'gitrack.f(["NaN","Infinity","-Infinity","1152921504606846976"]);\n'
    )


def test_names_of_users_are_never_keys():
    assert scripts.pairs({"b": 1, "__proto__": 2}) == [["__proto__", 2], ["b", 1]]


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_what_goes_in_comes_out(text, number):
    body = scripts.call("f", [text, number]).decode().removeprefix("gitrack.f(")

    back, same = json.loads(body.removesuffix(");\n"))

    assert same == number
    if text.isprintable():
        assert back == text


@given(st.text())
def test_a_slug_is_a_safe_file_name(name):
    slug = links.slug(name)

    assert 0 < len(slug) <= 80
    assert slug.isascii()
    assert slug == slug.lower()
    assert not set(slug) & set("/\\:*?\"<>|% \n'&#")
    assert not slug.startswith(".")
    assert ".." not in slug
    # what we made is nobody else's name: somebody who is called so has another slug
    assert (links.slug(slug) == slug) == (slug == name)


def test_names_that_differ_have_slugs_that_differ():
    names = ["Weather", "weather", "weather ", "wéather", "../weather", "con", "nul.txt", "", "a/b"]

    assert len({links.slug(name) for name in names}) == len(names)
    assert links.slug("xgboost-weather-20260905") == "xgboost-weather-20260905"
