"""Two and more runs side by side, on real code and logged predictions."""

import random
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

import gitrack
from gitrack.cli.commands.site import command
from gitrack.model.run import RunBundle
from gitrack.registry.gates.paired import delong
from gitrack.site import build_site
from tests.site.flights import MadeStore, flights

pytestmark = pytest.mark.browser

TRUTH = [i % 3 == 0 for i in range(600)]
BASELINE, WEATHER = "boost-baseline-20261101", "boost-weather-20261101"


def scores(seed: int, skill: float) -> list[float]:
    chance = random.Random(seed)
    return [min(0.99, max(0.01, skill * (t - 0.5) + chance.gauss(0.5, 0.2))) for t in TRUTH]


ONE, OTHER = scores(1, 0.1), scores(2, 0.25)


@pytest.fixture
def project(repo: Path, git, monkeypatch) -> Path:
    """Two runs of two commits, and five more that differ by one setting."""
    monkeypatch.chdir(repo)
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text(
        "capture: {packages: false, system_metrics: false}\n"
    )
    (repo / "features.py").write_text("def columns():\n    return ['hour', 'carrier']\n")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "features of the timetable")
    log(BASELINE, "timetable", 4, 0.70, ONE)
    (repo / "features.py").write_text(
        "def columns():\n    return ['hour', 'carrier', 'wind']\n\n\nprint('</script><b>x')\n"
    )
    git(repo, "commit", "-qam", "weather beside the timetable")
    log(WEATHER, "weather", 6, 0.80, OTHER)
    for depth in range(5):
        log(WEATHER, f"depth {depth}", depth, 0.7 + depth / 100, None)
    return repo


def log(experiment: str, name: str, depth: int, auc: float, predicted) -> None:
    params = {"depth": depth, "rate": 0.1, "trees": 50}
    with gitrack.start_run(experiment, name=name, params=params) as run:
        for step in range(8):
            run.log_metric("val_loss", 1 / (step + depth + 1), step=step)
        run.log_metric("test_auc", auc)
        if predicted is not None:
            run.log_predictions(TRUTH, predicted)


def test_what_was_not_committed_is_shown_line_by_line_and_the_same_once(flights_site, visit):
    dirty = [b.run for b in flights() if b.run.code.dirty]
    clean = next(b.run for b in flights() if b.run.experiment == dirty[0].experiment)
    there = visit(f"{flights_site.as_uri()}/")
    code = there.page.locator("section", has=there.page.locator("h2#code"))

    there.go(f"compare.html#runs={clean.id},{dirty[0].id}")
    code.locator(".lines tr.line-added").first.wait_for()
    assert code.locator("summary code").all_inner_texts() == ["train.py", "features.py"]
    came = code.locator(".lines tr.line-added code").all_inner_texts()
    assert came[0] == "        learning_rate=settings.learning_rate,"
    assert code.locator(".lines .tok-k", has_text="return").count() >= 1
    assert code.get_by_role("link", name="its patch").count() == 1

    there.go("about.html")
    there.go(f"compare.html#runs={dirty[0].id},{dirty[1].id}")
    code.locator(".lines tr.line-added").first.wait_for()
    assert code.locator("summary code").count() == 2
    assert code.get_by_role("link", name="their patch").count() == 1
    suspects = there.page.get_by_text("changes beside the commit went into one of the runs")
    assert suspects.count() == 0
    assert there.trouble == []


def test_what_differs_how_sure_it_is_and_which_code_made_it(project, visit):
    built = CliRunner().invoke(command, ["build", "--output", "site"])
    assert built.exit_code == 0, built.output
    there = visit(f"{(project / 'site').as_uri()}/")
    page = there.page
    found = gitrack.search_runs()
    ids = dict(zip(found["name"], found["run_id"], strict=True))

    there.go(f"compare.html#runs={ids['timetable']},{ids['weather']}")
    page.locator("h2#code").wait_for()
    page.locator(".lines tr.line-added").first.wait_for()

    added = page.locator(".lines tr.line-added code").all_inner_texts()
    removed = page.locator(".lines tr.line-removed code").all_inner_texts()
    assert removed == ["    return ['hour', 'carrier']"]
    assert added[0] == "    return ['hour', 'carrier', 'wind']"
    assert "print('</script><b>x')" in added
    assert page.locator(".commits li").all_inner_texts()[0].count("weather beside the timetable")

    differs = page.locator(".compare-differences .compare-table").first
    assert differs.get_by_role("rowheader", name="depth").count() == 1
    assert differs.get_by_role("rowheader", name="trees").count() == 0

    sure = delong(TRUTH, OTHER, ONE, confidence=0.95)
    said = page.locator("#compare").inner_text()
    assert f"{sure.difference:.3f}".lstrip("-") in said
    assert (
        page.locator(".compare-evaluation svg").count() >= 1
        or page.locator(".compare-evaluation canvas").count()
    )
    there.go("index.html")
    there.go(f"compare.html#runs=@best:{WEATHER},{ids['timetable']}&all")
    page.locator("h2#differences").wait_for()
    assert page.locator(".chosen bdi").first.inner_text() == "weather"
    assert differs.get_by_role("rowheader", name="trees").count() == 1
    assert there.trouble == []


def test_many_runs_and_a_link_of_another_day(project, visit):
    CliRunner().invoke(command, ["build", "--output", "site"])
    there = visit(f"{(project / 'site').as_uri()}/")
    page = there.page

    there.go(f"compare.html#runs=@experiment:{WEATHER}&at=0123456789ab")
    page.locator("h2#many").wait_for()
    page.get_by_text("This link was made of").wait_for()
    page.locator(".compare-many svg").first.wait_for()
    assert page.locator(".chosen li").count() == 6
    there.go("index.html")
    there.go("compare.html#runs=nothing-by-this-name")
    page.get_by_text("There is no run").wait_for()
    assert [
        t
        for t in there.trouble
        if "nothing-by-this-name" not in t and "Failed to load" not in t and "failed" not in t
    ] == []


#: A text, and another made of it by some changes.
PIECES = ["a", "b", "c", "d", "e"]


def test_lines_differ_as_little_as_they_can(browser):
    script = Path(__file__).parents[2] / "site_templates/assets/compare/lines.js"
    page = browser.new_page()
    page.evaluate("window.gitrack = { compare: {} }")
    page.evaluate(script.read_text())
    chance = random.Random(5)
    for _ in range(150):
        old = [chance.choice(PIECES) for _ in range(chance.randrange(12))]
        new = [chance.choice(PIECES) for _ in range(chance.randrange(12))]
        texts = ["".join(f"{line}\n" for line in lines) for lines in (old, new)]
        lines = page.evaluate("([a, b]) => gitrack.compare.difference(a, b)", texts)
        assert [line for kind, line, *_ in lines if kind != "added"] == old
        assert [line for kind, line, *_ in lines if kind != "removed"] == new
        assert sum(kind == "same" for kind, *_ in lines) == common(old, new)
    page.close()


def common(old: list[str], new: list[str]) -> int:
    """How many lines the longest common subsequence has."""
    longest = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, a in enumerate(old):
        for j, b in enumerate(new):
            best = max(longest[i][j + 1], longest[i + 1][j])
            longest[i + 1][j + 1] = longest[i][j] + 1 if a == b else best
    return longest[-1][-1]


def test_the_address_keeps_how_it_is_shown_and_a_link_says_of_which_commit(flights_site, visit):
    there = visit(f"{flights_site.as_uri()}/")
    page = there.page
    ids = [bundle.run.id for bundle in flights() if bundle.run.status == "finished"]
    there.go(f"compare.html#runs={ids[0]},{ids[3]},{ids[4]}")
    page.locator(".compare-curves .chart-tools").wait_for()

    tools = page.locator(".compare-curves .chart-tools")
    tools.get_by_label("Log scale").check()
    tools.get_by_label("Best so far").check()
    tools.get_by_label("Over").select_option("wall")
    page.locator("select[data-key=metric]").select_option("val_logloss")
    page.locator("select[data-key=base]").select_option(ids[3])
    page.locator(".chosen .base").wait_for()
    losses = {bundle.run.name: bundle.run.metrics.get("val_logloss") for bundle in flights()}
    one, other = page.locator(".claim bdi").all_inner_texts()
    word = "better" if losses[one] < losses[other] else "worse"
    assert page.locator(".claim-word").inner_text() == f"is {word} than"
    address = page.url.partition("#")[2]
    kept = {f"base={ids[3]}", "metric=val_logloss", "x=wall", "log", "best"}
    assert set(address.split("&")) >= kept

    link = page.evaluate("gitrack.compare.permalink()")
    assert link.partition("#")[2].split("at=")[1].startswith("4f1c4f1c4f1c")
    page.goto("about:blank")
    page.goto(link)
    page.locator(".compare-curves .chart-tools").wait_for()
    # the axes of a chart that is drawn by now are labelled, too
    assert tools.get_by_label("Log scale").is_checked()
    assert tools.get_by_label("Over").input_value() == "wall"
    assert page.locator(".figures .metric").inner_text().startswith("val_logloss")
    first = page.locator(".chosen li").first
    assert "baseline" in first.inner_text()
    assert first.locator("a").get_attribute("href") == f"runs/{ids[3]}.html"
    assert not page.get_by_text("This link was made of").count()
    assert there.trouble == []


def test_code_is_coloured_and_stays_what_it_is(browser):
    page = browser.new_page()
    page.set_content("<pre></pre>")
    page.evaluate(
        "window.gitrack = { compare: {}, h: (tag, props, ...children) => {"
        " const made = document.createElement(tag); made.className = props.class || '';"
        " made.append(...children); return made; } }"
    )
    folder = Path(__file__).parents[2] / "site_templates/assets/compare"
    page.evaluate((folder / "highlight.js").read_text())
    texts = {
        "a.py": 'def f(x): # why "this"\n    """Some\n    lines # of text"""\n    return 0x1f\n',
        "a.js": "const a = `two\nlines`; // and that's it\n",
        "a.yaml": 'a: 1e-4 # "remark\nb: no#ne\n',
        "a.sh": "for f in \"$#\" 'x'; do echo ${#f}; done\n",
        "odd.py": "'''never ends\n\"\\",
    }
    for path, text in texts.items():
        lines = page.evaluate("([p, t]) => gitrack.compare.highlight(p, t)", [path, text])
        assert "\n".join("".join(piece for _, piece in line) for line in lines) == text
    python = page.evaluate("(t) => gitrack.compare.highlight('a.py', t)", texts["a.py"])
    assert ["k", "def"] in python[0]
    assert ["c", '# why "this"'] in python[0]
    assert python[2] == [["s", '    lines # of text"""']]
    assert ["n", "0x1f"] in python[3]
    assert page.evaluate("gitrack.compare.highlight('a.bin', 'x')") is None
    html = page.evaluate(
        "() => { const at = document.querySelector('pre');"
        " at.append(...gitrack.compare.pieces([['k', '<b>ab'], [null, 'cd']], [4, 6]));"
        " return at.innerHTML; }"
    )
    assert html == (
        '<span class="tok-k">&lt;b&gt;a</span><mark class=""><span class="tok-k">b</span>c</mark>d'
    )
    page.close()


def test_data_that_differ_are_told_apart_and_lead_to_their_columns(tmp_path, visit):
    one, other = flights()[:2]
    (train, *rest) = other.run.data
    grown = msgspec.structs.replace(train, dvc="md5:" + "b" * 32, version="v2", rows=330_115)
    changed = msgspec.structs.replace(other.run, data=[grown, *rest])
    build_site(MadeStore([one, RunBundle(run=changed, files=other.files)]), tmp_path, title="T")
    there = visit(f"{tmp_path.as_uri()}/")
    there.go(f"compare.html#runs={one.run.id},{changed.id}")
    section = there.page.locator("section", has=there.page.locator("h2#data"))

    section.get_by_text("changed").wait_for()
    assert "330,115+100,002 (+43.5 %)" in section.inner_text().replace("\n", "")
    section.get_by_role("link", name="flights").last.click()
    there.page.wait_for_url("**/datasets/flights.html#drift")
    assert there.trouble == []
