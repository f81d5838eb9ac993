"""The bundle for an auditor: whole, harmless, the same each time."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from gitrack.errors import GitrackError, UsageError
from gitrack.model.audit import Audit, Finding, Severity
from gitrack.model.promotion import Promotion
from gitrack.registry.audit.export import export_bundle
from gitrack.registry.audit.export.tables import as_json, tables
from gitrack.store.codec.records import dump_record, load_record
from gitrack.store.registry.paths import promotion_path
from tests.registry.audit.forge import ADA
from tests.registry.audit.history import CHURN, Case

EVIL = '=HYPERLINK("http://x")</script><img src=x onerror=alert(1)>\u202e'


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_bundle_holds_what_it_is_about(case: Case, tmp_path: Path) -> None:
    done = export_bundle(tmp_path / "bundle", where=case.folder)
    folder = tmp_path / "bundle"
    sums = dict(
        line.split("  ", 1)[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines()
    )
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert set(sums) == there
    assert all(
        hashlib.sha256((folder / name).read_bytes()).hexdigest() == sums[name] for name in sums
    )
    assert done.files == len(sums) + 1
    promotion = promotion_path(CHURN, case.told.ids[2, "production"])
    assert (folder / "files" / promotion).read_bytes() == case.forge.read(case.tip, promotion)
    assert any(name.startswith("files/policy/") for name in sums)
    assert any(name.endswith(f"{case.told.runs[2]}/run.yaml") for name in sums)
    assert any(name.endswith("evidence/2/shadow-mode.yaml") for name in sums)
    for link in (attributes["href"] for tag, attributes in _page(folder).tags if tag == "a"):
        assert link
        assert (folder / link).is_file()


def _page(folder: Path) -> Page:
    return Page((folder / "index.html").read_text())


def test_it_is_the_same_to_the_byte(case: Case, tmp_path: Path) -> None:
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    assert (
        export_bundle(one, where=case.folder).sha256 == export_bundle(two, where=case.folder).sha256
    )
    assert one.read_bytes() == two.read_bytes()
    export_bundle(tmp_path / "folder", where=case.folder)
    with zipfile.ZipFile(one) as packed:
        for name in packed.namelist():
            assert packed.read(name) == (tmp_path / "folder" / name).read_bytes()


def test_json_says_all_of_it(case: Case, tmp_path: Path) -> None:
    export_bundle(tmp_path / "bundle", CHURN, "2026-01-06", where=case.folder)
    read = json.loads((tmp_path / "bundle/audit.json").read_text())
    assert read["schema"] == 1
    assert read["clean"] is True
    assert {one["model"] for one in read["promotions"]} == {CHURN}
    assert all(one["effective"] >= "2026-01-06" for one in read["promotions"])
    assert read["promotions"][0]["verdicts"]
    msgspec.convert({k: v for k, v in read.items() if k != "clean"}, Audit)


def test_tables_are_read_as_text(case: Case, tmp_path: Path) -> None:
    export_bundle(tmp_path / "bundle", where=case.folder)
    with (tmp_path / "bundle/promotions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["version"] for row in rows][:2] == ["1", "1"]
    assert rows[3]["approvers"].startswith("Bob Example")
    assert rows[3]["pull_request"] == "#7"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "|", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    found = Finding(severity=Severity.REMARK, kind="x", what=f"{start}cmd()", means="m")
    written = tables(Audit(branch="b", tip="t", findings=[found]), [])["findings.csv"].decode()
    (row,) = csv.DictReader(io.StringIO(written))
    assert row["what"][0] in "'\\"  # a quote, or a control character spelled out


def test_numbers_that_json_does_not_know_are_text() -> None:
    from tests.registry.audit.verdicts import promotion_with

    read = json.loads(as_json(Audit(branch="b", tip="t", promotions=[promotion_with("nan")])))
    assert read["promotions"][0]["verdicts"][0]["value"] == "NaN"


def test_words_of_strangers_stay_words(case: Case, tmp_path: Path) -> None:
    path = promotion_path(CHURN, case.told.ids[1, "staging"])
    record = load_record(path, case.forge.read(case.tip, path), Promotion)
    evil = dump_record(msgspec.structs.replace(record, why=EVIL))
    case.forge.point(
        case.forge.commit(
            {path: evil, f"registry/{CHURN}/<b>.yaml": b"x"},
            EVIL,
            at=case.told.now,
            parents=(case.tip,),
            author=ADA,
        )
    )
    done = export_bundle(tmp_path / "bundle", where=case.folder)
    assert not done.clean
    page = _page(tmp_path / "bundle")
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "b"}
    assert "\u202e" not in page.text
    (policy,) = [a for tag, a in page.tags if tag == "meta" and "http-equiv" in a]
    assert "default-src 'none'" in (policy["content"] or "")


def test_a_folder_of_somebody_is_left_alone(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="holds something else"):
        export_bundle(folder, where=case.folder)
    assert (folder / "thesis.txt").read_text() == "years of work"
    (tmp_path / "a.zip").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        export_bundle(tmp_path / "a.zip", where=case.folder)


def test_an_older_bundle_is_replaced(case: Case, tmp_path: Path) -> None:
    export_bundle(tmp_path / "bundle", where=case.folder)
    (tmp_path / "bundle/old.txt").write_text("old")
    export_bundle(tmp_path / "bundle", where=case.folder)
    assert not (tmp_path / "bundle/old.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "project"]


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_a_full_disk_is_told_and_leaves_nothing_behind(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    place = tmp_path / "out"
    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(GitrackError, match="could not be written: No space left on device"):
        export_bundle(place / name, where=case.folder)
    assert list(place.iterdir()) == []


def test_a_branch_that_is_not_there_yet(tmp_path: Path) -> None:
    from tests.registry.audit.forge import git

    git(tmp_path, "init", "-q", "empty")
    done = export_bundle(tmp_path / "bundle", where=tmp_path / "empty")
    assert done.clean
    assert done.promotions == 0
