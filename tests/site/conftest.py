"""Made-up runs, and the site of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitrack.site import build_site
from tests.site.flights import MadeStore, flights


@pytest.fixture(scope="session")
def bundles():
    """Twelve runs in three experiments."""
    return flights()


@pytest.fixture
def site(tmp_path: Path, bundles) -> Path:
    """Their site."""
    build_site(MadeStore(bundles), tmp_path / "site", title="Late flights", commit="4f1c" * 10)
    return tmp_path / "site"
