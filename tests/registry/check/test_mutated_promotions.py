"""A promotion in which anything was changed is refused by a finding, never by a traceback."""

from __future__ import annotations

import random

import pytest

from tests.registry.check.pulls import Pulls

VALUES = [
    *('""', "null", "[]", "{}", "0", "-1", "1.5", "true", "99999999999999999999", '"../../x"'),
    *('"\\u0000"', '"\\ud800"', '"a\\nb"', ".nan", ".inf", "[1, 1]", "[2, null]"),
    *('"9999-12-31T23:59:59Z"', '"0001-01-01T00:00:00+23:59"', '"2026-01-01"', '"@ada"'),
    *('"Ada <>"', '"x: y"', '"' + "é" * 5000 + '"', "{a: {b: {c: d}}}"),
]


@pytest.mark.parametrize("seed", range(12))
def test_any_line_is_something_else(pulls: Pulls, seed: int) -> None:
    chance = random.Random(seed)
    planned = pulls.planned(2, "staging")
    path = f"registry/churn/promotions/{planned.id}.yaml"
    lines = planned.changes[path].decode().splitlines()
    for _ in range(6):
        changed = list(lines)
        number = chance.randrange(len(changed))
        key, colon, _ = changed[number].partition(":")
        changed[number] = f"{key}{colon} {chance.choice(VALUES)}"
        if chance.random() < 0.3:
            del changed[chance.randrange(len(changed))]
        data = ("\n".join(changed) + "\n").encode("utf-8", "surrogatepass")
        checked = pulls.check(pulls.pull({**planned.changes, path: data}))
        if checked.passed:  # words that no rule looks at, or a default spelled out
            key = key.strip(" -")
            assert key in ("why", "tag", "draft", "kept", "archived", "expected", "from", "format",
                           "kind", "by", "commit", "says", "source", "via", "value", "baseline",
                           "margin", "required")  # fmt: skip
        for finding in checked.errors:
            assert finding.do


def test_any_byte_is_something_else(pulls: Pulls) -> None:
    chance = random.Random(7)
    planned = pulls.planned(2, "staging")
    for path, data in planned.changes.items():
        for _ in range(15):
            broken = bytearray(data)
            broken[chance.randrange(len(broken))] = chance.randrange(256)
            pulls.check(pulls.pull({**planned.changes, path: bytes(broken)}))
