"""The site of a kept demo, always the same.

Nine runs, three versions of a model, a sweep of sixteen runs of which two left HTML, a chart of its
own, two reports.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

BUNDLE = Path(__file__).parent / "demo.bundle"
#: The moment from which "2 hours ago" is counted.
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SHAPES = [(theme, width) for theme in ("light", "dark") for width in (1280, 390)]
HEIGHT = 900

#: What each kind of page is called, and one of it.
PAGES = {
    "overview": "index.html",
    "runs": "runs.html",
    "experiment": "experiments/xgboost-weather-features-20261123.html",
    "run": "",
    "compare": "compare.html#runs=@best:xgboost-baseline-20261123,@production:late-flights",
    "models": "models.html",
    "model": "models/late-flights.html",
    "trends": "trends.html",
    "data": "data.html",
    "dataset": "datasets/train.html",
    "lineage": "lineage.html",
    "reports": "reports.html",
    "report": "reports/weather.html",
    "audit": "audit.html",
    "search": "search.html#q=weather",
    "about": "about.html",
    "sweeps": "sweeps.html",
    "sweep": "sweeps/20261123-114355-t8nrq4.html",
    "charts": "charts.html",
    "own-report": "reports/tuning.html",
    "document": "documents/20261123-114450-sxs5aa/0-heeded.html",
    "experiment-plain": "experiments/xgboost-weather-features-20261123.html",
}
#: Pages that are looked at without scripts.
PLAIN = ("experiment-plain",)


def clone_demo(folder: Path) -> Path:
    """A clone of what is kept, in a folder."""
    project = folder / "late-flights"
    git(folder, "clone", "--quiet", str(BUNDLE), str(project), "--branch", "master")
    git(project, "fetch", "--quiet", "origin", "+refs/heads/gitrack:refs/heads/gitrack")
    return project


def build_demo(folder: Path) -> Path:
    """Clone what is kept, and build its site with the command."""
    return build_site_of(clone_demo(folder), folder / "site")


def build_site_of(project: Path, site: Path) -> Path:
    """The site of a clone, built with the command."""
    from click.testing import CliRunner

    from gitrack.cli.main import cli

    built = CliRunner().invoke(cli, ["-C", str(project), "site", "build", "--output", str(site)])
    if built.exit_code:
        raise built.exception or AssertionError(built.output)
    return site


def file_of(name: str, theme: str, width: int) -> str:
    """The reference of a page."""
    return f"{name}-{theme}-{width}.png"


@contextmanager
def open_page(
    browser,
    site: Path,
    path: str,
    *,
    theme: str = "light",
    width: int = 1280,
    height: int = HEIGHT,
    scripts: bool = True,
    served: str | None = None,
    before: str | None = None,
) -> Iterator[tuple[object, list[str]]]:
    """A page with the demo's clock, and a list of whatever it did that it must not do.

    Read from disk, unless it is `served` at an address; `before` runs before its own scripts.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        java_script_enabled=scripts,
        reduced_motion="reduce",
        timezone_id="UTC",
        locale="en-GB",
    )
    base = served or f"{site.as_uri()}/"
    trouble: list[str] = []
    page = context.new_page()
    page.set_default_timeout(20_000)
    if "documents/" not in path:  # the clock is a script: frames without rights would refuse it
        page.clock.set_fixed_time(NOW)
    if before:
        page.add_init_script(before)
    page.on("console", lambda message: trouble.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((base, "data:"))
            else trouble.append(f"left the site: {asked.url}")
        ),
    )
    page.goto(base + (path or _a_run(site)))
    try:
        yield page, trouble
    finally:
        context.close()


def settle(page) -> None:
    """Charts in sight are drawn: nothing has moved for a while."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(900)


def _a_run(site: Path) -> str:
    """The run in production, by its name."""
    named = "xgboost-schedule-weather-lr0.1-depth4</bdi></h1>"
    found = [page for page in sorted((site / "runs").iterdir()) if named in page.read_text("utf-8")]
    return f"runs/{found[0].name}"


def git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """What git prints."""
    found = shutil.which("git")
    assert found
    command = [found, "-C", str(folder), *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=env
    ).stdout.strip()
