"""Capture starts every test knowing nothing of earlier ones."""

from __future__ import annotations

import pytest

from gitrack.tracking.capture import facts, secrets


@pytest.fixture(autouse=True)
def _knows_nothing() -> None:
    facts.forget()
    secrets.forget()
