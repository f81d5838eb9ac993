"""Only what DVC writes as an md5 is one: anything else would become a path."""

from __future__ import annotations

import pytest

from gitrack.model.md5 import is_md5

DIGITS = "a4f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8"


@pytest.mark.parametrize("value", [DIGITS, f"{DIGITS}.dir"])
def test_files_and_folders_have_one(value: str) -> None:
    assert is_md5(value)


@pytest.mark.parametrize(
    "value",
    [None, 7, DIGITS.encode(), "", DIGITS[1:], DIGITS.upper(), f"{DIGITS}\n", f"{DIGITS}.dirs",
     f"../{DIGITS}", "٣" * 32],
)  # fmt: skip
def test_nothing_else_is_one(value: object) -> None:
    assert not is_md5(value)
