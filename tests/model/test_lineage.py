"""Rules of lineage: what is the same, what leads where, and no cycle is gone around twice."""

from __future__ import annotations

import msgspec
import pytest

from gitrack.model.lineage import (
    Link,
    identity,
    last_stages,
    leading_to,
    place,
    shortest,
    stage_id,
    walk,
    way,
)
from gitrack.model.pipeline import StageFile, StageRun
from gitrack.model.run import Dataset

LINKS = [
    Link("run:a", "artifact:a/x", "produced"),
    Link("artifact:a/x", "run:b", "used"),
    Link("run:b", "artifact:b/y", "produced"),
    Link("artifact:b/y", "run:a", "used"),
    Link("run:b", "artifact:b/z", "produced"),
]


def _down(id):
    return [link for link in LINKS if link.source == id]


def _up(id):
    return [link for link in LINKS if link.target == id]


def test_a_cycle_is_walked_once():
    assert sorted(walk(["run:a"], _down, up=False, depth=None)) == sorted(LINKS)
    assert len(walk(["run:a"], _up, up=True, depth=None)) == 4


def test_depth_is_how_many_links_one_goes():
    assert walk(["run:a"], _down, up=False, depth=1) == LINKS[:1]
    assert walk(["run:a"], _down, up=False, depth=2) == LINKS[:2]
    assert walk(["run:nobody"], _down, up=False, depth=None) == []


def test_the_shortest_way_leads_from_the_start_to_the_end():
    came = shortest(LINKS, ["run:a"])

    assert [link.target for link in way(came, "artifact:b/z")] == [
        "artifact:a/x",
        "run:b",
        "artifact:b/z",
    ]
    assert way(came, "run:a") == []


def test_what_leads_to_an_end():
    assert leading_to(LINKS[:2] + LINKS[4:], ["run:b"]) == {"run:a", "artifact:a/x", "run:b"}


@pytest.mark.parametrize(
    ("dataset", "known"),
    [
        (Dataset(name="a", dvc="md5:12", uri="s3://x", version="1"), "md5:12"),
        (Dataset(name="a", uri="s3://x", path="p", version="1"), "uri:s3://x@1"),
        (Dataset(name="a", path="p"), "path:p"),
        (Dataset(name="a", version="2"), "name:a@2"),
    ],
)
def test_data_is_the_same_by_its_digest_or_by_where_it_lies(dataset, known):
    assert identity(dataset) == known


def test_versions_of_a_table_are_different_data_even_where_nobody_could_hash_its_log():
    one, other = (
        Dataset(name="sales", uri="s3://lake/sales", version="now", table_version=number)
        for number in (3, 4)
    )
    assert identity(one) == "uri:s3://lake/sales@3"
    assert identity(other) == "uri:s3://lake/sales@4"


def _stage(name, *outs, deps=(), state="ran"):
    return StageRun(
        name=name,
        state=state,
        deps=[StageFile(path=path, md5=path * 32) for path in deps],
        outs=[StageFile(path=path, md5=path * 32) for path in outs],
    )


def test_a_stage_that_is_cached_is_the_stage_that_ran():
    ran, cached = _stage("fit", "a"), _stage("fit", "a", state="cached")

    assert stage_id(ran) == stage_id(cached)
    assert stage_id(ran) != stage_id(_stage("fit", "b"))
    assert stage_id(ran) != stage_id(
        msgspec.structs.replace(ran, params={"p": {"x": float("nan")}})
    )


def test_the_last_stages_feed_no_other():
    stages = [_stage("a", "1"), _stage("b", "2", deps="1"), _stage("c", "3"), _stage("d")]

    assert [stage.name for stage in last_stages(stages)] == ["b", "c", "d"]


def test_ids_are_in_the_order_of_the_flow():
    ids = ["version:m/1", "run:b", "alien", "data:x", "run:a"]

    assert sorted(ids, key=place) == ["data:x", "run:a", "run:b", "version:m/1", "alien"]
