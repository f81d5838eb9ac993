"""The pages of data: versions by what is in them, columns, drift, what became of them."""

import re

import msgspec
import pytest
from msgspec.structs import replace

from gitrack.cli import site_extras
from gitrack.config.settings import Config
from gitrack.model.profile import LEVELS, ColumnProfile, Histogram, TableProfile, dump_profile
from gitrack.model.registered import ModelVersion, StageState
from gitrack.model.run import Artifact, RunBundle
from gitrack.site import Hide, build_site
from gitrack.site.contents import KnownRun
from gitrack.site.datasets.columns import bars
from gitrack.site.datasets.gather import DataSets
from gitrack.store.codec.records import dump_record
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore
from tests.analysis.lineage_world import a_run, data, rid


def asked(store):
    """What is told of a branch in memory: no history of it, and no code, lies in a repository."""
    found = site_extras.extras(store, Config(), None)
    return msgspec.structs.replace(found, stages=None, audit=None, waiting=None, code=None)


def profile(start, *, columns=("delay",), top=None):
    """A table whose values lie from `start` on."""
    counts = [100, 300, 400, 200]
    made = [
        ColumnProfile(
            name=name,
            type="float64",
            distinct=900,
            min=float(start),
            max=float(start + 4),
            quantiles=[float(start + 2)] * len(LEVELS),
            histogram=Histogram(start=start, width=1, counts=counts),
        )
        for name in columns
    ]
    if top is not None:
        made.append(ColumnProfile(name="doctor", type="string", distinct=2, top=top))
    return TableProfile(rows=1000, columns=made)


def bundle(number, letter, version, table, **fields):
    learnt = data("flights", letter, version, role="train", rows=1000 + ord(letter) - 96)
    files = {} if table is None else {"data/flights-train.json": dump_profile(table)}
    run = a_run(number, f"r{number}", data=[learnt], artifacts=[Artifact(path="model")])
    return RunBundle(run=replace(run, **fields), files=files)


def store_of(*bundles):
    store = RunStore(MemoryBranch())
    store.commit_runs(bundles)
    version = dump_record(ModelVersion(version=1, run=rid(2), artifact="model"))
    state = dump_record(StageState(versions=[1]))
    store.commit_files(
        {"registry/delay/versions/1.yaml": version, "registry/delay/stages/production.yaml": state},
        "registry",
    )
    return store


def build(store, folder, **options):
    fixed = store.at(store.branch.tip())
    known = {"title": "T", "commit": "c", "extras": asked(fixed), **options}
    return build_site(fixed, folder, **known)


def text(html):
    """What people read of a page's main part."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    store = store_of(
        bundle(1, "a", "v1", profile(0)),
        bundle(2, "a", "v1", None),
        bundle(3, "b", "v2", profile(3, columns=("delay", "wind"))),
    )
    folder = tmp_path_factory.mktemp("data") / "site"
    build(store, folder)
    return folder


def test_versions_are_told_apart_by_what_is_in_them(site):
    page = (site / "datasets/flights.html").read_text()
    said = text(page)

    assert "2 versions 3 runs" in said
    assert re.search(r"v2 bbbbbbbbbb train 1,002 .* v1 aaaaaaaaaa train 1,001", said)
    assert said.index("delay v1 production") > said.index("aaaaaaaaaa")
    assert (site / "models/delay.html").exists()


def test_of_a_version_counts_what_the_last_run_said_of_it():
    told = [
        KnownRun(
            f"runs/{number}", "", a_run(number, f"r{number}", data=[data("d", "a", "v1", **rows)])
        )
        for number, rows in ((1, {}), (2, {"rows": 7}))
    ]

    ((version,),) = (one.versions for one in DataSets(told[::-1]).sets)

    assert version.latest.rows == 7
    assert [entry.folder for entry in version.runs] == ["runs/1", "runs/2"]


def test_drift_between_versions_and_new_columns_are_said(site):
    said = text((site / "datasets/flights.html").read_text())

    assert re.search(r"v1 → v2 train 1 column changed 1 drifted far", said)
    assert re.search(r"wind added", said)
    assert "median 2 → 5" in said


def test_rows_are_told_with_their_share_of_those_before(tmp_path):
    more = replace(profile(0), rows=1_500)
    build(store_of(bundle(1, "a", "v1", profile(0)), bundle(2, "b", "v2", more)), tmp_path / "site")

    said = text((tmp_path / "site/datasets/flights.html").read_text())
    assert "1,000 → 1,500 rows (+50.0%)" in said


def test_columns_have_their_shape(site):
    page = (site / "datasets/flights.html").read_text()

    assert page.count('class="bars-of-values"') == 2
    assert 'href="../lineage.html#data/flights&amp;only"' in page


def test_a_column_of_words_says_which_are_common(tmp_path):
    table = profile(0, top=[("AA", 610), ("UA", 300), ("DL", 80), ("HA", 1)])
    table.columns.append(ColumnProfile(name="cancelled", type="bool", true=25, distinct=2))
    build(store_of(bundle(1, "a", "v1", table)), tmp_path / "open")
    build(store_of(bundle(1, "a", "v1", table)), tmp_path / "public", hide=Hide(public=True))

    said = text((tmp_path / "open/datasets/flights.html").read_text())
    assert "doctor string AA 61.0 % UA 30.0 % DL 8.0 % –" in said
    assert "cancelled bool true 2.5 % –" in said
    public = text((tmp_path / "public/datasets/flights.html").read_text())
    assert "doctor string – 2" in public
    assert "cancelled bool true 2.5 % –" in public


def test_versions_whose_every_column_drifted_have_no_quiet_ones(tmp_path):
    store = store_of(bundle(1, "a", "v1", profile(0)), bundle(2, "b", "v2", profile(3)))
    build(store, tmp_path)

    said = text((tmp_path / "datasets/flights.html").read_text())
    assert "1 drifted far" in said
    assert "no further apart" not in said


def test_the_list_names_models_and_leads_to_each(site):
    page = (site / "data.html").read_text()

    assert 'href="datasets/flights.html"' in page
    assert 'href="models/delay.html"' in page


def test_what_was_tested_on_is_compared_with_what_was_learnt_from(tmp_path):
    tested = data("holdout", "c", role="test", rows=1000)
    learnt = bundle(1, "a", "v1", profile(0))
    files = {**learnt.files, "data/holdout-test.json": dump_profile(profile(6))}
    run = replace(learnt.run, data=[*learnt.run.data, tested])
    build(store_of(RunBundle(run=run, files=files)), tmp_path / "site")

    said = text((tmp_path / "site/datasets/holdout.html").read_text())
    assert re.search(r"train against test 1 drifted far 1,000 rows in both", said)


def test_a_public_site_shows_no_value_of_the_data(tmp_path):
    before = profile(0, top=[("Dr Jane Smith", 990), ("Dr Ravi", 10)])
    after = profile(0, top=[("Dr Jane Smith", 10), ("Dr Ravi", 990)])
    store = store_of(bundle(1, "a", "v1", before), bundle(2, "b", "v2", after))
    build(store, tmp_path / "open")
    build(store, tmp_path / "public", hide=Hide(public=True))

    assert "Jane Smith" in (tmp_path / "open/datasets/flights.html").read_text()
    public = (tmp_path / "public/datasets/flights.html").read_text()
    assert "Jane" not in public
    assert "doctor" in public


def test_one_more_run_reads_no_profile_again(tmp_path, monkeypatch):
    store = store_of(
        bundle(1, "a", "v1", profile(0)), *(bundle(n, "b", "v2", profile(3)) for n in (2, 3, 4))
    )
    build(store, tmp_path / "site", cache=tmp_path / "cache")
    store.commit_runs([bundle(5, "b", "v2", profile(3))])
    read = []
    from gitrack.site.datasets import columns

    load = columns.load_profile
    monkeypatch.setattr(columns, "load_profile", lambda *a: (read.append(a[0]), load(*a))[1])
    build(store, tmp_path / "site", cache=tmp_path / "cache")

    assert read == []
    assert "5 runs" in text((tmp_path / "site/datasets/flights.html").read_text())


def test_a_broken_profile_costs_its_columns_only(tmp_path):
    broken = bundle(1, "a", "v1", profile(0))
    broken.files["data/flights-train.json"] = b"{"
    report = build(store_of(broken), tmp_path / "site")

    assert "v1" in text((tmp_path / "site/datasets/flights.html").read_text())
    assert [fault.path.rpartition("/")[2] for fault in report.faults] == ["flights-train.json"]


def test_many_bins_are_joined_until_they_fit():
    path = bars(Histogram(start=0, width=1, counts=[1] * 100))

    assert path is not None
    assert path.count("M") == 25
    assert bars(Histogram(start=0, width=1, counts=[0, 0])) is None
