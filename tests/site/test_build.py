"""A whole site: whole or not at all, the same for the same commit, with no link that leads out."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from gitrack.errors import MissingExtra, UnreadableFile, UsageError
from gitrack.model.run import Dataset, Fault, Run, RunBundle
from gitrack.site import Hide, build_site
from gitrack.site.output import NotWritten
from gitrack.site.parts import overview
from tests.site.flights import MadeStore


def files(site: Path) -> dict[str, bytes]:
    return {str(p.relative_to(site)): p.read_bytes() for p in site.rglob("*") if p.is_file()}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.found.append(value)
            if name == "id":
                assert value not in self.ids, f"two elements are {value}"
                self.ids.add(value)


def test_every_link_leads_to_a_file_of_the_site(site):
    pages = list(site.rglob("*.html"))
    assert len(list((site / "runs").iterdir())) == 12
    assert len(list((site / "experiments").iterdir())) == 3
    for page in pages:
        reader = _Links()
        reader.feed(page.read_text("utf-8"))
        for link in reader.found:
            if link.startswith("data:image/svg+xml;base64,"):
                continue
            parts = urlsplit(link)
            assert not parts.scheme, link
            assert not parts.netloc, link
            target = page.parent / unquote(parts.path) if parts.path else page
            assert target.resolve().is_file(), f"{page.name}: {link}"
            assert target.resolve().is_relative_to(site.resolve())


def test_every_page_keeps_strangers_out(site):
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert "default-src &#39;none&#39;" in text
        assert "unsafe-eval" not in text
        assert '<meta name="robots" content="noindex">' in text
        assert "<script>" not in text
        assert " onclick" not in text


def test_two_builds_are_the_same_bytes(tmp_path, bundles):
    for name in ("a", "b/deeper"):
        build_site(MadeStore(bundles), tmp_path / name, title="T", commit="c")

    assert files(tmp_path / "a") == files(tmp_path / "b/deeper")


def test_nothing_of_the_machine_is_in_it(tmp_path):
    """Another process, another zone, another locale, another order of hashes."""
    script = (
        "import sys; from pathlib import Path; from gitrack.site import build_site;"
        "from tests.site.flights import MadeStore, flights;"
        "build_site(MadeStore(flights()), Path(sys.argv[1]), title='T', commit='c')"
    )
    here = Path(__file__).parents[2]
    for name, zone, language, seed in (("a", "UTC", "C", "1"), ("b", "Asia/Tokyo", "C.UTF-8", "2")):
        environment = {**os.environ, "TZ": zone, "LC_ALL": language, "PYTHONHASHSEED": seed}
        environment["PYTHONPATH"] = str(here)
        command = [sys.executable, "-c", script, str(tmp_path / name)]
        subprocess.run(command, env=environment, check=True, cwd=tmp_path)

    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_stale_pages_vanish(tmp_path, bundles):
    build_site(MadeStore(bundles), tmp_path / "site", title="T")
    build_site(MadeStore(bundles[:3]), tmp_path / "site", title="T")

    assert len(list((tmp_path / "site/runs").iterdir())) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_a_failed_build_leaves_the_old_site(tmp_path, bundles, monkeypatch):
    build_site(MadeStore(bundles), tmp_path / "site", title="T")
    before = files(tmp_path / "site")

    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(overview, "_built", broken)
    with pytest.raises(NotWritten, match="disk full"):
        build_site(MadeStore(bundles[:3]), tmp_path / "site", title="T")

    assert files(tmp_path / "site") == before
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_what_is_not_a_site_is_not_replaced(tmp_path, bundles):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("years of work")
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()

    for name in ("thesis", "file"):
        with pytest.raises(UsageError):
            build_site(MadeStore(bundles), tmp_path / name, title="T")
    build_site(MadeStore(bundles[:1]), tmp_path / "empty", title="T")

    assert (tmp_path / "thesis/chapter.tex").read_text() == "years of work"


def test_a_link_to_a_folder_stays_a_link(tmp_path, bundles):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    build_site(MadeStore(bundles[:1]), tmp_path / "link", title="T")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/index.html").exists()


def test_an_empty_branch_teaches_the_next_command(tmp_path):
    report = build_site(MadeStore([]), tmp_path / "site", title="T")

    page = (tmp_path / "site/index.html").read_text()
    assert report.runs == 0
    assert "gitrack.start_run(" in page
    assert "gitrack demo" in page


def test_faults_are_named_and_the_others_shown(tmp_path, bundles):
    fault = Fault(path="runs/x/<run>.yaml", why='duplicate key "lr"', hint="keep one")
    twin = msgspec.structs.replace(bundles[1].run, experiment="elsewhere")

    store = MadeStore([*bundles[:2], RunBundle(run=twin)], [fault])
    report = build_site(store, tmp_path / "site", title="T")

    page = (tmp_path / "site/index.html").read_text()
    assert "runs/x/&lt;run&gt;.yaml" in page
    assert "duplicate key" in page
    assert f"run {twin.id} is already in" in page
    assert report.runs == 2
    assert len(report.faults) == 2


def test_a_file_that_cannot_be_read_costs_that_file_only(tmp_path, bundles):
    class Broken(MadeStore):
        def history(self, path):
            raise UnreadableFile(f"{path}/history.tsv", "line 3 has 2 cells, not 4")

    report = build_site(Broken(bundles[:1]), tmp_path / "site", title="T")

    assert report.runs == 1
    assert report.faults[0].why.endswith("line 3 has 2 cells, not 4")
    assert "line 3 has 2 cells" in (tmp_path / "site/index.html").read_text()


def test_hidden_names_are_nowhere(tmp_path, bundles):
    hide = Hide(params=["subsam*"], tags=["use_case"], metrics=["val_auc", "calibration_*"])
    shown = [
        RunBundle(run=b.run, files={n: d for n, d in b.files.items() if n == "history.tsv"})
        for b in bundles
    ]

    build_site(MadeStore(shown), tmp_path / "site", title="T", hide=hide)

    for path, data in files(tmp_path / "site").items():
        if not path.startswith("assets/"):
            for word in (b"subsample", b"use_case", b"val_auc", b"calibration_ece"):
                assert word not in data, path


def test_a_missing_library_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)

    with pytest.raises(MissingExtra, match=r"gitrack-ml\[site\]"):
        build_site(MadeStore([]), tmp_path / "site", title="T")


def test_the_marker_says_which_commit(site):
    marker = json.loads((site / "build.json").read_bytes())

    assert marker["generator"] == "gitrack"
    assert marker["commit"] == "4f1c" * 10


def test_monstrous_values_are_shown(tmp_path):
    run = Run(
        id="not an id/../..",
        name="",
        experiment="\ud800 \n",
        started="then",
        ended="\x00",
        params={"": None, "__proto__": "x", "big": 10**400},
        metrics={"nan": float("nan"), "inf": float("inf"), "huge": 10**400, "loss": 1e308},
        curves={"loss.count": float("inf")},
        tags={"hypothesis": "\u202e" * 10},
    )

    build_site(
        MadeStore(
            [
                RunBundle(run=run),
            ]
        ),
        tmp_path / "site",
        title="\ud800",
    )

    page = next((tmp_path / "site/runs").iterdir()).read_text("utf-8")
    assert "⟨U+202E⟩" in page
    assert "∞" in page


def test_pages_say_that_something_is_left_out(tmp_path, bundles):
    hide = Hide(params=["subsample"], public=True)
    build_site(MadeStore(bundles[:1]), tmp_path / "site", title="T", hide=hide)
    build_site(MadeStore(bundles[:1]), tmp_path / "open", title="T")

    said = "This site leaves out some params and names of people and machines"
    assert all(said in page.read_text() for page in (tmp_path / "site").rglob("*.html"))
    assert not any("leaves out" in page.read_text() for page in (tmp_path / "open").rglob("*.html"))


def test_a_role_that_is_the_name_is_said_once(tmp_path, bundles):
    run = msgspec.structs.replace(bundles[0].run, data=[Dataset(name="train", role="train")])
    build_site(MadeStore([RunBundle(run=run)]), tmp_path / "site", title="T")

    page = (tmp_path / f"site/runs/{run.id}.html").read_text()
    assert "<bdi>train</bdi></a></h3>" in page
