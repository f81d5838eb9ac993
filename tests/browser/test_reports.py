"""A report and a chart of the project, as a reader sees them."""

import json

from gitrack.site import build_site
from gitrack.site.extras import Extras
from gitrack.site.reports.written import Written
from tests.site.flights import MadeStore, flights
from tests.site.test_reports import SPEC, block


def test_reports_read_without_scripts_and_charts_answer_with_them(visit, tmp_path):
    text = "# Trees\n\n" + block("chart", "spec: wide")
    hostile = SPEC | {"usermeta": {"embedOptions": {"ast": False, "actions": True}}}
    hostile["mark"] = {"type": "point", "tooltip": True}
    written = Written(
        texts={"x.md": text},
        charts={
            "depth.json": json.dumps(SPEC),
            "b.json": json.dumps(hostile),
            "wide.json": json.dumps(SPEC | {"width": 400}),
        },
    )
    build_site(
        MadeStore(flights()), tmp_path, title="T", commit="c", extras=Extras(reports=written)
    )
    base = tmp_path.as_uri() + "/"

    plain = visit(base, java_script_enabled=False, color_scheme="dark")
    plain.go("reports/x.html")
    assert plain.page.locator(".on-dark").is_visible()
    assert not plain.page.locator(".on-light").is_visible()
    plain.page.emulate_media(media="print", color_scheme="dark")
    assert plain.page.locator(".on-light").is_visible()
    assert not plain.page.locator(".on-dark").is_visible()

    seen = visit(base)
    seen.go("charts.html")
    assert not seen.page.locator(".on-dark").first.is_visible()
    seen.page.locator(".own-chart .plot svg").nth(2).wait_for()
    assert seen.page.locator(".own-chart .plot svg").count() == 3
    assert not seen.page.locator(".drawn-twice").first.is_visible()
    assert seen.page.locator("details[title], .vega-actions").count() == 0
    assert seen.trouble == []


def test_charts_fit_the_page_and_the_phone(visit, tmp_path):
    metric = next(name for one in flights() for name in one.run.metrics)
    text = "\n\n".join(
        [
            block("chart", f"x: metrics.{metric}", f"y: metrics.{metric}", "color: experiment"),
            block("chart", "spec: depth"),
        ]
    )
    written = Written(texts={"x.md": text}, charts={"depth.json": json.dumps(SPEC)})
    build_site(MadeStore(flights()), tmp_path, title="T", extras=Extras(reports=written))
    reader = visit(tmp_path.as_uri() + "/", java_script_enabled=False)
    reader.go("reports/x.html")
    for width, shape, other in (
        (1280, ".on-wide", ".on-narrow"),
        (390, ".on-narrow", ".on-wide"),
        (320, ".on-narrow", ".on-wide"),
    ):
        reader.page.set_viewport_size({"width": width, "height": 800})
        for chart in reader.page.locator(".drawn-twice").all():
            shown = chart.locator(f"{shape} .on-light")
            assert shown.is_visible()
            assert not chart.locator(f"{other} .on-light").is_visible()
            room = chart.evaluate("one => one.clientWidth")
            assert chart.evaluate("one => one.scrollWidth") <= room
            assert 0.85 * room <= shown.evaluate("one => one.clientWidth") <= room
    reader.page.emulate_media(media="print")
    assert reader.page.locator(".on-wide .on-light").first.is_visible()
