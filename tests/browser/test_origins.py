"""A run's page with all that a run can hold: nothing sticks out of a phone, and links lead on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitrack.site import build_site
from tests.site.flights import MadeStore
from tests.site.test_origins import MADE, USED, VERSIONS, bundles

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("columns", [390, 1280])
def test_everything_is_reached_and_nothing_sticks_out(visit, tmp_path: Path, columns: int) -> None:
    build_site(MadeStore(bundles(), versions=VERSIONS), tmp_path / "site", title="T")
    opened = visit(f"{(tmp_path / 'site').as_uri()}/")
    page = opened.page
    page.set_viewport_size({"width": columns, "height": 900})
    opened.go(f"runs/{USED}.html")
    page.evaluate("document.querySelectorAll('.column details').forEach(d => d.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= columns
    assert page.get_by_role("table").filter(has_text="prepare").is_visible()
    assert page.get_by_text("gitrack artifact get late:v3").is_visible()
    page.get_by_role("link", name=MADE).first.click()
    page.wait_for_url(f"**/runs/{MADE}.html")
    assert opened.trouble == []
