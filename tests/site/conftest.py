"""Made-up runs, and the site of them."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from gitrack.site import build, build_site, charts
from gitrack.site.render import Renderer
from tests.site.flights import MadeStore, flights


@pytest.fixture(scope="session", autouse=True)
def _compiled_once(tmp_path_factory: pytest.TempPathFactory):
    """Hundreds of sites are made here: what never differs takes longer than all of their pages."""
    folder = tmp_path_factory.mktemp("compiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "Renderer", lambda cache=None: Renderer(cache or folder))
        patch.setattr(charts, "specifications", functools.cache(charts.specifications))
        yield


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
