"""The data of the tables: pieces from the oldest run on, and a header made of their notes."""

import json
import re

import msgspec
import pytest

from gitrack.model.run import RunBundle
from gitrack.site import build_site
from gitrack.site.hide import Hide
from gitrack.site.tables import chunks
from gitrack.site.tables.sparks import spark
from gitrack.site.tables.summary import merged, summary
from tests.site.flights import MadeStore

ALL = "data/tables/all"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Twelve runs are three pieces."""
    monkeypatch.setattr(chunks, "SIZE", 5)


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in (folder / "data/tables").rglob("*.js")
    }


def build(folder, bundles, **options):
    build_site(MadeStore(bundles), folder, title="T", commit="c", **options)
    return files(folder)


def head(found, place=ALL):
    text = found[f"{place}/head.js"].decode("ascii")
    return json.loads(re.fullmatch(r"gitrack\.tables\.head\((.*)\);\n", text)[1])


def cells(found, name, place=ALL):
    """A column as a page puts it together."""
    about = head(found, place)
    number = [column["name"] for column in about["columns"]].index(name)
    values = []
    for at, (rows, layout, _) in enumerate(about["chunks"]):
        part = [None] * rows
        for block, columns in enumerate(about["layouts"][layout]):
            if number in columns:
                text = found[f"{place}/{at}-{block}.js"].decode("ascii")
                call = re.fullmatch(r"gitrack\.tables\.block\((.*)\);\n", text)[1]
                packed = json.loads(f"[{call}]")[3][columns.index(number)]
                part = opened(packed, rows)
        values += part
    return values


def opened(packed, rows):
    if isinstance(packed, dict):
        texts = packed["t"]
        codes = packed.get("c", [0] * rows)
        return [None if code < 0 else texts[code] for code in codes]
    return packed if packed is not None else [None] * rows


def test_every_value_is_where_its_run_is(tmp_path, bundles):
    found = build(tmp_path / "site", bundles)
    runs = sorted((bundle.run for bundle in bundles), key=lambda run: run.started)

    assert [rows for rows, _, _ in head(found)["chunks"]] == [5, 5, 2]
    assert cells(found, "id") == [run.id for run in runs]
    assert cells(found, "metrics.test_f1") == [run.metrics.get("test_f1") for run in runs]
    assert cells(found, "tags.status") == [run.tags["status"] for run in runs]
    assert cells(found, "params.subsample") == [0.8] * 12


def test_one_more_run_is_in_the_last_piece_and_the_header_alone(tmp_path, bundles):
    ordered = sorted(bundles, key=lambda bundle: bundle.run.started)
    before = build(tmp_path / "site", ordered[:-1], cache=tmp_path / "cache")
    after = build(tmp_path / "site", ordered, cache=tmp_path / "cache")

    mine = f"{ALL}/"
    others = {name for name in after if name.startswith(mine) and before.get(name) != after[name]}
    assert f"{ALL}/head.js" in others
    assert {name.removeprefix(mine)[0] for name in others} == {"2", "h"}
    assert after == build(tmp_path / "whole", ordered)


def test_the_header_says_of_columns_what_all_pieces_say_together(tmp_path, bundles):
    columns = {c["name"]: c for c in head(build(tmp_path / "site", bundles))["columns"]}

    reached = [b.run.metrics["test_f1"] for b in bundles if "test_f1" in b.run.metrics]
    assert columns["metrics.test_f1"]["best"] == max(reached)
    assert columns["metrics.test_f1"]["count"] == len(reached) == 11
    assert columns["params.subsample"]["constant"] is True
    assert "constant" not in columns["params.max_depth"]
    assert columns["params.max_depth"]["values"] == 3


@pytest.mark.parametrize("cut", [1, 3, 5])
@pytest.mark.parametrize(
    "values",
    [
        [1, 2.5, None, -3, 0, 0.125],
        ["a", "a", None, "bcd", "a", "a"],
        [1, "1", True, None, None, 2.0],
        [7, 7, 7, 7, 7, 7],
        [float("nan"), float("inf"), 1.0, None, -1e9, 2],
    ],
)
def test_two_halves_add_up_to_the_whole(values, cut):
    assert merged(summary("x", values[:cut]), summary("x", values[cut:])) == summary("x", values)


def test_hidden_columns_are_in_no_piece(tmp_path, bundles):
    hide = Hide(params=["subsample"], tags=["team"], metrics=["val_*"])
    found = build(tmp_path / "site", bundles, hide=hide)

    for path, data in found.items():
        for word in (b"subsample", b"team", b"logistics-ml", b"val_auc", b"val_logloss"):
            assert word not in data, path


def test_values_that_json_has_not_and_names_that_mean_harm(tmp_path, bundles):
    run = msgspec.structs.replace(
        bundles[0].run,
        params={"__proto__": "</script><b>", "big": 2**70, "nothing": None},
        metrics={"constructor": float("nan"), "up": float("inf")},
    )
    found = build(tmp_path / "site", [RunBundle(run=run)])

    assert cells(found, "params.__proto__") == ["</script><b>"]
    assert cells(found, "params.big") == [str(2**70)]
    assert cells(found, "metrics.up") == [float("inf")]
    assert all(b"<" not in data for data in found.values())


def test_a_curve_keeps_its_extremes():
    values = [0.5] * 1000
    values[321], values[700] = 9.0, -4.0

    drawn = spark(values)
    assert len(drawn) == 32
    assert "_" in drawn
    assert "A" in drawn
    assert spark([1.0]) == ""
    assert spark([None, float("nan"), 2.0]) == ""


def test_a_piece_without_a_value_leaves_a_column_of_numbers_what_it_is():
    none = summary("duration", [None, None])
    assert merged(none, summary("duration", [3.5, None])).number
    assert merged(summary("duration", [3.5]), none).high == 3.5
