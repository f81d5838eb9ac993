"""A build after a change gives the bytes of a full one, and makes no more than it must."""

import random
from pathlib import Path

import msgspec
import pytest

from gitrack.model.run import RunBundle
from gitrack.site import build_site
from gitrack.site.incremental import Workshop
from gitrack.site.output import MARKER
from tests.site.flights import MadeStore, flights


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


class Twice:
    """Builds the same contents with a record of the last build, and without."""

    def __init__(self, folder):
        self.folder = folder
        self.number = 0

    def __call__(self, bundles, **options):
        self.number += 1
        known = {"title": "T", "commit": f"c{self.number}", **options}
        site = self.folder / "site"
        report = build_site(MadeStore(bundles), site, cache=self.folder / "cache", **known)
        whole = self.folder / f"whole-{self.number}"
        full = build_site(MadeStore(bundles), whole, **known)
        assert files(site) == files(whole)
        assert (report.files, report.bytes) == (full.files, full.bytes)
        assert report.faults == full.faults
        return report


@pytest.fixture
def twice(tmp_path):
    return Twice(tmp_path)


def changed(bundle, **fields):
    return RunBundle(run=msgspec.structs.replace(bundle.run, **fields), files=bundle.files)


def test_nothing_is_made_of_what_is_as_it_was(twice, bundles):
    first = twice(bundles)
    again = twice(bundles, commit="c1")

    assert first.made > len(bundles)
    assert again.made == 0


def test_one_more_run_leaves_the_pages_of_others(twice, bundles, tmp_path):
    twice(bundles[:-1])
    before = {page: page.stat().st_ino for page in (tmp_path / "site").rglob("*.*")}

    twice(bundles)

    runs = {page for page in before if page.parent.name == "runs" and "site/api" not in str(page)}
    touched = {page for page in runs if page.stat().st_ino != before[page]}
    assert len(touched) <= 2 * 2  # the page and the data of each neighbour
    assert sum(page.stat().st_ino != before[page] for page in before if page.exists()) < 32


def test_whatever_changes_the_bytes_are_those_of_a_full_build(twice, bundles):
    chance = random.Random(3)
    present = list(bundles)
    for _ in range(25):
        what = chance.choice(["less", "more", "tags", "metrics", "name", "files", "parent"])
        place = chance.randrange(len(present)) if present else 0
        if what == "more" or not present:
            present = [*present, *(b for b in flights() if b.run.id not in _ids(present))][
                : len(present) + 1
            ]
        elif what == "less":
            del present[place]
        elif what == "files":
            some = dict(list(present[place].files.items())[1:])
            present[place] = RunBundle(run=present[place].run, files=some)
        elif what == "parent":
            present[place] = changed(present[place], parent=chance.choice(present).run.id)
        elif what == "metrics":
            present[place] = changed(present[place], metrics={"new": chance.random()})
        else:
            value = {"tags": {"team": str(chance.random())}, "name": f"n{chance.random()}"}
            present[place] = changed(present[place], **{what: value[what]})
        twice(present)


def test_one_more_run_leaves_the_pieces_of_tables_before_it(twice, bundles, tmp_path, monkeypatch):
    monkeypatch.setattr("gitrack.site.tables.chunks.SIZE", 4)
    in_order = sorted(bundles, key=lambda bundle: bundle.run.started)
    twice(in_order[:-1])
    tables = tmp_path / "site/data/tables/all"
    before = {path.name: path.stat().st_ino for path in tables.iterdir()}

    twice(in_order)

    after = {path.name: path.stat().st_ino for path in tables.iterdir()}
    assert {name for name in after if before.get(name) != after[name]} == {
        "head.js",
        *(name for name in after if name.startswith("2-")),
    }


def _ids(bundles):
    return {bundle.run.id for bundle in bundles}


def test_a_file_that_somebody_changed_or_removed_is_made_again(twice, bundles, tmp_path):
    twice(bundles)
    pages = sorted((tmp_path / "site/runs").iterdir())
    pages[0].write_text("mine")
    pages[1].unlink()
    (tmp_path / "site/stray.html").write_text("mine")

    report = twice(bundles, commit="c1")

    assert report.made == 2


def test_a_file_that_was_changed_to_another_of_its_size_is_made_again(twice, bundles, tmp_path):
    twice(bundles)
    page = tmp_path / "site/index.html"
    page.write_bytes(page.read_bytes()[::-1])

    assert twice(bundles, commit="c1").made == 1


def test_pages_come_after_what_they_need_and_the_first_one_last(twice, bundles, monkeypatch):
    twice(bundles[:-1])
    came = []
    replace = Path.replace

    def noted(path, target):
        came.append(target)
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", noted)
        twice(bundles)

    site = [path for path in came if path.parts[-1] != "site" and "site" in path.parts]
    kinds = [
        3 if path.name == MARKER else 2 if path.name == "index.html" else path.suffix == ".html"
        for path in site
    ]
    assert {0, 1, 2, 3} <= set(kinds)
    assert kinds == sorted(kinds)


def test_a_build_that_is_cut_short_is_not_believed(twice, bundles, tmp_path, monkeypatch):
    everything = twice(bundles[:-1]).made
    mend = Workshop._mend

    def cut(shop):
        mend(shop)
        raise KeyboardInterrupt

    monkeypatch.setattr(Workshop, "_mend", cut)
    with pytest.raises(KeyboardInterrupt):
        build_site(
            MadeStore(bundles), tmp_path / "site", title="T", cache=tmp_path / "cache", commit="c"
        )
    monkeypatch.undo()

    assert 0 < twice(bundles[:-1], commit="c1").made < everything


def test_a_damaged_record_counts_as_none(twice, bundles, tmp_path):
    twice(bundles)
    (record,) = (tmp_path / "cache").glob("site-*")
    record.write_bytes(record.read_bytes()[:-7])

    assert twice(bundles, commit="c1").made > len(bundles)
