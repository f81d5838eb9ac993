"""What the strict reader remembers of the documents that it has read."""

from __future__ import annotations

import pytest

from gitrack.store.codec import reader
from gitrack.store.codec.reader import StrictReader


def _wide(lines: int, first: str = "p") -> str:
    return "params:\n" + "".join(f"  {first}{number}: {number}\n" for number in range(lines))


def test_a_wide_document_is_nested_once_and_then_filled(monkeypatch: pytest.MonkeyPatch):
    nested = []
    real = reader._template
    monkeypatch.setattr(reader, "_template", lambda heads: nested.append(1) or real(heads))
    strict = StrictReader()
    for _ in range(3):
        assert strict.read(_wide(5000)) == {"params": {f"p{n}": n for n in range(5000)}}
    assert len(nested) == 1


def test_documents_of_ever_other_shapes_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reader, "_MAX_LINES", 100)
    strict = StrictReader()
    for number in range(50):
        document = strict.read(_wide(30, f"p{number}_"))
        assert document["params"][f"p{number}_29"] == 29
        assert sum(map(len, strict._templates)) <= 100
    assert strict.read(_wide(200))["params"]["p199"] == 199  # too long to be remembered at all
    assert sum(map(len, strict._templates)) <= 100
