"""What users pass becomes plain values, or is refused with what to do."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import enum
import math
from decimal import Decimal
from pathlib import Path

import pytest

from gitrack.errors import InvalidName, UsageError
from gitrack.tracking.logged import values


class Optimizer(enum.Enum):
    ADAM = "adam"


@dataclasses.dataclass
class Options:
    depth: int = 3
    name: str = "x"


def test_nested_settings_are_joined_by_dots():
    nested = {"model": {"depth": 8, "boost": {"eta": 0.1}}, "layers": {0: "a"}, "empty": {}}
    assert values.flat(nested) == {
        "model.depth": 8,
        "model.boost.eta": 0.1,
        "layers.0": "a",
        "empty": "{}",
    }


def test_objects_with_attributes_are_settings_too():
    assert values.flat(argparse.Namespace(lr=0.1)) == {"lr": 0.1}
    assert values.flat(Options()) == {"depth": 3, "name": "x"}


def test_two_settings_of_one_joined_name_are_refused():
    with pytest.raises(InvalidName, match="twice"):
        values.flat({"a.b": 1, "a": {"b": 2}})


def test_settings_that_contain_themselves_are_refused():
    endless: dict[str, object] = {}
    endless["again"] = endless
    with pytest.raises(InvalidName, match="nested"):
        values.flat(endless)


@pytest.mark.parametrize("params", [3, "lr=1", ["lr"], Options])
def test_what_is_no_dict_is_refused(params):
    with pytest.raises(UsageError, match="dict"):
        values.flat(params)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.5, 0.5),
        ("yes", "yes"),
        ([1, 2.5, "x", None], '[1, 2.5, "x", null]'),
        (({"a": 1},), '[{"a": 1}]'),
        ({3, 1, 2}, "[1, 2, 3]"),
        (Path("data") / "x.csv", "data/x.csv"),
        (Optimizer.ADAM, "adam"),
        (dt.date(2024, 10, 15), "2024-10-15"),
        (Decimal("0.1"), "0.1"),
        (2**64, "18446744073709551616"),
        (int, "int"),
        (math.sqrt, "math.sqrt"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_scalars(value, kept):
    found = values.scalar("param", "p", value)
    assert found == kept
    assert type(found) is type(kept)


def test_numbers_of_numpy_are_what_they_are():
    import numpy

    assert values.scalar("param", "p", numpy.float64(0.1)) == 0.1
    assert type(values.scalar("param", "p", numpy.int32(3))) is int
    assert values.scalar("param", "p", numpy.bool_(True)) is True
    assert values.scalar("param", "p", numpy.array([1, 2])) == "[1, 2]"
    assert values.scalar("param", "p", [numpy.float32(0.5)]) == "[0.5]"


class FakeTensor:
    """As torch's scalars behave."""

    def __init__(self, *held: float) -> None:
        self.held = held

    def item(self) -> float:
        if len(self.held) != 1:
            raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")
        return self.held[0]

    def __float__(self) -> float:
        return self.item()


def test_tensors_of_one_element_are_numbers_and_others_are_not():
    assert values.number("metric", "loss", FakeTensor(0.25)) == 0.25
    with pytest.raises((UsageError, RuntimeError)):
        values.number("metric", "loss", FakeTensor(1.0, 2.0))


def test_long_text_is_refused_with_the_mend():
    with pytest.raises(UsageError, match="log_text"):
        values.scalar("param", "p", "x" * 10_000)


def test_moments():
    assert values.nanoseconds(1.5) == 1_500_000_000
    assert values.nanoseconds(dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)) == 10**9
    with pytest.raises(UsageError, match="milliseconds"):
        values.nanoseconds(1_700_000_000_000)
    with pytest.raises(UsageError, match="moment"):
        values.nanoseconds("now")


@pytest.mark.parametrize("name", ["'\"", "<script>", "فارسی", "🚀 x", "-lr", "..", "a/b", "%"])
def test_odd_names_of_labels_are_kept(name):
    assert values.key("metric", name) == name


@pytest.mark.parametrize("value", [10**400, "numpy:complex64:1", "numpy:array:1,2"])
def test_what_is_not_one_real_number_is_refused(value):
    if isinstance(value, str):
        numpy = pytest.importorskip("numpy")
        _, kind, content = value.split(":")
        value = getattr(numpy, kind)([float(part) for part in content.split(",")])

    with pytest.raises(UsageError, match="'m' is not one number"):
        values.number("metric", "m", value)


@pytest.mark.parametrize("moment", [dt.datetime.min, dt.datetime.max, 9.9e9, -1e300])
def test_a_moment_that_nanoseconds_do_not_reach_is_refused(moment):
    with pytest.raises(UsageError, match="out of range"):
        values.nanoseconds(moment)


def test_truth_is_no_step_whatever_its_type():
    numpy = pytest.importorskip("numpy")
    for truth in (True, numpy.True_):
        with pytest.raises(UsageError, match="not a whole number"):
            values.step(truth)


def test_a_short_array_is_kept_as_a_list_and_a_long_one_as_its_library_shows_it():
    numpy = pytest.importorskip("numpy")
    assert values.scalar("param", "p", numpy.array([1.5, 2])) == "[1.5, 2.0]"
    assert "..." in str(values.scalar("param", "p", numpy.arange(10_000)))
