"""JSON that commands print is JSON for every reader."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import msgspec
import pytest

from gitrack.cli.output import print_json


class Told(msgspec.Struct):
    place: Path
    score: float


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_what_json_does_not_know_becomes_text(capsys: pytest.CaptureFixture[str]) -> None:
    odd = {1: float("inf"), "day": dt.date(2026, 1, 31), "name": "caf\udce9"}
    print_json([Told(Path("a/b"), float("nan")), odd, (-float("inf"), 0.5, None, True)])

    read = json.loads(capsys.readouterr().out, parse_constant=_refuse)

    assert read == [
        {"place": "a/b", "score": "NaN"},
        {"1": "Infinity", "day": "2026-01-31", "name": "caf\udce9"},
        ["-Infinity", 0.5, None, True],
    ]
