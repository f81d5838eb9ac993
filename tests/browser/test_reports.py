"""A report and a chart of the project, as a reader sees them."""

import json

from gitrack.site import build_site
from gitrack.site.extras import Extras
from gitrack.site.reports.written import Written
from tests.site.flights import MadeStore, flights
from tests.site.test_reports import SPEC, block


def test_reports_read_without_scripts_and_charts_answer_with_them(visit, tmp_path):
    text = "# Trees\n\n" + block("chart", "spec: depth")
    hostile = SPEC | {"usermeta": {"embedOptions": {"ast": False, "actions": True}}}
    hostile["mark"] = {"type": "point", "tooltip": True}
    written = Written(
        texts={"x.md": text}, charts={"depth.json": json.dumps(SPEC), "b.json": json.dumps(hostile)}
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
    seen.page.locator(".own-chart .plot svg").nth(1).wait_for()
    assert seen.page.locator(".own-chart .plot svg").count() == 2
    assert not seen.page.locator(".drawn-twice").first.is_visible()
    assert seen.page.locator("details[title], .vega-actions").count() == 0
    assert seen.trouble == []
