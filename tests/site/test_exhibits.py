"""Files of users: pictures by their bytes, text as text, nothing as markup."""

import pytest

from gitrack.model.run import Artifact, Run, RunBundle
from gitrack.site.diff import read_diff
from gitrack.site.exhibits import Exhibits, exhibits
from gitrack.store.layout import run_folder
from tests.site.flights import PATCH, SVG, MadeStore

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (300).to_bytes(4) + (200).to_bytes(4)


def shown(files: dict[str, bytes], *artifacts: Artifact) -> Exhibits:
    run = Run(
        id="20260101-000000-aaaaaa",
        name="n",
        experiment="e",
        started="2026-01-01T00:00:00Z",
        artifacts=list(artifacts),
    )
    bundle = RunBundle(run=run, files={f"artifacts/{name}": data for name, data in files.items()})
    store, folder = MadeStore([bundle]), run_folder("e", run.id)
    paths = [file.path for file in store.files(folder)]
    return exhibits(store, folder, run, paths, branch="gitrack")


def test_a_picture_is_known_by_its_bytes():
    found = shown({"plot.txt": PNG})

    assert [picture.path for picture in found.pictures] == ["plot.txt"]
    assert (found.pictures[0].width, found.pictures[0].height) == (300, 200)
    assert list(found.copies) == ["files/20260101-000000-aaaaaa/0-plot.png"]


def test_no_svg_lies_on_the_site_as_a_file():
    found = shown({"a.svg": SVG, "b.svg": b"<!-- x --><!DOCTYPE svg><svg onload='alert(1)'/>"})

    assert len(found.pictures) == 2
    assert all(p.source.startswith("data:image/svg+xml;base64,") for p in found.pictures)
    assert not found.copies


@pytest.mark.parametrize("name", ["report.html", "x.js", "a.svg", "page.xhtml", "../../up.html"])
def test_text_is_copied_as_plain_text(name):
    found = shown({name: b"<html><script>alert(1)</script></html>"})

    (copy,) = found.copies
    assert copy.startswith("files/20260101-000000-aaaaaa/0-")
    assert copy.endswith(".txt")
    assert found.texts[0].preview == "<html><script>alert(1)</script></html>"


def test_long_text_is_cut_in_the_page_only():
    found = shown({"log.txt": b"line\n" * 1000})

    assert found.texts[0].cut
    assert len(found.texts[0].preview.splitlines()) == 60
    assert len(next(iter(found.copies.values()))) == 5000


def test_heavy_files_come_with_the_command_that_brings_them():
    model = Artifact(path="my model", kind="model", flavor="xgboost", store="dvc", md5="ab.dir")

    found = shown({"my model.dvc": b"outs:\n"}, model)

    assert not found.texts
    assert found.others[0].about == "model · xgboost · folder"
    assert found.others[0].command == (
        "gitrack artifact get 'runs:/20260101-000000-aaaaaa/my model'"
    )
    assert found.others[0].plain == (
        "dvc get . 'runs/e/2026-01/01/20260101-000000-aaaaaa/artifacts/my model' --rev gitrack"
    )


def test_binary_files_are_fetched_with_git():
    found = shown({"x.bin": b"\xff\xfe\0"})

    assert found.others[0].command.startswith("git show gitrack:runs/e/")
    assert not found.copies


def test_a_patch_is_read_line_by_line():
    diff = read_diff(PATCH)

    assert [file.path for file in diff.files] == ["train.py", "features.py"]
    assert (diff.added, diff.removed) == (5, 2)
    added = [line for line in diff.files[0].lines if line.kind == "added"]
    assert added[0].text == "        learning_rate=settings.learning_rate,"
    assert added[0].new == 16


@pytest.mark.parametrize("text", ["", "\n", "@@", "@@ -x +y @@\n+a", "--- a\n+++ b", "\0\n+"])
def test_what_is_no_patch_is_shown_all_the_same(text):
    diff = read_diff(text)

    assert sum(len(file.lines) for file in diff.files) <= len(text.split("\n"))


def test_a_removed_line_of_dashes_is_a_line():
    text = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n--- old\n+++ new\n"

    diff = read_diff(text)

    assert (diff.added, diff.removed) == (1, 1)


def test_what_was_not_copied_says_where_it_lies():
    there = Artifact(path="big.parquet", store="uri", uri="s3://bucket/<b>big.parquet")

    (other,) = shown({}, there).others

    assert other.about == "at s3://bucket/<b>big.parquet"
    assert other.command == "gitrack artifact get runs:/20260101-000000-aaaaaa/big.parquet"


def test_html_is_seen_on_a_page_of_its_own_unless_no_browser_would_like_it():
    small, large = b"<h1>Report</h1>", b"<p>" + b"x" * 2_000_000
    found = shown({"small.HTM": small, "large.html": large, "notes.txt": small})

    pages = {text.path: text.page for text in found.texts}
    assert pages["small.HTM"] is not None
    assert pages["large.html"] is pages["notes.txt"] is None
