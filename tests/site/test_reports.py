"""Reports: what their blocks become, and what they may not ask for."""

import html
import json
import re

import msgspec
import pytest

from gitrack.config.shipped import shipped
from gitrack.errors import ConfigError
from gitrack.model.lineage import Link, Node
from gitrack.site import build_site
from gitrack.site.extras import Extras
from gitrack.site.hiding.rules import Hide
from gitrack.site.reports import drawing
from gitrack.site.reports.specs import read_spec
from gitrack.site.reports.written import Written
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore
from tests.analysis.lineage_world import filled
from tests.site import registered
from tests.site.flights import SVG, MadeStore, flights
from tests.site.test_lineage_page import asked

RUNS = flights()
FIRST, OTHER = RUNS[0].run, RUNS[3].run
SPEC = {
    "data": {"name": "runs"},
    "mark": "point",
    "encoding": {
        "x": {"field": "params.max_depth", "type": "quantitative"},
        "y": {"field": "metrics.test_auc_roc", "type": "quantitative"},
    },
    "usermeta": {"gitrack": {"title": "By depth"}, "embedOptions": {"ast": False}},
}


class Ancestry:
    faults = ()

    def subjects(self, text):
        return [f"run:{FIRST.id}"]

    def up(self, starts):
        return [Link("data:md5:abc", f"run:{FIRST.id}", "input", None)]

    def down(self, starts):
        return []

    def nodes(self, ids):
        return {id: Node(id=id, kind="data", label="flights <v1>", md5="abc") for id in ids
                if id.startswith("data:")}  # fmt: skip

    def piped(self):
        return []

    def staged(self):
        return []


def block(kind, *lines):
    return "\n".join([f"```gitrack {kind}", *lines, "```"])


def build(
    folder, text, *, charts=None, bundles=RUNS, pictures=None, cache=None, commit="c", **options
):
    written = Written(
        texts=text if isinstance(text, dict) else {"x.md": text},
        charts=charts or {},
        pictures=(pictures or {}).get,
    )
    store = MadeStore(
        bundles, models=registered.models(bundles) if options.pop("models", 0) else None
    )
    extras = Extras(reports=written, lineage=Ancestry)
    build_site(store, folder, title="T", commit=commit, extras=extras, cache=cache, **options)
    page = folder / "reports/x.html"
    return page.read_text() if page.exists() else ""


def refused(tmp_path, text, **options):
    with pytest.raises(ConfigError) as caught:
        build(tmp_path / "site", text, **options)
    assert not (tmp_path / "site").exists()
    return str(caught.value)


def test_every_kind_of_block_says_what_the_branch_has(tmp_path):
    text = "\n\n".join(
        [
            "# Title",
            block(
                "table",
                "order: metrics.test_auc_roc desc",
                "columns: metrics.test_auc_roc",
                "limit: 2",
            ),
            block("chart", "x: params.max_depth", "y: metrics.test_auc_roc"),
            block("chart", f"curve: {curve()}"),
            block("chart", "spec: depth"),
            block("compare", f"runs: [{FIRST.id}, {OTHER.id}]"),
            block("lineage", f"of: {FIRST.id}"),
        ]
    )
    page = build(tmp_path / "site", text, charts={"depth.vl.json": json.dumps(SPEC)})

    best = max((b.run for b in RUNS if "test_auc_roc" in b.run.metrics),
               key=lambda run: run.metrics["test_auc_roc"])  # fmt: skip
    assert repr(best.metrics["test_auc_roc"]) in page
    assert f"{len(RUNS) - 2} more runs found" in page
    for shape in ('class="on-wide"', 'class="on-narrow"'):
        shown = page.split(f"<span {shape}>")[1:]
        assert len(shown) == 3
        for one in shown:
            pictures = one.partition("</span>")[0]
            assert pictures.count('class="on-light" src="data:image/svg+xml;base64,') == 1
            assert pictures.count('class="on-dark" src="data:image/svg+xml;base64,') == 1
    assert "By depth" in page
    assert f"../compare.html#runs={FIRST.id},{OTHER.id}" in page
    assert "flights &lt;v1&gt;" in page
    assert "<!--block" not in page
    site = tmp_path / "site"
    assert "reports.html" in (site / "index.html").read_text()
    assert "embedOptions" not in (site / "data/charts/depth.js").read_text()
    assert "on-light" in (site / "charts.html").read_text()


def test_a_chart_with_a_width_of_its_own_is_drawn_as_its_author_wanted(tmp_path):
    spec = json.dumps(SPEC | {"width": 333})
    page = build(tmp_path / "site", block("chart", "spec: own"), charts={"own.json": spec})
    assert page.count('class="on-light"') == 1
    assert "on-wide" not in page
    assert "on-narrow" not in page


def test_the_runs_that_a_chart_names_are_those_whose_dots_it_has(tmp_path):
    page = build(
        tmp_path / "site", block("chart", "x: params.max_depth", "y: metrics.test_auc_roc")
    )
    measured = [
        bundle.run
        for bundle in sorted(RUNS, key=lambda one: (one.run.started, one.run.id), reverse=True)
        if "test_auc_roc" in bundle.run.metrics and "max_depth" in bundle.run.params
    ]
    assert 3 < len(measured) < len(RUNS)
    assert re.findall(r"runs/([\w-]+)\.html", page) == [run.id for run in measured]
    assert f"over params.max_depth of {len(measured)} runs" in page

    page = build(
        tmp_path / "fewer",
        block("chart", "x: params.max_depth", "y: metrics.test_auc_roc", "limit: 3"),
    )
    assert re.findall(r"runs/([\w-]+)\.html", page) == [run.id for run in measured[:3]]
    assert f"{len(measured) - 3} older run" in page


def test_before_the_first_run_no_name_is_unknown(tmp_path):
    text = "\n\n".join(
        [
            block("table", "filter: metrics.auc > 0.5", "order: metrics.auc desc"),
            block("table", "columns: metrics.auc"),
            block("chart", "x: params.depth", "y: metrics.auc", "filter: params.depth = 3"),
            block("chart", "curve: val_loss"),
            block("chart", "spec: depth"),
        ]
    )
    page = build(tmp_path / "site", text, bundles=[], charts={"depth.vl.json": json.dumps(SPEC)})

    assert page.count("No run was found.") == 2
    assert page.count("<figure") == 3


def curve():
    return next(name for name in FIRST.curves if name.endswith(".count")).removesuffix(".count")


def test_links_and_pictures_lead_into_the_site(tmp_path):
    text = {
        "x.md": f"[a](run:{FIRST.id}) [b](experiment:{FIRST.experiment}) [c](sub/y.md#part) "
        f"[d](https://example.com/?q=1) ![e](p/a%20b.svg)",
        "sub/y.md": "# Y\n\n[back](../x.md)",
    }
    page = build(tmp_path / "site", text, pictures={"p/a b.svg": SVG})

    assert f'href="../runs/{FIRST.id}.html"' in page
    assert 'href="../experiments/' in page
    assert 'rel="noopener noreferrer"' in page
    other = re.search(r'href="(sub-y-[^"#]+)#s-part"', page)
    assert (tmp_path / "site/reports" / other[1]).is_file()
    assert "data:image/svg+xml;base64," in page


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (block("tabel", "limit: 1"), 1, "tabel"),
        ("one\n\n" + block("table", "limit: 5", "colums: a"), 5, "colums"),
        ("one\n\n" + block("table", "limit: 0"), 4, "limit"),
        ("\n" + block("table"), 2, "empty"),
        ("\n\n" + block("table", "filter: 'metrics.x >'"), 3, "metrics.x"),
        (block("table", "columns: metrics.nothing"), 1, "metrics.nothing"),
        (block("table", "filter: metrics.nothing > 1"), 1, "no run has metrics.nothing"),
        (block("chart", "curve: val_loss", "filter: tags.x = 1"), 1, "no run has tags.x"),
        (block("chart", "curve: nothing"), 1, "nothing"),
        (block("chart", "spec: nothing"), 1, "nothing"),
        (block("compare", "runs: [nobody, noone]"), 1, "nobody"),
        (block("model", "name: nothing"), 1, "nothing"),
        (block("table", "a: &a [*a, *a]"), 2, ""),
        ("one\ntwo [x](run:nobody)", 2, "nobody"),
        ("[x](other.md)", 1, "other.md"),
        ("[x](../../etc/passwd.md)", 1, "passwd"),
        ("[x](ftp://example.com)", 1, "ftp:"),
        ("a\n\n![x](http://example.com/a.png)", 3, "picture"),
        ("![x](../secret.png)", 1, "secret"),
        ("| a |\n|---|\n| [x](run:nobody) |", 3, "nobody"),
    ],
)
def test_what_is_broken_is_told_with_its_line(tmp_path, text, line, why):
    told = refused(tmp_path, text)

    assert told.startswith(f"reports/x.md:{line}:"), told
    assert why in told


def test_an_older_site_stays_when_a_report_is_broken(tmp_path):
    build(tmp_path / "site", "# Fine")

    with pytest.raises(ConfigError):
        build(tmp_path / "site", block("table", "limit: -1"))

    assert "Fine" in (tmp_path / "site/reports/x.html").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "![x](data:text/html,<script>)",
        '[x](https://e.com/"onclick="alert(1))',
        "`<b onload=1>` &lt;script&gt; {{ 7*7 }} <!--block:0-->",
    ],
)
def test_hostile_markdown_stays_text(tmp_path, text):
    page = build(tmp_path / "site", "# <script>x</script>\n\n" + text)
    body = page[page.index('<div class="prose">') :]

    assert not re.search(r"<script|<img|<b |<!--", body)
    assert 'href="javascript' not in body
    assert not re.search(r"<[^>]*\son\w+=", body)
    assert "49" not in html.unescape(body[: body.index("<footer")])


def test_what_is_hidden_cannot_be_asked_for(tmp_path):
    hide = Hide(params=["max_depth"], metrics=[curve()])

    for lines in (["table", "columns: params.max_depth"], ["chart", f"curve: {curve()}"]):
        refused(tmp_path, block(*lines), hide=hide)
    for line in ("columns: params.max_depth", "filter: params.max_depth > 4"):
        told = refused(tmp_path, block("table", line), hide=hide)
        assert "site.hide" in told
        assert "did you mean" not in told  # it is written as it should be
    build(tmp_path / "site", "# X", charts={"d.json": json.dumps(SPEC)}, hide=hide)
    data = (tmp_path / "site/data/charts/d.js").read_text()
    assert '"params":{}' in data


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"data": {"url": "https://e.com/x.csv"}}, "takes data from"),
        ({"layer": [{"data": {"url": "x"}, "mark": "bar"}]}, "takes data from"),
        ({"data": {"name": "other"}}, "'other'"),
        ({"data": {"sequence": {"start": 0, "stop": 1e12}}}, "without end"),
        ({"mark": {"type": "image"}}, "pictures"),
        ({"$schema": "https://vega.github.io/schema/vega/v5.json"}, "is Vega"),
        ({"usermeta": {"gitrack": {"filter": "metrics.x >"}}}, "filter"),
    ],
)
def test_charts_that_reach_out_are_refused(change, why):
    with pytest.raises(ConfigError, match=re.escape(why)):
        read_spec("a.json", json.dumps(SPEC | change))


def test_what_cannot_be_drawn_says_why(tmp_path):
    bad = SPEC | {"mark": "nothing"}
    told = refused(tmp_path, "# X", charts={"d.json": json.dumps(bad)})

    assert told.startswith(".tracking/charts/d.json cannot be drawn: ")
    assert "conversion failed" not in told


def test_json_that_is_none_is_told_with_its_line():
    with pytest.raises(ConfigError, match=r"\.tracking/charts/a\.json:2: "):
        read_spec("a.json", '{"mark": "bar",\n nothing}')


def test_the_bytes_follow_from_what_there_is(tmp_path):
    text = (
        block("table", "columns: metrics.test_auc_roc")
        + "\n\n"
        + block("chart", f"curve: {curve()}")
    )
    charts = {"d.json": json.dumps(SPEC)}

    def files(folder):
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.*")}

    for n, bundles in enumerate((RUNS[:-1], RUNS, RUNS[1:])):
        build(
            tmp_path / "a",
            text,
            charts=charts,
            bundles=bundles,
            cache=tmp_path / "cache",
            commit=str(n),
        )
        build(tmp_path / f"b{n}", text, charts=charts, bundles=bundles, commit=str(n))
        assert files(tmp_path / "a") == files(tmp_path / f"b{n}")


def test_the_colours_are_those_of_the_pages():
    css = (shipped("site_templates") / "assets/tokens.css").read_text()
    light, dark = css.split('[data-theme="dark"]')[:2]
    for theme, part in (("light", light), ("dark", dark)):
        known = dict(re.findall(r"--([\w-]+): (#\w+);", part))
        assert drawing._INK[theme] == (known["ink-3"], known["line"], known["line-2"])
        assert drawing._SERIES[theme] == tuple(known[f"series-{n}"] for n in range(1, 9))


def test_a_chart_of_what_no_run_has_is_told_with_its_file(tmp_path):
    def asked(field, filter="status = 'finished'"):
        chart = {
            "data": {"name": "runs"},
            "mark": "point",
            "transform": [{"calculate": "1", "as": "metrics.made"}],
            "encoding": {"x": {"field": field}, "y": {"field": "metrics.made"}},
            "usermeta": {"gitrack": {"filter": filter}},
        }
        return {"d.json": json.dumps(chart)}

    told = refused(tmp_path, "# X", charts=asked("params.max_dept"))
    assert told.startswith(".tracking/charts/d.json: no run has params.max_dept")
    told = refused(tmp_path, "# X", charts=asked("params.max_depth", "metrics.nope > 1"))
    assert told.startswith(".tracking/charts/d.json: usermeta.gitrack.filter: no run has metrics.")
    build(tmp_path / "site", "# X", charts=asked("params.max_depth"))
    build(tmp_path / "empty", "# X", charts=asked("params.max_dept"), bundles=[])


def test_a_field_without_its_section_is_told_and_not_drawn_as_nothing(tmp_path):
    def drawn(x, **more):
        chart = {"data": {"name": "runs"}, "mark": "point", "encoding": {"x": {"field": x}}, **more}
        return {"d.json": json.dumps(chart)}

    told = refused(tmp_path, "# X", charts=drawn("max_depth"))
    assert told.startswith(".tracking/charts/d.json: a row of runs has no max_depth")
    assert "did you mean params.max_depth?" in told
    told = refused(tmp_path, "# X", charts=drawn("author"))
    assert "has no author; it has id, name, experiment, status, started, params.…" in told
    made = [{"pivot": "name", "value": "started", "groupby": ["id"]}]
    for charts in (drawn("started"), drawn("max_depth", transform=made)):
        build(tmp_path / "site", "# X", charts=charts)
    build(tmp_path / "empty", "# X", charts=drawn("max_depth"), bundles=[])


def test_a_model_block_says_what_serves_and_how_it_came_there(tmp_path):
    two = block("model", f"name: {registered.NAME}", "promotions: 2")
    page = build(tmp_path, f"# M\n\n{two}\n\n{block('model', 'name: early-departures')}", models=1)

    serves, nobody = page.split('class="block"')[1:]
    assert f"../models/{registered.NAME}.html" in serves
    assert ">v2</a>" in serves
    assert "it was the load balancer" in serves
    assert "alerts: p99 over 50 ms" in serves
    assert "weather helps in winter" not in serves
    assert "back to" in serves
    assert "nobody" in nobody
    with pytest.raises(ConfigError, match="no model is registered as 'late'"):
        build(tmp_path / "b", block("model", "name: late"), models=1)


def test_a_lineage_block_tells_the_branchs_own_lineage(tmp_path):
    store = filled(RunStore(MemoryBranch()))
    text = "\n\n".join(
        [
            "# L",
            block("lineage", "of: churn@production", "direction: up"),
            block("lineage", "of: flights", "direction: down"),
        ]
    )
    fixed = store.at(store.branch.tip())
    extras = msgspec.structs.replace(asked(fixed), reports=Written(texts={"x.md": text}))

    build_site(fixed, tmp_path, title="T", commit="c", extras=extras)

    page = html.unescape((tmp_path / "reports/x.html").read_text())
    up, down = page.split("lineage-block")[1:]
    for block_of, words in ((up, ("Comes from", "flights@v1.3")), (down, ("Became", "churn v"))):
        for word in words:
            assert word in block_of, word
    for href in set(re.findall(r'href="\.\./((?:runs|models|datasets)/[^"#]+)', up + down)):
        assert (tmp_path / href).is_file(), href
    assert "piped" not in up
