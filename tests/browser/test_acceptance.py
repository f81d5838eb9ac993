"""Every page of the demo's site, as people meet it: looks, standards, and nothing from elsewhere.

The site is built of a kept branch, so that it is the same on every machine. The references are
written anew, to be looked at, by `python -m tests.browser.references`.
"""

from __future__ import annotations

import io
from pathlib import Path

import html5lib
import pytest

from tests.browser.demo import PAGES, PLAIN, SHAPES, build_demo, file_of, open_page, settle
from tests.browser.serving import SERVED, serving

pytestmark = pytest.mark.browser

REFERENCES = Path(__file__).parent / "references"
#: Letters lie a little elsewhere with other fonts: so much of a picture may differ, by so much.
SHARE, STEP = 0.06, 48


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def served(demo: Path):
    with serving(demo.parent / "late-flights", demo) as address:
        yield address


def test_every_page_is_valid_html(demo):
    pages = sorted(demo.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        parser = html5lib.HTMLParser(strict=True)
        try:
            parser.parse(page.read_bytes(), transport_encoding="utf-8")
        except html5lib.html5parser.ParseError as error:
            pytest.fail(f"{page.relative_to(demo)}: {error} at {parser.errors}")


@pytest.mark.parametrize("name", sorted({**PAGES, **SERVED}))
def test_pages_are_accessible_and_look_as_they_did(name, demo, browser, request):
    served = request.getfixturevalue("served") if name in SERVED else None
    axe = _axe()
    worst: list[str] = []
    for theme, width in SHAPES:
        look = {"theme": theme, "width": width, "scripts": name not in PLAIN, "served": served}
        with open_page(browser, demo, {**PAGES, **SERVED}[name], **look) as (page, trouble):
            settle(page)
            assert trouble == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (theme, width)
            picture = page.screenshot()
            if look["scripts"]:  # axe is one
                page.evaluate(axe)
                found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                worst += [
                    f"{theme} {width}: {one['id']}: {one['nodes'][0]['html'][:160]}"
                    for one in found["violations"]
                ]
            assert worst == []
            difference = differing(picture, REFERENCES / file_of(name, theme, width))
            assert difference <= SHARE, f"{name}, {theme}, {width} px: {difference:.1%} differs"


def test_pages_say_their_main_thing_without_scripts(demo, browser):
    for name, path in sorted(PAGES.items()):
        with open_page(browser, demo, path, scripts=False) as (page, _):
            shown = [page.locator("main"), *(one.locator("body") for one in page.frames[1:])]
            assert sum(len(part.inner_text()) for part in shown) > 60, name
            assert page.locator("main h1").count() == 1, name


def test_the_way_through_the_site_by_keyboard_alone(demo, browser):
    with open_page(browser, demo, "index.html") as (page, trouble):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("/")
        page.keyboard.type("late-flights")
        page.locator("dialog li").first.wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url("**/models/late-flights.html")
        page.locator("input[type=date]").focus()
        assert page.evaluate("document.activeElement.type") == "date"
        page.goto(f"{demo.as_uri()}/runs.html")
        settle(page)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/runs/*.html")
        assert trouble == []


def _axe() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def differing(picture: bytes, reference: Path) -> float:
    """The share of pixels that are not nearly those of the reference."""
    from PIL import Image, ImageChops

    with Image.open(io.BytesIO(picture)) as now, Image.open(reference) as before:
        now, before = now.convert("RGB"), before.convert("RGB")
        assert now.size == before.size
        away = ImageChops.difference(now, before).convert("L").point(lambda v: 255 * (v > STEP))
        return sum(away.histogram()[255:]) / (now.width * now.height)


def test_a_picture_that_differs_is_seen():
    from PIL import Image

    white, black = Image.new("RGB", (40, 20), "white"), Image.new("RGB", (40, 20), "black")
    half = white.copy()
    half.paste(black.crop((0, 0, 20, 20)), (0, 0))
    data = io.BytesIO()
    half.save(data, "PNG")
    kept = io.BytesIO()
    white.save(kept, "PNG")

    assert differing(data.getvalue(), kept) == 0.5
    assert differing(data.getvalue(), io.BytesIO(data.getvalue())) == 0.0
