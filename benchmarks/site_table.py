"""The table of 10,000 runs × 200 columns in Chromium, from disk."""

from __future__ import annotations

import math
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.table import print_table, summary
from gitrack.model.run import Run, Status
from gitrack.site import charts, libraries, scripts
from gitrack.site.goals import Goals
from gitrack.site.links import ALL_RUNS
from gitrack.site.pages import experiment
from gitrack.site.pages.frame import Frame
from gitrack.site.pages.group import Group
from gitrack.site.render import Renderer
from gitrack.site.tables import chunks
from gitrack.site.tables.head import head
from gitrack.site.tables.sparks import spark

RUNS = 10_000
METRICS, PARAMS, TAGS, CURVES = 90, 90, 18, 2
TIMES = 7
_START = datetime(2025, 1, 1, tzinfo=UTC)
_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]

#: One script for all that is measured inside the page: its own clock, after what was drawn.
_PAGE = """
window.measured = {
  drawn: () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0))),
  async until(test) {
    const begin = performance.now();
    while (!test()) {
      if (performance.now() - begin > 20000) throw new Error("waited too long");
      await new Promise((done) => setTimeout(done, 1));
    }
  },
  async filter(text) {
    const input = document.querySelector(".filter input");
    const count = document.querySelector(".table-tools .count");
    const before = count.textContent;
    const begin = performance.now();
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await this.until(() => count.textContent !== before);
    await this.drawn();
    return performance.now() - begin;
  },
  async sort(name, shift) {
    const find = () => document.querySelector(`[data-sort="${name}"]`);
    const before = find().closest("th").getAttribute("aria-sort");
    const begin = performance.now();
    find().dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: shift }));
    await this.until(() => find().closest("th").getAttribute("aria-sort") !== before);
    await this.drawn();
    return performance.now() - begin;
  },
  /* In every frame of a long scroll: how much of the window has no line in it. */
  async scroll(by, times, sideways) {
    const place = document.getElementById("runs");
    let blank = 0;
    const frames = [];
    let last = performance.now();
    for (let at = 0; at < times; at++) {
      if (sideways) place.scrollLeft += by;
      else place.scrollTop += by;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - last);
      last = now;
      const box = place.getBoundingClientRect();
      for (let y = box.top + 80; y < box.bottom - 20; y += 60) {
        for (const x of [box.left + 20, box.left + box.width / 2, box.right - 40]) {
          const under = document.elementFromPoint(x, Math.min(y, innerHeight - 2));
          if (!under || !under.closest("tbody td, tbody th")) blank++;
        }
      }
    }
    return { blank, frames };
  },
};
"""


def main() -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("there is no chromium here")
        return
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        site = Path(folder) / "site"
        size = write_site(site)
        took = time.perf_counter() - started
        print(f"{RUNS:,} runs, {METRICS + PARAMS + TAGS + CURVES} columns: ", end="")
        print(f"{size / 1e6:.1f} MB of data, made in {took:.1f} s")
        _measure(site, browser)


def write_site(site: Path) -> int:
    """The page of all runs with its data; the bytes of these."""
    runs = [_run(number) for number in range(RUNS)]
    sparks = {run.id: _sparks(number) for number, run in enumerate(runs)}
    group = Group("", runs, Goals())
    files: dict[str, bytes] = {}
    notes = []
    for number, start in enumerate(range(0, RUNS, chunks.SIZE)):
        made, note = chunks.chunk(ALL_RUNS, number, runs[start : start + chunks.SIZE], sparks)
        files.update(made)
        notes.append(note)
    files[f"{ALL_RUNS}/head.js"] = head(
        ALL_RUNS,
        notes,
        metrics=group.metrics,
        measure=group.measure,
        goals=group.goals,
        all_runs=True,
    )
    size = sum(map(len, files.values()))
    renderer = Renderer()
    frame = Frame(title="Benchmark", branch="gitrack")
    page = experiment.runs_page(frame, group)
    files["runs.html"] = renderer.page("experiment.html", page, "runs.html")
    files |= renderer.assets()
    files["assets/vega.js"] = libraries.charts()
    files["assets/specs.js"] = scripts.call("specs", charts.specifications())
    built = {"branch": "gitrack", "commit": "0" * 40, "runs": RUNS, "experiments": 3}
    files["data/build.js"] = scripts.call("build", built)
    for path, data in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
    return size


def _run(number: int) -> Run:
    chance = random.Random(number)
    when = _START + timedelta(minutes=31 * number)
    words = ["vision", "nlp", "speech", "baseline"]
    params: dict[str, Any] = {f"group.p{n:02}": round(chance.random(), 5) for n in range(60)}
    params |= {f"choice.c{n:02}": chance.choice(words) for n in range(PARAMS - 61)}
    return Run(
        id=f"{when:%Y%m%d-%H%M%S}-{chance.getrandbits(30):06x}",
        name=f"calm-otter-{chance.randrange(9999)}",
        experiment=f"experiment-{number % 3}",
        status=Status.FAILED if chance.random() < 0.03 else Status.FINISHED,
        started=f"{when:%Y-%m-%dT%H:%M:%S.000Z}",
        ended=f"{when + timedelta(minutes=9):%Y-%m-%dT%H:%M:%S.000Z}",
        author="Ada <ada@example.com>",
        params=params | {"seed": number % 5},
        metrics={f"metric_{n:02}_auc": round(chance.random(), 6) for n in range(METRICS)},
        tags={f"tag_{n:02}": chance.choice(words) for n in range(TAGS)},
    )


def _sparks(number: int) -> list[tuple[str, str]]:
    chance = random.Random(-number)
    return [
        (
            f"metric_{n:02}_auc",
            spark([math.log(step + 1) + chance.gauss(0, 0.1) for step in range(200)]),
        )
        for n in range(CURVES)
    ]


def _measure(site: Path, executable: str) -> None:
    from playwright.sync_api import sync_playwright

    address = f"{site.as_uri()}/runs.html"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        first, whole = _opened(chromium, address)
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.evaluate(_PAGE)
        page.wait_for_function("gitrack.table.column('metrics.metric_00_auc') !== null")
        page.wait_for_timeout(3000)
        rows = [_row("first rows after navigation", first, "1500 ms")]
        rows.append(_row("all columns shown are there", whole))
        rows += _used(page)
        chromium.close()
    print_table("in the page", ["", "median", "slowest", "promised"], rows)


def _opened(chromium: Any, address: str) -> tuple[list[float], list[float]]:
    """From navigation to rows drawn from data, and to all columns shown of all runs."""
    first, whole = [], []
    for _ in range(TIMES):
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.add_init_script(
            "const seen = setInterval(() => {"
            " if (!window.firstRows && document.querySelector('#runs tbody tr[role=row] td.num')"
            "   && document.querySelector('#runs tbody tr[role=row] td.num').textContent)"
            "   requestAnimationFrame(() => setTimeout(() => { window.firstRows ||= performance.now(); }));"  # noqa: E501
            " if (window.gitrack && gitrack.table && gitrack.grid.store"
            "   && gitrack.grid.state && gitrack.grid.state.columns.every((n) => gitrack.table.column(n)))"  # noqa: E501
            " { window.allRows = performance.now(); if (window.firstRows) clearInterval(seen); } }, 4);"  # noqa: E501
        )
        page.goto(address)
        page.wait_for_function("window.firstRows && window.allRows")
        first.append(page.evaluate("window.firstRows"))
        whole.append(page.evaluate("window.allRows"))
        context.close()
    return first, whole


def _used(page: Any) -> Iterator[list[str]]:
    """Filters, sorting and scrolling in a page that has settled."""
    page.evaluate("measured.filter('metrics.metric_00_auc > 0.5')")  # its column is there now
    values = [0.5 + n / 20 for n in range(1, TIMES + 1)]
    typed = [page.evaluate(f"measured.filter('metrics.metric_00_auc > {v:.2f}')") for v in values]
    yield _row("a key in a filter: one condition", typed, "100 ms")
    both = "tags.tag_03 = 'nlp' and params.`group.p07` < {v:.2f} or name contains 'otter-{n}'"
    page.evaluate(f"measured.filter({both.format(v=0.1, n=1)!r})")
    typed = [
        page.evaluate(f"measured.filter({both.format(v=v, n=n)!r})") for n, v in enumerate(values)
    ]
    yield _row("a key in a filter: three conditions", typed, "100 ms")
    words = ["otter-1", "otter-12", "otter-123", "otter-12 nlp", "otter-1 vis", "12 base", "1 sp"]
    page.evaluate("measured.filter('otter')")
    typed = [page.evaluate(f"measured.filter({text!r})") for text in words[1:]]
    yield _row("a key in a filter: words", typed, "100 ms")
    page.evaluate("measured.filter('')")
    shown = page.evaluate("gitrack.table.state().columns.filter((n) => n.startsWith('metrics.'))")
    yield _row("sort by a column", [page.evaluate(f"measured.sort({n!r}, false)") for n in shown])
    added = [page.evaluate(f"measured.sort({n!r}, true)") for n in shown[:-1]]
    yield _row("sort by one more column", added)
    for word, by, sideways in (("a notch", 100, 0), ("a page", 700, 0), ("20 pages", 14_000, 0)):
        page.evaluate("document.getElementById('runs').scrollTop = 0")
        yield _scrolled(f"a frame, scrolling by {word}", page, by, sideways)
    page.evaluate("gitrack.table.change({columns: gitrack.table.names()})")
    page.wait_for_function("gitrack.table.state().columns.every((n) => gitrack.table.column(n))")
    page.wait_for_timeout(1000)
    yield _scrolled("the same with 200 columns, by a page", page, 700, 0)
    yield _scrolled("sideways through 200 columns", page, 300, 1)
    used = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
    yield ["memory with every column loaded", f"{used:.0f} MB", "", ""]


def _scrolled(what: str, page: Any, by: int, sideways: int) -> list[str]:
    found = page.evaluate(f"measured.scroll({by}, 60, {sideways})")
    row = _row(what, found["frames"][1:])
    return [*row[:3], f"{found['blank']} blank, 0"]


def _row(what: str, taken: Sequence[float], promised: str = "") -> list[str]:
    middle = statistics.median(taken)
    return [what, f"{middle:.0f} ms", f"{summary(taken)[2]:.0f} ms", promised]


if __name__ == "__main__":
    main()
