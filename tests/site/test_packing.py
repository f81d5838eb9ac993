"""Lists of numbers in few characters: what a page opens is what was packed."""

from __future__ import annotations

import base64
import math
import struct

import pytest

from gitrack.site import packing


def opened(packed):
    """As the page does."""
    match packed:
        case {"from": first, "by": by, "count": count}:
            return [first + place * by for place in range(count)]
        case {"bits": text, "count": count}:
            data = base64.b64decode(text)
            return [data[place >> 3] >> (place & 7) & 1 for place in range(count)]
        case {"signs": text}:
            return text
        case {"between": between, "per": per}:
            return [sum(between[: place + 1]) / per for place in range(len(between))]
        case {"words": text, "low": low, "step": step}:
            data = base64.b64decode(text)
            words = struct.unpack(f"<{len(data) // 2}H", data)
            return [None if word == 65535 else low + word * step for word in words]
        case {"floats": text, **more}:
            data = base64.b64decode(text)
            found = [float(f"{v:.7g}") for v in struct.unpack(f"<{len(data) // 4}f", data)]
            for place in more.get("none", []):
                found[place] = None
            return found
    return packed


def test_cases_of_two_labels_of_several_and_of_numbers():
    bits = [0, 1, 1, 0, 0, 0, 0, 1, 1]
    assert opened(packing.cases(bits)) == bits
    assert packing.cases(bits).keys() == {"count", "bits"}
    assert opened(packing.cases([0, 1, None, 10.0, 61])) == "01-Az"
    assert opened(packing.cases([0.25, None, 0.75])) == [0.25, None, pytest.approx(0.75)]
    assert opened(packing.cases([62])) == [62]
    assert opened(packing.cases([])) == []
    values = [i / 997 for i in range(1000)]
    assert opened(packing.cases(values)) == pytest.approx(values, abs=1e-5)


def test_cases_that_no_difference_spans():
    assert opened(packing.cases([0.5, 0.5])) == [0.5, 0.5]
    assert opened(packing.cases([-1.5e308, 1e308])) == [0, pytest.approx(1e308, rel=1e-4)]


def test_steps_that_go_up_evenly():
    assert packing.counted(list(range(5, 105, 2))) == {"from": 5, "by": 2, "count": 50}
    assert opened(packing.counted([*range(50), 60])) == [*range(50), 60]
    assert packing.counted([None] * 20) == [None] * 20


def test_times_by_what_lies_between():
    times = [round(1.7 + 0.013 * i * i, 3) for i in range(40)]
    assert opened(packing.moments(times)) == pytest.approx(times)
    assert packing.moments([None, *times]) == [None, *times]


def test_measurements_keep_seven_digits():
    values = [1.234567 / (i + 1) for i in range(50)]
    kept = [float(f"{value:.7g}") for value in values]
    packed = packing.series([*kept, None, math.inf])
    assert "floats" in packed
    assert opened(packed)[:-2] == pytest.approx(kept, rel=2e-7)
    assert opened(packed)[-2:] == [None, math.inf]


@pytest.mark.parametrize("odd", [1e300, 1e-300, 123456789])
def test_what_four_bytes_do_not_hold_is_left_as_it_is(odd):
    values = [odd, *(i / 7 for i in range(30))]
    assert packing.series(values) is values
