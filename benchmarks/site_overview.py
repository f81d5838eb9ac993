"""The first page by Chromium's own tracing: what moves, when it is painted, what blocks.

    python -m benchmarks.site_overview [--runs 10000] [--site DIR …]

Of the demo, and of the site of many runs; `--site` measures sites that are built already, alone.
Every load is that of a browser that has never seen the site, from disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.site import RUNS, build, make_repository
from benchmarks.table import print_table
from tests.browser.demo import build_demo

TIMES = 7
PAGE = "index.html"
WINDOWS = ((1280, 900), (390, 844))
#: A task of the main thread may take this long, in microseconds, before it is felt.
_FELT = 50_000
#: So long after everything has loaded: what runs late counts too.
_QUIET = 500
_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
_CATEGORIES = ["devtools.timeline", "loading", "toplevel", "blink.user_timing"]
_TASKS = ("RunTask", "ThreadControllerImpl::RunTask")
_PAINTS = ("firstContentfulPaint", "largestContentfulPaint::Candidate")
_TIMES = ("first", "largest", "blocked", "longest", "work")


class Load(NamedTuple):
    """What one load showed, in milliseconds after the navigation; `shift` is a share."""

    shift: float
    first: float
    largest: float
    blocked: float
    longest: float
    work: float


def measure(chromium: Any, address: str, size: tuple[int, int]) -> Load:
    """One load of a page by a browser that has nothing of it."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    session = chromium.new_browser_cdp_session()
    events: list[dict[str, Any]] = []
    session.on("Tracing.dataCollected", lambda sent: events.extend(sent["value"]))
    ended: list[object] = []
    session.on("Tracing.tracingComplete", lambda sent: ended.append(sent))
    session.send("Tracing.start", {"traceConfig": {"includedCategories": _CATEGORIES}})
    page.goto(address, wait_until="load")
    page.wait_for_timeout(_QUIET)
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(20)
    context.close()
    return read(events, address)


def read(events: Sequence[dict[str, Any]], address: str) -> Load:
    """What a trace says of the page at an address."""
    frame, process, start = _navigation(events, address)
    main = _main_thread(events, process)
    first, largest = (
        max((one["ts"] for one in events if _is(one, name, frame)), default=start)
        for name in _PAINTS
    )
    tasks = [
        (one["ts"], one["dur"])
        for one in events
        if one["ph"] == "X" and one["name"] in _TASKS and (one["pid"], one["tid"]) == main
        if one["ts"] + one["dur"] > start
    ]
    return Load(
        shift=sum(one["args"]["data"]["score"] for one in events if _is(one, "LayoutShift", frame)),
        first=(first - start) / 1000,
        largest=(largest - start) / 1000,
        blocked=sum(blocking(begin, took, first) for begin, took in tasks) / 1000,
        longest=max((took for _, took in tasks), default=0) / 1000,
        work=sum(took for _, took in tasks) / 1000,
    )


def blocking(begin: float, took: float, first: float) -> float:
    """What a task takes beyond what is not felt; of one that paints first, what comes after."""
    return max(0.0, begin + took - max(begin, first) - _FELT)


def _is(one: dict[str, Any], name: str, frame: str) -> bool:
    return bool(one["name"] == name and one["args"].get("frame") == frame)


def _navigation(events: Sequence[dict[str, Any]], address: str) -> tuple[str, int, float]:
    for one in events:
        data = one["args"].get("data") or {}
        if one["name"] == "navigationStart" and data.get("documentLoaderURL") == address:
            return one["args"]["frame"], one["pid"], one["ts"]
    raise SystemExit(f"the trace has no navigation to {address}")


def _main_thread(events: Sequence[dict[str, Any]], process: int) -> tuple[int, int]:
    for one in events:
        named = one["name"] == "thread_name" and one["args"].get("name") == "CrRendererMain"
        if named and one["pid"] == process:
            return process, one["tid"]
    raise SystemExit("the trace has no main thread")


def _rows(chromium: Any, sites: Sequence[tuple[str, Path]]) -> Iterator[list[str]]:
    for name, site in sites:
        for size in WINDOWS:
            address = (site / PAGE).absolute().as_uri()
            loads = [measure(chromium, address, size) for _ in range(TIMES)]
            yield [
                f"{name}, {size[0]} px",
                f"{max(load.shift for load in loads):.3f}",
                *(_told([getattr(load, field) for load in loads]) for field in _TIMES),
            ]


def _told(taken: Sequence[float]) -> str:
    """The median, and the slowest."""
    return f"{statistics.median(taken):.0f} / {max(taken):.0f} ms"


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--site", type=Path, action="append", help="a folder that is built already")
    options = parser.parse_args(arguments)
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("there is no chromium here")
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sites = [(str(site), site) for site in options.site or ()]
        if not sites:
            repository = make_repository(folder, options.runs)
            build(repository)
            many = repository / ".tracking/site"
            sites = [("the demo", build_demo(folder)), (f"{options.runs:,} runs", many)]
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=_ARGUMENTS)
            rows = list(_rows(chromium, sites))
            chromium.close()
    rows.append(["promised", "0", "", "1000 ms", "200 ms", "", ""])
    heads = ["", "shift", "first paint", "main paint", "blocked", "longest task", "all tasks"]
    print_table(f"the first page, {TIMES} loads of each: median / slowest", heads, rows)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "")


if __name__ == "__main__":
    main(sys.argv[1:])
