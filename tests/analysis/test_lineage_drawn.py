"""Lineage as text, as pictures of other programs, and as events of a standard."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime
from itertools import pairwise

import pytest

from gitrack.analysis.lineage import Lineage, graph, tree
from gitrack.analysis.lineage.drawn import dot, mermaid
from gitrack.analysis.lineage.events import PRODUCER, event_id, events
from gitrack.model.lineage import Edge, Graph, Link, Node
from gitrack.model.run import Artifact, Code, Dataset, RunBundle, Status
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore
from tests.analysis.lineage_world import a_run, data, filled, md5, rid

HOSTILE = '"];\n}}\x1b[31m</script><b>]|--> x\\" %% `e` #quot; \u202e http://evil'


@pytest.fixture(scope="module")
def store() -> RunStore:
    return filled(RunStore(MemoryBranch()))


def _lines(links: list[Link], *starts: str, up: bool = False, everything: bool = False):
    rows = tree.rows(starts, links, up=up, everything=everything)
    return [f"{row.indent}{row.id or row.more}{' again' if row.again else ''}" for row in rows]


def test_every_node_is_drawn_once_with_what_belongs_to_it():
    links = [
        Link("run:a", "artifact:a/x", "produced"),
        Link("run:a", "artifact:a/y", "produced"),
        Link("artifact:a/x", "run:b", "used"),
        Link("artifact:a/y", "run:b", "used"),
        Link("run:b", "artifact:b/z", "produced"),
        Link("artifact:b/z", "run:a", "used"),
    ]

    assert _lines(links, "run:a") == [
        "├─ artifact:a/x",
        "│  └─ run:b",
        "│     └─ artifact:b/z",
        "│        └─ run:a again",
        "└─ artifact:a/y",
        "   └─ run:b again",
    ]


def test_crowds_are_counted_and_what_became_a_model_is_named_first():
    runs = [f"run:{number:04}" for number in range(4210)]
    links = [Link("data:x", run, "input") for run in runs]
    links.append(Link("run:0003", "artifact:0003/model", "produced"))
    links.append(Link("artifact:0003/model", "version:churn/1", "registered"))

    lines = _lines(links, "data:x")

    assert lines[:4] == [
        "├─ run:0003",
        "│  └─ artifact:0003/model",
        "│     └─ version:churn/1",
        "├─ run:4209",
    ]
    assert lines[-1] == "└─ and 4,200 more runs"
    assert len(lines) == 13
    assert len(_lines(links, "data:x", everything=True)) == 4212


def test_what_goes_on_and_on_is_cut_unless_all_is_asked_for():
    links = [Link(f"run:{n:05}", f"run:{n + 1:05}", "used") for n in range(5000)]

    assert _lines(links, "run:00000")[-1].endswith("and so on; --all shows it")
    assert len(_lines(links, "run:00000")) == tree.MOST_DEPTH + 1
    assert len(_lines(links, "run:00000", everything=True)) == 5000
    many = [Link("code:0", f"stage:{n:05}", "input") for n in range(10)]
    many += [Link(f"stage:{n:05}", f"run:{n:05}-{m}", "part") for n in range(10) for m in range(10)]
    many += [Link(link.target, f"artifact:{link.target}", "produced") for link in many[10:]]
    assert len(_lines(many, "code:0")) == tree.MOST_LINES + 1


def test_lines_are_short_and_harmless():
    run = a_run(1, HOSTILE, data=[Dataset(name=HOSTILE, version=HOSTILE, dvc="md5:" + md5("a"))])
    store = RunStore(MemoryBranch())
    store.commit_runs([RunBundle(run=run)])

    for node in graph(store, rid(1)).nodes:
        line = tree.worded(node)
        assert line.isprintable()


@pytest.fixture
def hostile() -> Graph:
    about = {"rows": 3, "branch": HOSTILE, "status": HOSTILE, "started": HOSTILE}
    kinds = ("data", "stage", "code", "run", "artifact", "named", "version", "standing", "alias")
    nodes = [
        Node(id=f"{kind}:{HOSTILE}", kind=kind, label=HOSTILE, run=HOSTILE, about=about)
        for kind in kinds
    ]
    edges = [
        Edge(source=one.id, target=other.id, kind="input", detail=HOSTILE)
        for one, other in pairwise(nodes)
    ]
    return Graph(subjects=[nodes[0].id], nodes=nodes, edges=edges)


def test_mermaid_has_no_name_that_is_markup(hostile):
    lines = mermaid(hostile).splitlines()

    assert lines[0] == "flowchart LR"
    assert len(lines) == 1 + 9 + 8 + 2
    for line in lines[1:10]:
        assert re.fullmatch(r'  n\d[\[({>/]+"[\w .,:\-_/@=+#;]*"[\])}/]+', line), line
    for line in lines[10:18]:
        assert re.fullmatch(r'  n\d -->\|"[\w .,:\-_/@=+#;]*"\| n\d', line), line
    assert "://" not in mermaid(hostile)


def test_dot_has_no_name_that_is_markup(hostile):
    text = dot(hostile)

    lines = text.splitlines()
    assert len(lines) == 3 + 9 + 8 + 1
    quoted = r'"(?:[^"\\]|\\.)*"'
    for line in lines[3:12]:
        assert re.fullmatch(rf"  {quoted} \[label={quoted}, shape=\w+(, style={quoted})?\];", line)
    for line in lines[12:20]:
        assert re.fullmatch(rf"  {quoted} -> {quoted} \[label={quoted}\];", line)
    assert text.isprintable() or all(line.isprintable() for line in lines)


def test_pictures_have_every_node_and_every_edge(store):
    found = graph(store, "churn@production")

    for text, arrow in ((dot(found), " -> "), (mermaid(found), " -->|")):
        assert text.count(arrow) == len(found.edges)
        assert "in production" in text
    unknown = Graph(nodes=[Node(id="run:x", kind="run", label="x", known=False)])
    assert "dashed" in dot(unknown)
    assert "class n0 unknown" in mermaid(unknown)


def _events(store: RunStore, subject: str) -> list[dict]:
    lineage = Lineage(store)
    found = lineage.graph(lineage.subjects(subject))
    return [json.loads(line) for line in events(lineage, found)]


def _names(event: dict, side: str) -> set[tuple[str, str]]:
    return {(one["namespace"], one["name"]) for one in event[side]}


def test_events_join_what_a_run_left_with_what_others_read(store):
    by_run = {event["run"]["runId"]: event for event in _events(store, "data:flights@v1.3")}

    clean, by_bytes, by_name, stacked = (by_run[event_id(rid(n))] for n in (1, 2, 3, 4))
    space = "gitrack://project"
    assert _names(clean, "inputs") == {(space, "flights")}
    assert _names(clean, "outputs") >= {(space, "clean"), (space, "delay-20241022/report.html")}
    assert _names(by_bytes, "inputs") == {(space, "clean")}
    assert _names(stacked, "inputs") == _names(by_bytes, "outputs")
    assert len(clean["outputs"]) == 3
    assert _names(by_name, "inputs") == {(space, "flights-clean")}
    (flights,) = clean["inputs"]
    assert flights["facets"]["version"]["datasetVersion"] == "v1.3"
    assert flights["inputFacets"]["inputStatistics"]["rowCount"] == 1000


def test_stages_are_jobs_below_their_run(store):
    found = {event["job"]["name"]: event for event in _events(store, "piped@1")}

    run, fit = found["delay-20241022"], found["delay-20241022.fit"]
    assert fit["run"]["facets"]["parent"]["run"]["runId"] == run["run"]["runId"]
    assert {one["name"] for one in fit["inputs"]} == {"ready.csv", "fit.py"}
    assert {one["name"] for one in run["inputs"]} == {"flights"}


def test_events_are_what_the_standard_asks_for(store):
    found = _events(store, "data:flights")

    assert [event["eventType"] for event in found] == ["START", "COMPLETE"] * 8
    assert len({event["run"]["runId"] for event in found}) == 8
    for start, end in zip(found[::2], found[1::2], strict=True):
        assert start["run"]["runId"] == end["run"]["runId"]
        assert (start["job"], start["inputs"]) == (end["job"], end["inputs"])
        assert start["eventTime"] <= end["eventTime"]
    assert found == _events(store, "data:flights")
    for event in found:
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        assert event["producer"] == PRODUCER
        assert event["schemaURL"].endswith("OpenLineage.json#/$defs/RunEvent")
        assert uuid.UUID(event["run"]["runId"]).version == 5
        for facet in _facets(event):
            assert facet["_producer"] == PRODUCER
            assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")


def _facets(event: dict):
    places = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    for place in places:
        for name in ("facets", "inputFacets", "outputFacets"):
            yield from place.get(name, {}).values()


def test_what_ended_badly_and_where_its_code_lies():
    code = Code(commit="ab" * 20, branch="main", remote="git@example.com:team/repo.git")
    profile = b'{"columns": [{"name": "hour", "type": "int64"}]}'
    run = a_run(
        1, "bad", status=Status.FAILED, error="Traceback\nValueError: no", code=code,
        ended="2024-99-99T99:99:99Z", tags={"team": "x"},
        data=[data("t", "a"), Dataset(name="s", uri="s3://bucket/a b/c.csv", version="7"),
              Dataset(name="strange", uri="s3://[x")],
        artifacts=[Artifact(path="x", uri="https://h.example/x")],
    )  # fmt: skip
    store = RunStore(MemoryBranch())
    store.commit_runs([RunBundle(run=run, files={"data/t.json": profile})])

    start, event = _events(store, "bad")

    assert (start["eventType"], "errorMessage" in start["run"]["facets"]) == ("START", False)
    assert event["eventType"] == "FAIL"
    assert event["eventTime"] == "2024-10-22T14:30:01.000Z"
    facets = event["run"]["facets"]
    assert facets["errorMessage"]["message"] == "ValueError: no"
    assert facets["tags"]["tags"] == [{"key": "team", "value": "x", "source": "USER"}]
    place = event["job"]["facets"]["sourceCodeLocation"]
    assert place["repoUrl"] == place["url"] == "ssh://git@example.com/team/repo.git"
    assert place["version"] == "ab" * 20
    inputs = {one["name"]: one for one in event["inputs"]}
    assert inputs["t"]["facets"]["schema"]["fields"][0]["name"] == "hour"
    assert inputs["a b/c.csv"]["namespace"] == "s3://bucket"
    assert inputs["a b/c.csv"]["facets"]["dataSource"]["uri"] == "s3://bucket/a%20b/c.csv"
    assert inputs["a b/c.csv"]["facets"]["version"]["datasetVersion"] == "7"
    assert inputs["strange"]["namespace"] == "gitrack://project"
    assert _names(event, "outputs") == {("https://h.example", "x")}
