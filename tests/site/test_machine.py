"""What programs read of a site: JSON, feed, badges, Parquet, sitemap."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import msgspec
import pytest

from gitrack.model.run import Run, RunBundle
from gitrack.site import Hide, build_site
from gitrack.site.extras import Extras
from gitrack.site.machine.api import segment
from gitrack.site.machine.badges import badge_path
from gitrack.site.machine.parquet import parquet
from gitrack.store.registry.whole import AllModels
from tests.site.flights import MadeStore, flights
from tests.site.registered import NAME, models

ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    bundles = flights()
    folder = tmp_path_factory.mktemp("machine") / "site"
    store = MadeStore(bundles, models=models(bundles))
    extras = Extras(url="https://team.example.com/flights", policy="runs: {}\n")
    build_site(store, folder, title="Late <flights>", commit="4f1c" * 10, extras=extras)
    return folder


def read(folder, path):
    def refuse(text):
        raise AssertionError(f"not JSON: {text}")

    return json.loads((folder / path).read_bytes(), parse_constant=refuse)


def test_everything_is_found_from_the_index(built):
    index = read(built, "api/v1/index.json")

    assert index["commit"] == "4f1c" * 10
    assert len(index["runs"]) == 12
    for entry in index["runs"]:
        run = read(built, entry["href"])["run"]
        assert run["id"] == entry["id"]
        assert (built / entry["page"]).is_file()
    for entry in index["experiments"]:
        assert read(built, entry["href"])["name"] == entry["name"]
    for model in index["models"]:
        found = read(built, model["href"])
        for version in found["versions"]:
            assert read(built, version["href"])["uri"] == f"models:/{model['name']}/" + str(
                version["version"]
            )
        for stage, href in model["stages"].items():
            assert read(built, href)["stage"] == stage


def test_who_is_in_production_is_one_address(built):
    stage = read(built, f"api/v1/models/{NAME}/stages/production.json")
    bundles = {bundle.run.id: bundle.run for bundle in flights()}

    (standing,) = stage["versions"]
    run = bundles[standing["run"]]
    assert standing["code"] == run.code.commit
    assert standing["metrics"] == dict(run.metrics)
    assert standing["since"]


def test_addresses_of_people_stay_on_the_branch(built):
    texts = [path.read_text() for path in (built / "api").rglob("*.json")]
    texts.append((built / "feed.xml").read_text())

    assert any("Jane Smith" in text for text in texts)
    assert not any("@example.com>" in text for text in texts)


def test_readers_of_feeds_find_it(built, tmp_path):
    for name in ("index.html", "models.html"):
        text = (built / name).read_text()
        assert 'type="application/atom+xml" title="Promotions" href="feed.xml"' in text, name
    build_site(MadeStore(flights()), tmp_path / "site", title="T")
    assert "atom+xml" not in (tmp_path / "site/index.html").read_text()


def test_promotions_are_a_feed(built):
    root = ElementTree.fromstring((built / "feed.xml").read_bytes())

    entries = root.findall("a:entry", ATOM)
    times = [entry.findtext("a:updated", namespaces=ATOM) for entry in entries]
    assert root.findtext("a:title", namespaces=ATOM) == "Late <flights>: promotions"
    assert len(entries) > 2
    assert times == sorted(times, reverse=True)
    assert root.findtext("a:updated", namespaces=ATOM) == times[0]
    for entry in entries:
        href = entry.find("a:link", ATOM).get("href")
        page, _, anchor = href.removeprefix("https://team.example.com/flights/").partition("#")
        assert f'id="{anchor}"' in (built / page).read_text()


def test_a_rollback_goes_back(built):
    root = ElementTree.fromstring((built / "feed.xml").read_bytes())
    titles = {entry.findtext("a:title", namespaces=ATOM) for entry in root.findall("a:entry", ATOM)}

    (model,) = (one for one in models(flights()).models if one.name == NAME)
    assert {one.kind for one in model.promotions.values()} == {"promotion", "rollback"}
    assert titles == {
        f"{NAME} v{one.version} {'back to' if one.kind == 'rollback' else 'to'} {one.to}"
        for one in model.promotions.values()
    }


def test_no_stage_of_one_model_has_the_badge_of_another():
    assert badge_path("a", "b-c") != badge_path("a-b", "c")


def test_a_badge_says_who_is_in_production(built):
    root = ElementTree.fromstring((built / f"badges/{NAME}-production.svg").read_bytes())
    said = root.find("{http://www.w3.org/2000/svg}title").text

    version = read(built, f"api/v1/models/{NAME}/stages/production.json")["versions"][0]["version"]
    assert said.startswith(f"{NAME} production: v{version} · ")
    page = (built / "about.html").read_text()
    address = "https://team.example.com/flights"
    assert (
        f"[![{NAME} production]({address}/badges/{NAME}-production.svg)]"
        f"({address}/models/{NAME}.html)" in page
    )
    assert "archived]" not in page  # who links a README to what is out of use
    assert "site: {url:" not in page
    assert "runs: {}" in page


def test_without_an_address_the_site_says_where_to_write_it(tmp_path):
    bundles = flights()
    build_site(MadeStore(bundles, models=models(bundles)), tmp_path / "site", title="T")

    page = (tmp_path / "site/about.html").read_text()
    assert f"(https://…/badges/{NAME}-production.svg)](https://…/models/{NAME}.html)" in page
    assert "site: {url: " in page


def test_the_site_says_what_built_it(tmp_path):
    for version in ("1.2.3", "1.2.4"):
        extras = Extras(version=version)
        build_site(MadeStore(flights()), tmp_path / "site", title="T", extras=extras)
        assert f"built by gitrack {version}" in (tmp_path / "site/about.html").read_text()


def test_the_sitemap_names_every_page(built):
    root = ElementTree.fromstring((built / "sitemap.xml").read_bytes())

    listed = {element.text for element in root.iter() if element.tag.endswith("loc")}
    pages = {str(path.relative_to(built)) for path in built.rglob("*.html")}
    assert listed == {f"https://team.example.com/flights/{page}" for page in pages}


def test_all_runs_are_one_table(built):
    read_table = pytest.importorskip("pyarrow.parquet").read_table
    table = read_table(built / "data/runs.parquet").to_pylist()

    bundles = {bundle.run.id: bundle.run for bundle in flights()}
    assert len(table) == len(bundles)
    for row in table:
        run = bundles[row["id"]]
        assert row["metrics.test_auc_roc"] == run.metrics.get("test_auc_roc")
        assert row["params.learning_rate"] == run.params.get("learning_rate")
        assert row["started"].isoformat().startswith(run.started[:19])


COLUMNS = {
    "numbers": ([1, None, 2.5, float("inf"), -3, None, 10**400, 7, 8], "double"),
    "whole": (list(range(9)), "double"),
    "flags": ([True, None, False, None, True, True, True, True, True], "bool"),
    "all on": ([True] * 9, "bool"),
    "texts": (["", None, "é 🚀", "x" * 999, "", "a", None, "b", None], "string"),
    "mixed": (["x", 1, None, None, 2.5, "y", "", 0, 7], "string"),
    "absent": ([None] * 9, "bool"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_holds_the_values_that_it_was_given(name):
    pa = pytest.importorskip("pyarrow")
    read = pytest.importorskip("pyarrow.parquet").read_table
    values, kind = COLUMNS[name]
    times = ["2026-01-01T00:00:00.120Z", "then", "2026-01-01T02:00:00+02:00"] * 3
    runs = [
        Run(id=f"{row}", name="é" * row, experiment="e", started=time, params={name: value})
        for row, (value, time) in enumerate(zip(values, times, strict=True))
    ]
    found = read(pa.BufferReader(parquet(runs)))
    found.validate(full=True)

    plain = {10**400: float("inf")}
    told = [plain.get(v, str(v) if kind == "string" and v is not None else v) for v in values]
    column = found[f"params.{name}"]
    assert (column.to_pylist(), str(column.type)) == (told, kind)
    assert column.null_count == values.count(None)
    assert found["name"].to_pylist() == [run.name for run in runs]
    begun = [time and time.isoformat() for time in found["started"].to_pylist()]
    assert begun == ["2026-01-01T00:00:00.120000+00:00", None, "2026-01-01T00:00:00+00:00"] * 3


def test_no_runs_are_a_table_too():
    pa = pytest.importorskip("pyarrow")
    read = pytest.importorskip("pyarrow.parquet").read_table
    assert read(pa.BufferReader(parquet([]))).num_rows == 0


def test_what_is_hidden_is_in_none_of_them(tmp_path):
    hide = Hide(params=["subsam*"], metrics=["val_auc"], public=True)
    bundles = flights()
    store = MadeStore(bundles, models=models(bundles))
    build_site(store, tmp_path / "site", title="T", hide=hide)

    for path in [*(tmp_path / "site/api").rglob("*"), tmp_path / "site/data/runs.parquet"]:
        if path.is_file():
            data = path.read_bytes()
            assert b"subsample" not in data, path
            assert b"Jane" not in data, path


def test_strange_values_and_names_are_still_json_and_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    run = Run(
        id="not an id/../..",
        name="</script>\ud800",
        experiment="../../evil",
        started="then",
        params={"big": 10**400, "mixed": "x", "a": True},
        metrics={"nan": float("nan"), "inf": float("-inf"), "huge": 10**400},
    )
    other = msgspec.structs.replace(run, id="CON", params={"mixed": 3, "a": 1.5})

    build_site(
        MadeStore([RunBundle(run=run), RunBundle(run=other)], models=AllModels()),
        tmp_path / "site",
        title="T",
    )

    site = tmp_path / "site"
    entries = read(site, "api/v1/index.json")["runs"]
    runs = {e["id"]: read(site, e["href"])["run"] for e in entries}
    assert runs["not an id/../.."]["metrics"] == {
        "nan": "NaN",
        "inf": "-Infinity",
        "huge": "Infinity",
    }
    assert all(path.resolve().is_relative_to(site.resolve()) for path in site.rglob("*"))


@pytest.mark.parametrize("name", ["CON", "con.txt", "a/b", "..", "Ärger", "x" * 200, "a.", "Model"])
def test_names_that_some_system_cannot_keep_get_an_address_of_ours(name):
    assert segment(name) != name
    assert segment(name) == segment(name)
    assert "/" not in segment(name)


def test_plain_names_are_their_own_address():
    assert segment("late-arrivals_v2.1") == "late-arrivals_v2.1"
