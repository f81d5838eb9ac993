"""Where a run stands among others: what its page says of it, and what a public page leaves out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.model.profile import ColumnProfile, TableProfile, dump_profile
from gitrack.model.run import Artifact, Dataset, Evidence, Run, RunBundle, Use
from gitrack.site import Hide, build_site
from gitrack.store import open_store
from gitrack.store.codec.records import dump_record
from gitrack.store.made import AllVersions, Made
from gitrack.store.numbering import Wish
from tests.site.flights import MadeStore

MADE, USED = "20260101-000000-aaaaaa", "20260102-000000-bbbbbb"
MD5 = "0123456789abcdef0123456789abcdef"


def run(id: str, **fields) -> Run:
    return Run(id=id, name=f"n{id[-1]}", experiment="e", started="2026-01-01T00:00:00Z", **fields)


def pipeline() -> Pipeline:
    deps = [StageFile(path=f"in/{n}.csv", md5=MD5) for n in range(8)]
    return Pipeline(
        stages=[
            StageRun(name="prepare", state="cached", deps=deps, command="python p.py /home/jane/x"),
            StageRun(
                name="train",
                seconds=75.0,
                deps=[StageFile(path="/home/jane/big.csv", md5=MD5)],
                outs=[StageFile(path="m.pkl", md5=MD5, size=1000)],
                params={"params.yaml": {"model": {"depth": 3, "place_path": "/home/jane/x"}}},
            ),
        ]
    )


def profile() -> TableProfile:
    columns = [
        ColumnProfile(name="hour", type="int64", distinct=24, min=0, max=23),
        ColumnProfile(name="who", type="string", missing=7, min="Aaron", max="Zoe"),
        ColumnProfile(name="day", type="timestamp", min="2013-01-01T00:00:00Z", max="2013-02-01"),
    ]
    return TableProfile(rows=10, columns=columns)


def bundles() -> list[RunBundle]:
    user = run(
        USED,
        params={"place_path": "/home/jane/x"},
        uses=[
            Use(name="flights", version=2, run=MADE, path="f.csv", md5=MD5),
            Use(path="old.csv", run="20250101-000000-cccccc", md5=MD5),
            Use(uri="s3://jane-bucket/x.csv"),
        ],
        data=[
            Dataset(name="flights", role="train", kind="csv", path="data/f.csv", rows=10,
                    revision="4f1c", changed=True),
            Dataset(name="there", uri="ssh://jane@host/x.csv", path="/home/jane/x.csv"),
            Dataset(name="lake", kind="delta", table_version=4, path="../jane/lake"),
        ],
        evidence=[
            Evidence(name="no-leakage", passed=True, report="leak.md"),
            Evidence(name="fairness", passed=False, detail="recall is 0.41"),
        ],
        artifacts=[
            Artifact(path="leak.md"),
            Artifact(path="model", kind="model", flavor="sklearn", store="dvc", md5=f"{MD5}.dir",
                     inputs="hour: long", outputs="double", name="late"),
            Artifact(path="raw.csv", store="uri", uri="s3://jane-bucket/raw.csv"),
        ],
    )  # fmt: skip
    files = {
        "artifacts/leak.md": b"# Leakage\n",
        "pipeline.yaml": dump_record(pipeline()),
        "data/flights-train.json": dump_profile(profile()),
    }
    return [RunBundle(run=run(MADE)), RunBundle(run=user, files=files)]


VERSIONS = AllVersions(
    by_contents={
        ("late", f"{MD5}.dir"): Made(name="late", version=3, run=USED, aliases=("latest", "best"))
    }
)


def page(tmp_path: Path, hide: Hide | None = None) -> str:
    store = MadeStore(bundles(), versions=VERSIONS)
    build_site(store, tmp_path / "site", title="T", hide=hide)
    return (tmp_path / f"site/runs/{USED}.html").read_text("utf-8")


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_page_says_where_everything_came_from_and_went(tmp_path):
    html = page(tmp_path)
    text = text_of(html)

    assert f'href="../runs/{MADE}.html"' in html
    assert "flights:v2 f.csv" in text
    assert '/20250101-000000-cccccc.html"' not in html  # it has no page, so no link
    assert "late:v3 latest best model gitrack artifact get late:v3" in text
    assert "passed no-leakage" in text
    assert re.search(r'report: <a href="\.\./files/[^"]+-leak\.txt">', html)
    assert "not passed fairness recall is 0.41" in text
    assert "takes hour: long gives double" in text
    assert f"gitrack.load_model(&#34;runs:/{USED}/model&#34;)" in text
    assert f"gitrack artifact get runs:/{USED}/model" in text
    assert f"dvc get . runs/e/2026-01/02/{USED}/artifacts/model --rev gitrack" in text


def test_stages_are_rows_of_a_table(tmp_path):
    text = text_of(page(tmp_path))

    assert "prepare cached command python p.py" in text
    assert "3 more" in text
    assert "train ran 1 min 15 s" in text
    assert "model.depth 3" in text


def test_data_say_what_they_were_and_what_their_columns_hold(tmp_path):
    text = text_of(page(tmp_path))

    assert "flights train changed since that revision csv revision 4f1c" in text
    assert "lake delta table version 4" in text
    assert "hour int64 – 24 0 … 23" in text
    assert "who string 7 – Aaron … Zoe" in text


def test_a_public_page_names_no_people_and_no_machines(tmp_path):
    html = page(tmp_path, Hide(public=True, params=["*_path"]))

    for told in ("jane", "Aaron", "place_path"):
        assert told not in html.replace("runs/", ""), told
    text = text_of(html)
    assert "…/ big.csv" in text
    assert "…/x.csv" in text
    assert "something elsewhere" in text
    assert "raw.csv lies elsewhere" in text
    assert "hour int64 – 24 0 … 23" in text
    assert "day timestamp – – 2013-01-01T00:00:00Z … 2013-02-01" in text


def test_hidden_params_are_hidden_in_stages_too(tmp_path):
    html = page(tmp_path, Hide(params=["*_path"]))

    assert "place_path" not in html
    assert "python p.py [hidden]" in html


@pytest.mark.parametrize("file", ["pipeline.yaml", "data/flights-train.json"])
def test_what_cannot_be_read_is_a_fault_and_the_page_is_there(tmp_path, file):
    made = bundles()
    made[1].files[file] = b"stages: [{name: 1}]"
    report = build_site(MadeStore(made), tmp_path / "site", title="T")

    assert [fault.path.endswith(file) for fault in report.faults] == [True]
    assert (tmp_path / f"site/runs/{USED}.html").is_file()


def test_versions_of_a_branch_are_read_with_their_pointers(repo):
    store = open_store(repo)
    artifact = Artifact(path="m", name="late", store="dvc", md5=MD5)
    for id in (MADE, USED):
        bundle = RunBundle(run=run(id, artifacts=[artifact]))
        wish = Wish(path="m", time="2026-01-01T00:00:00Z", aliases=("best",))
        store.commit_named(bundle, [wish])
    store.commit_files({"artifacts/late/versions/7.yaml": b"no version"}, "x")

    versions = store.versions()

    made = versions.of(artifact)
    assert made == Made(name="late", version=1, run=MADE, aliases=("latest", "best"))
    assert [fault.path for fault in versions.faults] == ["artifacts/late/versions/7.yaml"]
