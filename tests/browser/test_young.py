"""The date slider of a model whose versions came and went within an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gitrack.site import build_site
from tests.site.flights import MadeStore, flights
from tests.site.past import changes, extras
from tests.site.registered import NAME, models

pytestmark = pytest.mark.browser

BEGUN = datetime(2026, 9, 11, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def young(tmp_path_factory) -> Path:
    bundles = flights()
    every = models(bundles)
    soon = {
        known.name: [
            msgspec.structs.replace(change, when=BEGUN + timedelta(minutes=10 * place))
            for place, change in enumerate(changes(known))
        ]
        for known in every.models
    }
    told = msgspec.structs.replace(extras(bundles), stages=lambda name: soon[name])
    folder = tmp_path_factory.mktemp("young") / "site"
    build_site(MadeStore(bundles, models=every), folder, title="T", commit="c", extras=told)
    return folder


def test_days_that_say_little_give_way_to_moments(visit, young):
    opened = visit(f"{young.as_uri()}/")
    page = opened.page
    opened.go(f"models/{NAME}.html")
    answer = page.locator("[data-answer]")
    said = answer.locator(".eyebrow")
    slider = page.get_by_role("slider")
    assert said.inner_text() == "Now"

    # by pointer: the slider stays where it is put, and tells of that moment
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert said.inner_text().startswith("On 2026-09-11 at 0")
    assert 300 < int(slider.input_value()) < 700
    assert "#on=2026-09-11T" in page.url

    # by keys: the beginning, every change, and now again
    slider.press("Home")
    assert said.inner_text() == "On 2026-09-11 at 09:00:00 (UTC)"
    seen = []
    while said.inner_text() != "Now" and len(seen) < 30:
        seen.append(said.inner_text()[17:25])
        page.get_by_role("button", name="The change after").press("Enter")
    assert seen[:3] == ["09:00:00", "09:10:00", "09:20:00"]
    slider.press("ArrowLeft")
    before = said.inner_text()
    assert before != "Now"
    slider.press("ArrowLeft")
    assert said.inner_text() < before
    slider.press("End")
    assert said.inner_text() == "Now"
    command = answer.get_by_text(f"gitrack model show {NAME} --stage production --at 2026-09-11T")
    assert command.count() == 0

    opened.page.evaluate("window.location.hash = '#on=2026-09-11T09:15:00Z'")
    answer.get_by_text("On 2026-09-11 at 09:15:00 (UTC)").wait_for()
    assert command.count() == 1
    assert opened.trouble == []
