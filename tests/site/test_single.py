"""The site as one file: nothing is asked for, nothing runs, every link stays inside."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import html5lib
import pytest
from click.testing import CliRunner

from gitrack.cli.main import cli
from gitrack.errors import ConfigError, GitrackError, InvalidFilter, NotFound, UsageError
from gitrack.site import Hide
from gitrack.site.extras import Extras
from gitrack.site.reports.written import Written
from gitrack.site.single import Only, Single, build_single
from gitrack.site.single import build as building
from gitrack.site.single.reading import Survey
from gitrack.site.single.rewriting import Places, Rewriting
from gitrack.store import open_store
from tests.site.flights import MadeStore, flights
from tests.site.hostile import EVIL, IDS, evil_branch
from tests.site.registered import NAME, models

_HTML = "{http://www.w3.org/1999/xhtml}"
_SVG = "{http://www.w3.org/2000/svg}"
_NAMES = ("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "for", "headers")
_LOADS = ("src", "srcset", "data", "poster", "action", "formaction", "background", "srcdoc", "ping")


def made(target: Path, **options) -> Single:
    bundles = flights()
    store = MadeStore(bundles, models=models(bundles))
    return build_single(store, target, title="Late flights", commit="4f1c" * 10, **options)


@pytest.fixture(scope="module")
def single(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("single") / "report.html"
    made(file)
    return file


def checked(file: Path):
    """The file as a browser reads it, held to all that is promised of such files."""
    text = file.read_text("utf-8")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=True).parse(text)
    ids: list[str] = []
    for element in tree.iter():
        if not isinstance(element.tag, str):  # a comment
            continue
        tag = element.tag.removeprefix(_HTML).removeprefix(_SVG)
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form", "button")
        for name, value in element.attrib.items():
            assert not str(name).startswith("on"), f"{tag} {name}"
            if name in _LOADS:
                assert value.startswith("data:image/"), f"{tag} {name}={value[:80]}"
        if "id" in element.attrib:
            ids.append(element.attrib["id"])
    assert len(ids) == len(set(ids))
    for element in tree.iter():
        for name, value in element.attrib.items():
            if name in _NAMES:
                assert set(value.split()) <= set(ids)
            elif str(name).rpartition("}")[2] == "href":
                if value.startswith("#"):
                    assert value[1:] in ids, value
                else:
                    assert value.startswith(("https://", "http://", "mailto:")), value
            for pointed in re.findall(r"url\(#([^)]*)\)", value):
                assert pointed in ids
    for outside in re.findall(r"@import|url\([^#)]*\)", "".join(_styles(tree))):
        pytest.fail(f"the style asks for {outside}")
    return tree


def _styles(tree) -> list[str]:
    return [element.text or "" for element in tree.iter(f"{_HTML}style")]


def pages(tree) -> list[str]:
    found = tree.iter(f"{_HTML}article")
    return [one.attrib["id"] for one in found if "page" in one.attrib["class"].split()]


def test_everything_is_in_it_and_nothing_outside(single: Path):
    tree = checked(single)
    there = pages(tree)

    assert there[:3] == ["index", "models", "models/early-departures"]
    assert {f"models/{NAME}", "experiments/xgboost-baseline-20260903", "runs"} <= set(there)
    runs = [one for one in there if one.startswith("runs/")]
    assert len(runs) == 12
    assert runs == sorted(runs, reverse=True)
    listed = {a.attrib["href"][1:] for a in tree.find(f".//{_HTML}nav").iter(f"{_HTML}a")}
    assert set(there) == listed
    text = single.read_text()
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text
    assert 'src="data:image/png;base64,' in text
    assert "data-theme-toggle" not in text
    assert "JavaScript" not in text


def test_links_lead_to_the_places_of_their_pages(single: Path):
    text = single.read_text()
    assert f'href="#models/{NAME}:v1"' in text
    assert re.search(r'class="run-link" href="#runs/[0-9a-z-]+"', text)
    assert "compare.html" not in text
    assert "Open as plain text" not in text


def test_the_same_bytes_again(single: Path, tmp_path: Path):
    made(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == single.read_bytes()


def test_only_some_runs(tmp_path: Path):
    file = tmp_path / "some.html"
    done = made(file, only=Only(runs="params.max_depth = 4 and params.model = 'xgb'"))

    there = pages(checked(file))
    runs = [one for one in there if one.startswith("runs/")]
    assert 0 < len(runs) == done.runs < 12
    bundles = flights()
    kept = {one.removeprefix("runs/") for one in runs}
    for bundle in bundles:
        known = bundle.run.params["max_depth"] == 4 and bundle.run.params["model"] == "xgb"
        assert (bundle.run.id in kept) == known
        if bundle.run.id not in kept:
            assert f'href="#runs/{bundle.run.id}"' not in file.read_text()
    assert "only the runs with" in file.read_text()


def test_only_one_model(tmp_path: Path):
    file = tmp_path / "model.html"
    done = made(file, only=Only(model=NAME))

    there = pages(checked(file))
    assert [one for one in there if one.startswith("models/")] == [f"models/{NAME}"]
    bundles = flights()
    model = next(one for one in models(bundles).models if one.name == NAME)
    assert done.runs == len({version.run for version in model.versions})
    assert "early-departures" not in file.read_text()


def test_reports_about_other_runs_are_left_out_and_broken_ones_are_not(tmp_path: Path):
    names = {bundle.run.params["max_depth"]: bundle.run.id for bundle in flights()}
    kept, other = names[4], names[8]
    texts = {
        "here.md": f"# Here\n\n[one](run:{kept}), [more](more.md)",
        "more.md": f"# More\n\n[another](run:{other})",
        "alone.md": "# Alone\n\n```gitrack table\nfilter: params.max_depth = 4\n```",
    }
    chart = '{"data": {"name": "runs"}, "mark": "point", "encoding": {"x": {"field": "id"}}, %s}'
    charts = {
        "all.json": chart % '"usermeta": {}',
        "odd.json": chart % '"usermeta": {"gitrack": {"filter": "params.max_depth = 8"}}',
    }
    extras = Extras(reports=Written(texts=texts, charts=charts))
    only = Only(runs="params.max_depth = 4")

    done = made(tmp_path / "some.html", only=only, extras=extras)

    assert done.left_out == ("reports/here.md", "reports/more.md")
    there = pages(checked(tmp_path / "some.html"))
    assert [one for one in there if one.startswith("reports/")] == ["reports/alone"]

    broken = Extras(reports=Written(texts={"x.md": "[one](run:nobody)"}))
    with pytest.raises(ConfigError, match=r"reports/x.md:1: there is no run 'nobody'"):
        made(tmp_path / "none.html", only=only, extras=broken)


@pytest.mark.parametrize(
    ("only", "error", "says"),
    [
        (Only(runs="metrics.acuracy > 2"), InvalidFilter, "metrics.acuracy"),
        (Only(runs="params.max_depth > 2000"), NotFound, "no run matches"),
        (Only(runs="params.max_depth >"), InvalidFilter, "too early"),
        (Only(model="late-arrival"), NotFound, "late-arrival"),
    ],
)
def test_what_finds_nothing_says_what_to_type(tmp_path: Path, only, error, says):
    with pytest.raises(error, match=says) as caught:
        made(tmp_path / "none.html", only=only)
    assert isinstance(caught.value, GitrackError)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_hidden_columns_cannot_be_asked_for(tmp_path: Path):
    hide = Hide(params=["learning_*"], public=True)
    with pytest.raises(InvalidFilter, match="learning_rate"):
        made(tmp_path / "no.html", hide=hide, only=Only(runs="params.learning_rate > 0"))
    made(tmp_path / "yes.html", hide=hide)
    text = (tmp_path / "yes.html").read_text()
    assert "learning_rate" not in re.sub(
        r"<table class=\"lines\">.*?</table>", "", text, flags=re.S
    )
    assert "Jane Smith" not in text
    assert "leaves out some params" in text


def test_other_files_stay(tmp_path: Path):
    file = tmp_path / "report.html"
    file.write_text('<meta name="generator" content="gitrack">')
    with pytest.raises(UsageError, match="not overwritten"):
        made(file)
    assert file.stat().st_size < 100
    made(file, force=True)
    made(file)  # it is ours now
    assert stat.S_IMODE(file.stat().st_mode) & 0o044
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    for wrong in (tmp_path / "report.pdf", tmp_path):
        with pytest.raises(UsageError):
            made(wrong, force=True)


def test_a_build_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch):
    file = tmp_path / "report.html"
    made(file)
    before = file.read_bytes()
    monkeypatch.setattr(building, "_article", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        made(file)
    assert file.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_branch_that_means_harm(repo: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(repo)
    evil_branch(repo)
    file = tmp_path / "evil.html"
    store = open_store()
    build_single(store, file, title=EVIL, commit=store.branch.tip(), branch=EVIL)

    tree = checked(file)
    assert sum(one.startswith("runs/") for one in pages(tree)) == len(IDS)
    assert "<script" not in file.read_text("utf-8")
    assert "‮" not in file.read_text("utf-8")


PAGE = """<nav class="trail"><a class="quiet" href="../runs.html">r</a></nav>
<main class="wide"><section aria-label="x"><h1 id="t">A &amp; <bdi>&lt;b&gt;</bdi></h1>
<a href="#t">here</a><a href="#gone">gone</a><a href="b.html#i">there</a>
<a href="javascript:alert(1)">bad</a><a href="https://example.org/">web</a>
<div class="a js"><p>hidden<div>too</div></p></div><p class="no-js" onclick="x" data-x="1">kept</p>
<img src="../../secret.png" alt="words"><svg viewBox="0 0 1 1"><defs><clipPath id="c"/></defs>
<path clip-path="url(#c)" d="M0 0"/><a href="z.html"><text>z</text></a></svg>
<span aria-labelledby="t nobody" aria-describedby="nobody">s</span></section></main>after"""


def test_a_page_as_part_of_the_file():
    survey = Survey()
    survey.read(PAGE)
    assert survey.title == "A & <b>"
    assert survey.above == "../runs.html"
    places = Places({"runs/a.html": survey.ids, "runs/b.html": {"i"}})
    page = Rewriting("runs/a.html", places, lambda path: b"secret")
    page.read(PAGE)
    out = "".join(page.out)

    assert 'id="runs/a:title."' in out
    assert "A &amp; <bdi>&lt;b&gt;</bdi>" in out
    assert '<a href="#runs/b:i">there</a>' in out
    assert '<a href="#gone"' not in out
    assert "gone</span>" in out
    assert "javascript" not in out
    assert '<a href="https://example.org/" rel="noopener noreferrer">web</a>' in out
    assert "hidden" not in out
    assert "too" not in out
    assert '<p class="no-js">kept</p>' in out
    assert "<img" not in out
    assert "words" in out
    assert 'clip-path="url(#runs/a:c)"' in out
    assert "<g><text>z</text></g>" in out
    assert "aria-describedby" not in out
    assert "after" not in out


@pytest.fixture
def project(repo: Path, monkeypatch) -> Path:
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text("project: flights\nsite: {title: Late flights}\n")
    monkeypatch.chdir(repo)
    open_store().commit_runs(flights()[:3])
    return repo


def typed(*arguments: str):
    return CliRunner().invoke(cli, ["site", "build", *arguments], catch_exceptions=False)


def test_as_it_is_typed(project: Path, tmp_path: Path, monkeypatch):
    file = tmp_path / "out/report.html"
    done = typed("--single", str(file))
    assert done.stdout == f"{file.resolve().as_uri()}\n"
    assert "3 runs in 1 experiment" in done.stderr
    checked(file)

    monkeypatch.setattr(building, "LARGE", 1000)
    done = typed("--single", str(file), "--runs", "params.max_depth > 4", "--json")
    told = json.loads(done.stdout)
    assert told["runs"] < 3
    assert told["bytes"] == file.stat().st_size
    assert told["large"]
    assert "keep fewer with --runs FILTER" in done.stderr
    assert not (project / ".tracking/site").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--runs", "a = 1"),
        ("--force",),
        ("--single", "a.html", "--output", "b"),
        ("--single", "a.html", "--runs", "a = 1", "--model", "m"),
    ],
)
def test_options_that_do_not_go_together(project: Path, arguments):
    assert typed(*arguments).exit_code == 2
    assert not (project / "a.html").exists()
