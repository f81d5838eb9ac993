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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, bundles) -> Path:
    """Their site, to be looked at only."""
    folder = tmp_path_factory.mktemp("made") / "site"
    build_site(MadeStore(bundles), folder, title="Late flights", commit="4f1c" * 10)
    return folder
