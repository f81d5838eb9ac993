"""The page of lineage: what is drawn, what is folded, and that one more run makes little again."""

import re
from itertools import pairwise

import msgspec
import pytest
from msgspec.structs import replace

from gitrack.cli import site_extras
from gitrack.config.settings import Config
from gitrack.model.run import Artifact, Dataset, RunBundle, Use
from gitrack.site import Hide, build_site
from gitrack.site.lineage.layout import layered, nearest
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore
from tests.analysis.lineage_world import a_run, data, filled
from tests.site.reading import script


def asked(store):
    """What is told of a branch in memory: no history of it, and no code, lies in a repository."""
    found = site_extras.extras(store, Config(), None)
    return msgspec.structs.replace(found, stages=None, audit=None, waiting=None, code=None)


def build(store, folder, **options):
    fixed = store.at(store.branch.tip())
    known = {"title": "T", "commit": "c", "extras": asked(fixed), **options}
    return build_site(fixed, folder, **known)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lineage") / "site"
    build(filled(RunStore(MemoryBranch())), folder)
    return folder


def graph(site, view="nodes"):
    given = script(site / "data/lineage.js")[view]
    keys = [item[0] for item in given["items"]]
    return given, keys, {(keys[s], keys[t]) for s, t, *_ in given["links"]}


def plain(edges):
    """Without the digests by which versions of data are told apart."""
    return {tuple(re.sub(r"/[0-9a-f]{10}$", "", end) for end in edge) for edge in edges}


def test_bytes_are_followed_from_data_to_models(site):
    edges = plain(graph(site)[2])

    runs = {name: f"run/20241022-1430{n:02}-00000{n}" for n, name in enumerate("?cbnsop")}
    assert ("data/flights", runs["c"]) in edges
    assert (runs["c"], "data/clean") in edges
    assert ("data/clean", runs["b"]) in edges
    assert (runs["c"], "artifact/flights-clean/2") in edges
    assert ("artifact/flights-clean/2", runs["n"]) in edges
    assert (runs["b"], runs["s"]) in edges
    assert (runs["s"], "model/churn/3") in edges
    assert ("stage/fit", runs["p"]) in edges
    assert ("data/flights", "stage/prepare") in edges


def test_artifacts_and_code_are_told_beside_others(site):
    given, keys, _ = graph(site)

    assert {item[1] for item in given["items"]} <= {"data", "stage", "run", "named", "version"}
    version = given["items"][keys.index("model/churn/3")]
    assert version[5] == ["production", "@champion"]
    link = next(link for link in given["links"] if keys[link[1]] == "model/churn/3")
    assert link[2] == "deep/model"
    run = given["items"][keys.index("run/20241022-143004-000004")]
    assert ["code", "04c0dec0"] in run[6]


def test_on_the_map_what_belongs_together_is_one_node(site):
    given, keys, edges = graph(site, "map")

    assert ("experiment/delay-20241022", "model/churn") in edges
    churn = given["items"][keys.index("model/churn")]
    assert (churn[2], churn[3]) == ("churn", "3 versions")
    assert len(keys) == len(set(keys))


def test_every_box_leads_somewhere_on_the_site(site):
    page = (site / "lineage.html").read_text()
    hrefs = re.findall(r'<a href="([^"#]+)[^"]*" class="box', page)

    assert len(hrefs) > 10
    assert all((site / href).is_file() for href in hrefs)


def test_runs_that_lead_nowhere_are_folded_and_counted(tmp_path):
    store = filled(RunStore(MemoryBranch()))
    raw = data("flights", "a", "v1.3", role="train")
    idle = [
        RunBundle(run=replace(a_run(n, "idle", data=[raw]), experiment="idle-20241023"))
        for n in range(20, 27)
    ]
    reader = replace(
        a_run(40, "reader", uses=[Use(run="20241022-143004-000004", path="deep/model")]),
        experiment="other-20241023",
    )
    store.commit_runs([*idle, RunBundle(run=reader)])
    build(store, tmp_path / "site")
    _, keys, edges = graph(tmp_path / "site")

    assert ("data/flights", "experiment/idle-20241023") in plain(edges)
    assert ("run/20241022-143004-000004", "experiment/other-20241023") in edges
    assert not any("143020" in key for key in keys)
    counts = dict(script(tmp_path / "site/data/lineage-counts.js"))
    assert counts == {"experiment/idle-20241023": 7, "experiment/other-20241023": 1}


def test_one_more_run_that_leads_nowhere_makes_the_counts_alone(tmp_path):
    store = filled(RunStore(MemoryBranch()))
    raw = data("flights", "a", "v1.3", role="train")

    def run(number):
        return RunBundle(run=replace(a_run(number, "idle", data=[raw]), experiment="idle"))

    def pages():
        return {
            name: (tmp_path / "site" / name).stat().st_mtime_ns
            for name in ("lineage.html", "data/lineage.js", "data/lineage-counts.js")
        }

    store.commit_runs([run(20), run(21)])
    build(store, tmp_path / "site", cache=tmp_path / "cache")
    before = pages()
    store.commit_runs([run(22)])
    followed = []
    monitored = asked(store.at(store.branch.tip()))
    opened = monitored.lineage

    class Watched:
        def __init__(self):
            self.inner = opened()

        def __getattr__(self, name):
            if name == "up":
                followed.append(name)
            return getattr(self.inner, name)

    build(
        store, tmp_path / "site", cache=tmp_path / "cache",
        extras=replace(monitored, lineage=Watched),
    )  # fmt: skip
    after = pages()

    assert followed == []
    assert {name for name in before if before[name] != after[name]} == {"data/lineage-counts.js"}


def test_whatever_comes_the_bytes_are_those_of_a_full_build(tmp_path):
    store = filled(RunStore(MemoryBranch()))
    more = [
        a_run(30, "late-source", artifacts=[Artifact(path="f", md5="f" * 32, store="dvc")]),
        a_run(31, "writer", data=[data("flights", "a", role="output")]),
        a_run(32, "by-name", uses=[Use(name="flights-clean", version=2, md5="b" * 32)]),
        a_run(33, "new-data", data=[Dataset(name="elsewhere", uri="s3://b/x", version="3")]),
        a_run(34, "again", artifacts=[Artifact(path="x", name="flights-clean", md5="b" * 32)]),
    ]
    for number, run in enumerate(more):
        store.commit_runs([RunBundle(run=run)])
        for public in (False, True):
            name, hide = f"{number}-{public}", Hide(public=public)
            site = tmp_path / f"site-{public}"
            build(store, site, cache=tmp_path / "cache", hide=hide)
            build(store, tmp_path / name, hide=hide)
            assert files(site) == files(tmp_path / name)


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_public_site_says_neither_where_data_lie_nor_who_ran(tmp_path):
    store = filled(RunStore(MemoryBranch()))
    secret = Dataset(name="visits", uri="s3://hospital/visits", path="/home/jane/visits.csv")
    run = replace(a_run(50, "r", data=[secret]), author="Jane <jane@example.com>")
    made = Artifact(path="m", name="visits-model", uri="s3://hospital/model", store="uri")
    store.commit_runs([RunBundle(run=replace(run, artifacts=[made]))])
    build(store, tmp_path / "site", hide=Hide(public=True))

    for path in [*(tmp_path / "site").glob("data/lineage*.js"), tmp_path / "site/lineage.html"]:
        text = path.read_text()
        assert "hospital" not in text
        assert "/home" not in text
        assert "Jane" not in text
    assert "visits" in (tmp_path / "site/lineage.html").read_text()


def test_without_lineage_there_is_no_page(tmp_path):
    store = filled(RunStore(MemoryBranch()))
    fixed = store.at(store.branch.tip())
    build_site(fixed, tmp_path / "site", title="T", commit="c")

    assert not (tmp_path / "site/lineage.html").exists()
    assert "lineage.html" not in (tmp_path / "site/data.html").read_text()


# -- the layout --------------------------------------------------------------------------------


def test_layers_go_with_the_flow_and_ends_to_the_right():
    found = layered(5, [(0, 1), (1, 2), (3, 2), (0, 4)], last=[2, 4])

    assert [layer for layer, _ in found.places] == [0, 1, 2, 1, 2]
    assert found.bends[3] != []
    assert not any(found.back)


def test_boxes_of_a_layer_have_room():
    edges = [(place % 7, 7 + place) for place in range(30)]
    found = layered(37, edges)

    for layer in range(found.layers):
        heights = sorted(height for at, height in found.places if at == layer)
        assert all(other - one >= 1 - 1e-9 for one, other in pairwise(heights))


def test_lines_that_need_not_cross_do_not():
    found = layered(8, [(0, 7), (1, 6), (2, 5), (3, 4)])
    heights = [height for _, height in found.places]

    assert [heights[7], heights[6], heights[5], heights[4]] == pytest.approx(heights[:4])


def test_circles_end():
    found = layered(3, [(0, 1), (1, 2), (2, 0)], columns=[0, 2, 2])

    assert found.back == [False, True, True]
    assert found.layers == 2


def test_heights_are_the_nearest_that_have_room():
    assert nearest([5, 5, 5], [0.5, 1.5, 2.5]) == pytest.approx([4, 5, 6])
    assert nearest([0, 10], [0.5, 1.5]) == [0, 10]
