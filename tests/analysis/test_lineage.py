"""Lineage is derived from what lies on the branch, and follows bytes through every kind of link."""

from __future__ import annotations

import msgspec
import pytest

from gitrack.analysis.lineage import Lineage, graph
from gitrack.errors import Ambiguous, NotFound, UnreadableFile, UsageError
from gitrack.model.lineage import Graph
from gitrack.model.named import ArtifactVersion
from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.model.registered import ModelVersion, StageState
from gitrack.model.run import Artifact, Dataset, RunBundle, Use
from gitrack.store.codec.records import dump_record
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore
from tests.analysis.lineage_world import PIPELINE, a_run, data, filled, md5, rid

RAW = f"data:md5:{md5('a')}"


@pytest.fixture(scope="module")
def store() -> RunStore:
    return filled(RunStore(MemoryBranch()))


def _store(*bundles: RunBundle, **files: bytes) -> RunStore:
    store = RunStore(MemoryBranch())
    store.commit_runs(bundles)
    if files:
        store.commit_files(dict(files), "more")
    return store


def _ids(graph: Graph) -> set[str]:
    return {node.id for node in graph.nodes}


def _edges(graph: Graph) -> set[tuple[str, str, str]]:
    return {(edge.source, edge.target, edge.kind) for edge in graph.edges}


def _hits(store: RunStore, subject: str, stage: str | None = "production") -> list[str]:
    lineage = Lineage(store)
    return [hit.version for hit in lineage.impact(lineage.subjects(subject), stage=stage)]


def test_up_from_a_model_to_the_raw_data(store):
    found = graph(store, "models:/churn/3", down=False)

    assert _edges(found) == {
        (RAW, f"run:{rid(1)}", "input"),
        (f"code:{a_run(1, 'x').code.commit}", f"run:{rid(1)}", "code"),
        (f"run:{rid(1)}", f"artifact:{rid(1)}/clean.parquet", "produced"),
        (f"artifact:{rid(1)}/clean.parquet", f"data:md5:{md5('b')}", "derived"),
        (f"data:md5:{md5('b')}", f"run:{rid(2)}", "input"),
        (f"code:{a_run(2, 'x').code.commit}", f"run:{rid(2)}", "code"),
        (f"run:{rid(2)}", f"artifact:{rid(2)}/model", "produced"),
        (f"artifact:{rid(2)}/model", f"run:{rid(4)}", "used"),
        (f"code:{a_run(4, 'x').code.commit}", f"run:{rid(4)}", "code"),
        (f"run:{rid(4)}", f"artifact:{rid(4)}/deep/model", "produced"),
        (f"artifact:{rid(4)}/deep/model", "version:churn/3", "registered"),
    }
    details = {(edge.target, edge.detail) for edge in found.edges if edge.detail}
    assert details == {
        (f"run:{rid(1)}", "train"),
        (f"run:{rid(2)}", "train, test"),
        (f"run:{rid(4)}", "weights.bin"),
    }
    assert all(node.known for node in found.nodes)


def test_down_and_up_say_the_same_edges(store):
    for subject in ("data:flights@v1.3", "data:flights@v1.4"):
        lineage = Lineage(store)
        for link in lineage.down(lineage.subjects(subject)):
            again = [up for up in lineage.steps.up(link.target) if up[:3] == link[:3]]
            assert again, link


def test_a_renumbered_version_is_found_by_its_bytes(store):
    """The run said version 7; what has its bytes is version 2 today."""
    found = graph(store, "models:/churn/2", down=False)

    assert ("named:flights-clean:v2", f"run:{rid(3)}", "used") in _edges(found)
    assert RAW in _ids(found)


def test_models_in_production_that_were_trained_on_a_data_set(store):
    assert _hits(store, "data:flights@v1.3") == [
        "version:churn/2",
        "version:churn/3",
        "version:piped/1",
    ]
    assert _hits(store, "data:flights@v1.4") == ["version:other/1"]
    assert _hits(store, "data:flights@v1.3", "staging") == ["version:churn/1"]
    assert _hits(store, "data:flights@v1.3", None)[0] == "version:churn/1"
    assert _hits(store, "data:flights@v1.3", "nowhere") == []
    assert _hits(store, "churn@3", None) == []


def test_the_way_to_a_model_goes_through_the_stages_of_a_pipeline(store):
    lineage = Lineage(store)
    hit = lineage.impact(lineage.subjects("data:flights@v1.3"))[-1]

    kinds = [link.target.partition(":")[0] for link in hit.links]
    assert kinds == ["stage", "data", "stage", "run", "artifact", "version"]
    assert hit.stages == ["production"]


def test_a_pipeline_that_ran_twice_is_one_chain(store):
    again = a_run(7, "again", artifacts=[Artifact(path="fit.pkl", md5=md5("3"))])
    cached = msgspec.structs.replace(
        PIPELINE.run, id=again.id, name="again", data=[], artifacts=again.artifacts
    )
    two = _store(PIPELINE, RunBundle(run=cached, files=PIPELINE.files))

    found = graph(two, "md5:1111", down=True)

    stages = sorted(id.partition("@")[0] for id in _ids(found) if id.startswith("stage:"))
    assert stages == ["stage:fit", "stage:prepare"]
    assert {f"run:{rid(6)}", f"run:{rid(7)}"} <= _ids(found)


def test_a_run_that_hands_on_what_it_was_given_is_not_its_source():
    handed = a_run(
        1,
        "copy",
        data=[data("flights", "a")],
        uses=[Use(uri="s3://b/x", md5=md5("b"))],
        artifacts=[Artifact(path="a.csv", md5=md5("a")), Artifact(path="b.csv", md5=md5("b"))],
    )
    reader = a_run(2, "reader", data=[data("flights", "a"), data("other", "b")])

    found = graph(_store(RunBundle(run=handed), RunBundle(run=reader)), "reader")

    assert f"run:{rid(1)}" not in _ids(found)


def test_runs_that_feed_each_other_do_not_hang():
    runs = [
        a_run(1, "one", uses=[Use(run=rid(2), path="x")], artifacts=[Artifact(path="x")]),
        a_run(2, "two", uses=[Use(run=rid(1), path="x")], artifacts=[Artifact(path="x")]),
        a_run(3, "self", uses=[Use(run=rid(3), path="x")], artifacts=[Artifact(path="x")]),
    ]
    store = _store(*(RunBundle(run=run) for run in runs))

    assert {f"run:{rid(1)}", f"run:{rid(2)}"} <= _ids(graph(store, "one"))
    assert f"run:{rid(3)}" in _ids(graph(store, "self"))


def test_what_is_only_spoken_of_is_a_node_that_nobody_knows():
    run = a_run(
        1, "lost", uses=[Use(run=rid(99), path="model"), Use(name="gone", version=3, md5=md5("a"))]
    )
    version = dump_record(ModelVersion(version=1, run=rid(98)))
    state = dump_record(StageState(versions=[1, 5]))
    store = _store(
        RunBundle(run=run),
        **{"registry/m/versions/1.yaml": version, "registry/m/stages/live.yaml": state},
    )

    found = graph(store, "lost")
    unknown = {node.id for node in found.nodes if not node.known}
    assert unknown == {f"run:{rid(99)}", f"artifact:{rid(99)}/model", "named:gone:v3"}
    found = graph(store, "m@1")
    assert {node.id for node in found.nodes if not node.known} == {
        f"run:{rid(98)}",
        f"artifact:{rid(98)}/model",
    }


def test_data_of_the_role_output_is_what_a_run_wrote():
    writer = a_run(
        1,
        "writer",
        data=[data("in", "a"), data("out", "b", role="output"), data("both", "c", role="output")],
        artifacts=[Artifact(path="copy", md5=md5("b"))],
    )
    both = msgspec.structs.replace(writer, data=[*writer.data, data("both", "c", role="train")])
    reader = a_run(2, "reader", data=[data("later", "b", role="train")])
    store = _store(RunBundle(run=both), RunBundle(run=reader))

    edges = _edges(graph(store, "reader", down=False))
    assert (f"run:{rid(1)}", f"data:md5:{md5('b')}", "produced") in edges
    assert (f"data:md5:{md5('a')}", f"run:{rid(1)}", "input") in edges
    edges = _edges(graph(store, "data:in", up=False))
    assert (f"run:{rid(1)}", f"data:md5:{md5('b')}", "produced") in edges
    assert (f"data:md5:{md5('b')}", f"run:{rid(2)}", "input") in edges
    assert (f"data:md5:{md5('b')}", f"run:{rid(1)}", "input") not in edges


def test_bytes_lead_to_the_models_that_they_are(store):
    assert _hits(store, "md5:3333") == ["version:piped/1"]
    assert _hits(store, f"md5:{md5('c')}.dir") == ["version:churn/3"]


def test_runs_of_two_versions_of_a_table_do_not_share_their_data():
    table = Dataset(name="sales", uri="s3://lake/sales", role="train")
    store = _store(
        *(
            RunBundle(
                run=a_run(at, f"of-{at}", data=[msgspec.structs.replace(table, table_version=at)])
            )
            for at in (1, 2)
        )
    )

    found = graph(store, f"run:{rid(1)}")

    assert "data:uri:s3://lake/sales@1" in _ids(found)
    assert f"run:{rid(2)}" not in _ids(found)
    assert _ids(graph(store, "data:uri:s3://lake/sales@2")) >= {f"run:{rid(2)}"}


def test_what_lies_elsewhere_is_followed_by_its_uri():
    maker = a_run(1, "maker", artifacts=[Artifact(path="t", store="uri", uri="s3://b/table")])
    reader = a_run(2, "reader", data=[Dataset(name="t", uri="s3://b/table")])
    user = a_run(3, "user", uses=[Use(uri="s3://b/table")])
    store = _store(*(RunBundle(run=run) for run in (maker, reader, user)))

    found = graph(store, "maker", up=False)

    assert {f"run:{rid(2)}", f"run:{rid(3)}"} <= _ids(found)
    assert f"run:{rid(1)}" in _ids(graph(store, "reader"))


def test_a_run_that_was_copied_speaks_for_itself():
    run = a_run(1, "one", data=[data("x", "a")])
    copy = msgspec.structs.replace(run, experiment="elsewhere", data=[data("y", "b")])
    store = _store(RunBundle(run=run), RunBundle(run=copy))

    found = Lineage(store).graph([f"run:{rid(1)}"])

    assert {f"data:md5:{md5('a')}", f"data:md5:{md5('b')}"} <= _ids(found)


def test_what_cannot_be_read_is_told_and_hides_nothing(store):
    broken = filled(RunStore(MemoryBranch()))
    files = {
        "registry/churn/versions/2.yaml": f"run: {rid(3)}\nversion: [\n".encode(),
        "artifacts/flights-clean/versions/3.yaml": b"md5: " + md5("b").encode(),
    }
    piped = next(e for e in broken.branch.entries("runs") if e.path.endswith("pipeline.yaml"))
    broken.commit_files({**files, piped.path: b"stages: " + md5("a").encode()}, "break")
    lineage = Lineage(broken)

    hits = [hit.version for hit in lineage.impact(lineage.subjects("data:flights@v1.3"))]

    assert hits == ["version:churn/1", "version:churn/3", "version:piped/1"]
    assert sorted(fault.path for fault in lineage.faults) == sorted([*files, piped.path])


def test_the_same_commit_is_the_same_graph(store):
    one, other = (
        graph(store, "data:flights"),
        graph(filled(RunStore(MemoryBranch())), "data:flights"),
    )

    assert msgspec.json.encode(one) == msgspec.json.encode(other)
    assert one.subjects == [RAW, f"data:md5:{md5('f')}"]


def test_a_folder_of_ten_thousand_links_in_a_row():
    runs = []
    for number in range(1500):
        second, tail = divmod(number, 30)
        id = f"20241022-14{second:04}-0000{'0123456789abcdefghjkmnpqrstvwxyz'[tail]}0"
        uses = [Use(run=runs[-1].id, path="x")] if runs else []
        run = a_run(0, f"n{number}", uses=uses, artifacts=[Artifact(path="x")])
        runs.append(msgspec.structs.replace(run, id=id))
    store = _store(*(RunBundle(run=run) for run in runs))

    assert len(graph(store, "n1499").nodes) == 2 * 1500 + 1


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (rid(2), [f"run:{rid(2)}"]),
        ("by-bytes", [f"run:{rid(2)}"]),
        ("@last", [f"run:{rid(6)}"]),
        (f"runs:/{rid(2)}/model", [f"artifact:{rid(2)}/model"]),
        ("by-bytes/model/weights.bin", [f"artifact:{rid(2)}/model"]),
        ("churn@production", ["version:churn/3"]),
        ("churn@champion", ["version:churn/3"]),
        ("churn@v1", ["version:churn/1"]),
        ("models:/churn/staging", ["version:churn/1"]),
        ("models:/churn@champion", ["version:churn/3"]),
        ("version:churn/2", ["version:churn/2"]),
        ("churn", ["version:churn/1", "version:churn/2", "version:churn/3"]),
        ("flights-clean:v2", ["named:flights-clean:v2"]),
        ("flights-clean:best", ["named:flights-clean:v2"]),
        ("named:flights-clean:v2", ["named:flights-clean:v2"]),
        ("flights-clean", ["named:flights-clean:v2"]),
        ("data:flights@v1.3", [RAW]),
        ("data:raw", [RAW]),
        ("flights", [RAW, f"data:md5:{md5('f')}"]),
        ("data/flights.csv", [RAW]),
        ("./ready.csv", [f"data:md5:{md5('1')}"]),
        (RAW, [RAW]),
        ("md5:aaaa", [RAW]),
        (f"md5:{md5('c')}.dir", [f"artifact:{rid(2)}/model"]),
        ("md5:bbbb", [f"data:md5:{md5('b')}", f"artifact:{rid(1)}/clean.parquet"]),
        ("code:02c0de", [f"code:{a_run(2, 'x').code.commit}"]),
    ],
)
def test_what_people_name(store, text, ids):
    assert Lineage(store).subjects(text) == ids


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", UsageError, "names nothing"),
        (
            "churm@1",
            NotFound,
            "no run, model, artifact or data is called 'churm@1'; did you mean churn",
        ),
        ("models:/churn/9", NotFound, "no version 9"),
        ("models:/nobody", NotFound, "no registered model 'nobody'"),
        ("flights-clean:v9", NotFound, "no version 9"),
        ("data:flights@v9", NotFound, "its versions are v1.3, v1.4"),
        ("data:flihgts", NotFound, "did you mean data:flights"),
        ("md5:zz", UsageError, "not the beginning of an md5"),
        ("md5:0000", NotFound, "no run speaks of md5:0000"),
        ("code:ffff", NotFound, "no run ran the commit"),
        ("clean", Ambiguous, "give data:clean or runs:/clean"),
        ("by-bytes/modle", NotFound, "did you mean model"),
        ("runs:/nobody", NotFound, "there is no run 'nobody'"),
    ],
)
def test_what_nobody_has_is_said_with_a_way_out(store, text, error, message):
    with pytest.raises(error) as caught:
        Lineage(store).subjects(text)

    assert message in str(caught.value)


def test_names_that_can_be_asked_about(store):
    names = Lineage(store).names()

    assert {"churn", "churn@production", "churn@champion", "flights-clean:latest"} <= set(names)
    assert {"data:flights", "data:flights@v1.3"} <= set(names)


def test_an_empty_branch():
    with pytest.raises(NotFound):
        Lineage(RunStore(MemoryBranch())).subjects("anything")


def test_a_version_in_a_file_of_another_number_is_not_there():
    lost = ArtifactVersion(
        name="n", version=3, run=rid(1), path="x", created="2024-10-22T14:31:00Z"
    )
    run = a_run(1, "one", uses=[Use(name="n", version=1)])
    store = _store(RunBundle(run=run), **{"artifacts/n/versions/1.yaml": dump_record(lost)})
    lineage = Lineage(store)

    found = lineage.graph(lineage.subjects("one"))

    assert [node.id for node in found.nodes if not node.known] == ["named:n:v1"]
    assert [fault.path for fault in lineage.faults] == ["artifacts/n/versions/1.yaml"]
    with pytest.raises(UnreadableFile):
        lineage.subjects("n:v1")


def test_a_pipeline_written_by_hand_is_read_as_well():
    stages = [
        StageRun(
            name="a",
            deps=[StageFile(path="in.csv", md5=md5("7"))],
            outs=[StageFile(path="out.csv", md5=md5("8"))],
        )
    ]
    text = dump_record(Pipeline(stages=stages)).decode()
    by_hand = text.replace("format: 1\n", "# mine\nformat: 1\n").replace("  outs:", "  'outs':")
    store = _store(RunBundle(run=a_run(1, "one"), files={"pipeline.yaml": by_hand.encode()}))

    found = graph(store, "md5:8888")

    assert f"data:md5:{md5('7')}" in _ids(found)


def test_many_artifacts_and_many_stages_take_no_square_of_their_number():
    paths = [f"plots/{number}/p.png" for number in range(4000)]
    many = a_run(1, "many", artifacts=[Artifact(path=path) for path in paths])
    users = a_run(2, "user", uses=[Use(run=rid(1), path=f"{path}/x") for path in paths])
    stages = [
        StageRun(name=f"s{n}", deps=[StageFile(path="in", md5=md5("a"))], seconds=float("nan"))
        for n in range(1000)
    ]
    pipeline = dump_record(Pipeline(stages=stages))
    piped = a_run(3, "piped", data=[data("in", "a")])
    store = _store(
        *(RunBundle(run=run) for run in (many, users)),
        RunBundle(run=piped, files={"pipeline.yaml": pipeline}),
    )

    assert len(graph(store, "many").edges) == 8001
    assert len(graph(store, "md5:aaaa").edges) == 2000
