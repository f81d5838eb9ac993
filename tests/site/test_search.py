"""What can be looked for: everything that has a name, and nothing that the site hides."""

from __future__ import annotations

import json

import msgspec
import pytest

from gitrack.model.run import RunBundle
from gitrack.site import build_site
from gitrack.site.extras import Extras
from gitrack.site.hiding.rules import Hide
from gitrack.site.parts import search
from gitrack.site.reports.written import Written
from tests.site import sweeping
from tests.site.flights import MadeStore
from tests.site.registered import models
from tests.site.test_reports import SPEC


@pytest.fixture
def build(tmp_path, bundles):
    def built(count=None, **options):
        some = bundles[:count]
        store = MadeStore(some, models=models(bundles))
        folder = tmp_path / "site"
        report = build_site(
            store, folder, title="T", commit="c", cache=tmp_path / "cache", **options
        )
        return folder, report

    return built


def data(folder, path):
    """What a data script hands over."""
    text = (folder / path).read_text()
    return json.loads("[" + text[text.index("(") + 1 : text.rindex(")")] + "]")


def test_everything_with_a_name_is_found(build):
    folder, _ = build()

    (index,) = data(folder, "data/index.js")
    kinds = {kind for kind, *_ in index["entries"]}
    told = {"page", "model", "version", "promotion", "evidence", "experiment", "data"}
    assert kinds == told
    for _, title, page, _, _ in index["entries"]:
        path, _, anchor = page.partition("#")
        text = (folder / path).read_text()
        assert title
        assert not anchor or f'id="{anchor}"' in text, page
    assert [count for count, _ in index["pieces"]] == [12]


def test_sweeps_and_charts_of_the_project_are_found(tmp_path):
    runs = sweeping.bundles(12)
    spec = SPEC | {"usermeta": {"gitrack": {"title": "Deep or *fast*"}}}
    charts = {
        name: json.dumps(one).replace("test_auc_roc", "val_auc")
        for name, one in (("depth.vl.json", SPEC), ("a b.json", spec))
    }
    store = MadeStore(runs, sweeps=sweeping.sweeps(runs))
    extras = Extras(reports=Written(charts=charts))

    build_site(store, tmp_path, title="T", commit="c", extras=extras)

    (index,) = data(tmp_path, "data/index.js")
    found = {(kind, title): page for kind, title, page, _, _ in index["entries"]}
    assert (tmp_path / found["sweep", "depth-and-rate"]).is_file()
    for title in ("By depth", "Deep or *fast*"):
        page, _, anchor = found["chart", title].partition("#")
        assert f'id="{anchor}"' in (tmp_path / page).read_text()
    assert "a b" in next(words for _, title, _, _, words in index["entries"] if "fast" in title)
    assert "By depth" in (tmp_path / "search.html").read_text()


def test_reports_are_found_by_their_heading(build):
    written = Written(texts={"2026/winter.md": "Lead\n\n# A winter of *snow*\n\nDelays rose."})
    folder, _ = build(extras=Extras(reports=written))

    (index,) = data(folder, "data/index.js")

    (report,) = [entry for entry in index["entries"] if entry[0] == "report"]
    assert report[1] == "A winter of *snow*"
    assert (folder / report[2]).is_file()
    assert "Delays rose" in report[4]


def test_without_javascript_the_page_lists_names(build):
    folder, _ = build()

    page = (folder / "search.html").read_text()

    assert 'href="experiments/xgboost-baseline-20260903.html"' in page
    assert 'href="models/late-arrivals.html"' in page


def test_one_more_run_makes_the_last_piece_again_and_not_the_page(build, monkeypatch, bundles):
    monkeypatch.setattr(search, "SIZE", 5)
    folder, _ = build(11)
    kept = [folder / path for path in ("data/names/0.js", "data/names/1.js", "search.html")]
    before = [path.stat().st_ino for path in kept]
    (index,) = data(folder, "data/index.js")

    build(12)

    (after,) = data(folder, "data/index.js")
    assert [path.stat().st_ino for path in kept] == before
    assert [count for count, _ in index["pieces"]] == [5, 5, 1]
    assert after["pieces"][:2] == index["pieces"][:2]
    assert after["pieces"][2] != index["pieces"][2]
    number, piece = data(folder, "data/names/2.js")
    assert number == 2
    assert [row[0] for row in piece["runs"]] == sorted(b.run.id for b in bundles)[10:]


def test_settings_that_are_choices_are_found_and_long_texts_are_not(tmp_path, bundles):
    first, *others = bundles
    params = {"optimizer": "adamw", "prompt": "long " * 40, "empty": "", "rate": 0.5}
    run = msgspec.structs.replace(first.run, params=params)

    build_site(MadeStore([RunBundle(run=run), *others]), tmp_path, title="T")

    _, piece = data(tmp_path, "data/names/0.js")
    said = {(name, value) for kind, name, value in piece["texts"] if kind == "param"}
    assert ("optimizer", "adamw") in said
    assert ("feature_set", "v2.2") in said
    assert not {"prompt", "empty", "rate"} & {name for name, _ in said}


def test_evidence_is_found_by_what_it_says(build):
    folder, _ = build()

    (index,) = data(folder, "data/index.js")

    shadow = next(entry for entry in index["entries"] if entry[1].startswith("shadow-mode of"))
    assert shadow[0] == "evidence"
    assert "10 % of traffic" in shadow[4]


def test_what_is_hidden_is_not_found(build):
    hide = Hide(tags=("team", "hypothesis"), params=("feature_*",), public=True)
    folder, _ = build(hide=hide)

    found = (folder / "data/names/0.js").read_text() + (folder / "data/index.js").read_text()

    for secret in ("logistics-ml", "Jane", "Adding weather", "v2.2", "grafana"):
        assert secret not in found
    assert "experimental" in found
