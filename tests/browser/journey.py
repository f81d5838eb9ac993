"""Somebody who goes through the demo's site by what its pages show, with a pointer or with keys."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.browser.demo import build_site_of, clone_demo, git

#: Ten days after the demo's versions were promoted v1 came back: in the past of any clock, for a
#: commit of the future is taken for one of a wrong clock.
BACK = datetime(2026, 11, 23, 13, 15, tzinfo=UTC)
DAYS = 10
NOW = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
WHY_BACK = "recall of v2 fell on Sunday"
#: With fewer presses of Tab than these a page leads everywhere.
MOST_TABS = 250

_FOCUS = """(wanted) => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const ring = (one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) > 0;
  const inside = [...at.querySelectorAll("*")].some((one) => ring(getComputedStyle(one)));
  const held = window.lastFocus === at && at.type !== "date"; // which has its own stops
  window.lastFocus = at;
  const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 30), 1), innerWidth - 2);
  const y = Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 2);
  const over = document.elementFromPoint(x, y);
  const own = (one) => one.contains(over) || Boolean(over && over.contains(one));
  return {
    covered: [at, ...(at.labels || [])].some(own) ? null : over && over.outerHTML.slice(0, 160),
    held,
    there: at === wanted,
    what: at.outerHTML.slice(0, 160),
    ring: ring(style) || style.boxShadow !== "none" || inside,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}"""


def build_past(folder: Path) -> Path:
    """The demo as of ten days before: v2 was in production until v1 came back."""
    from gitrack.registry.opened import open_registry
    from gitrack.registry.promotion.plan import plan

    project = clone_demo(folder)
    git(project, "config", "user.name", "Grace")
    git(project, "config", "user.email", "grace@example.com")
    _days_before(project)
    opened = open_registry(project)
    found = plan(opened, "late-flights", 1, "production", WHY_BACK, kind="rollback", when=BACK)
    opened.branch.commit(found.changes, found.message)
    # what is committed is of now: the same, of that day
    told = folder / "message"
    told.write_text(found.message, encoding="utf-8")
    dates = {"GIT_AUTHOR_DATE": BACK.isoformat(), "GIT_COMMITTER_DATE": BACK.isoformat()}
    words = ("commit-tree", "gitrack^{tree}", "-p", "gitrack~1", "-F", str(told))
    commit = git(project, *words, env={**os.environ, **dates})
    git(project, "update-ref", "refs/heads/gitrack", commit)
    return build_site_of(project, folder / "site")


def _days_before(project: Path) -> None:
    """Every commit of the branch, and every time that its records tell, so many days earlier."""
    exported = subprocess.run(
        ["git", "-C", str(project), "fast-export", "refs/heads/gitrack"],
        check=True,
        capture_output=True,
    ).stdout

    def earlier(found: re.Match[bytes]) -> bytes:
        return found[1] + str(int(found[2]) - DAYS * 86400).encode()

    exported = re.sub(rb"(?m)^((?:author|committer) .*> )(\d+)", earlier, exported)
    # as long as before: the stream says how long every file is
    exported = exported.replace(b"2026-11-23T", b"2026-11-13T").replace(b"20261123T", b"20261113T")
    subprocess.run(
        ["git", "-C", str(project), "fast-import", "--quiet", "--force"], check=True, input=exported
    )


class Reader:
    """Somebody with a pointer. Nothing but the first page is ever typed into the address."""

    def __init__(self, page) -> None:
        self.page = page
        self.clicks = 0

    def follow(self, link) -> None:
        """Click what is there to be clicked."""
        self.clicks += 1
        link.click()

    def slide_back(self, slider, day: str) -> None:
        """Drag the date slider until the page tells of a day."""
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        middle = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + box["width"] - 8, middle)
        self.page.mouse.down()
        answer = self.page.locator("[data-answer] .eyebrow")
        for place in range(100, 0, -2):
            self.page.mouse.move(box["x"] + box["width"] * place / 100, middle)
            if day in answer.inner_text():
                break
        self.page.mouse.up()
        self.clicks += 1

    def to_run_and_data(self, picture) -> None:
        """In the picture of the lineage: from a version to its run, from there to the data."""
        self.follow(picture.locator("a.of-run").first)
        self.follow(picture.locator("a.of-data").filter(has_text="train"))


def shown(stop: dict[str, object]) -> None:
    """Where the focus is can be seen, and it came from elsewhere."""
    what = stop["what"]
    assert stop["ring"], f"the focus cannot be seen: {what}"
    assert stop["seen"], f"the focus is out of sight: {what}"
    assert not stop["covered"], f"the focus lies under something else: {what}, {stop['covered']}"
    assert not stop["held"], f"Tab does not lead on from {what}"


def all_stops(page) -> int:
    """Tab through a whole page and out of it: how many stops it has."""
    page.evaluate("window.lastFocus = null")
    for count in range(MOST_TABS):
        page.keyboard.press("Tab")
        stop = page.evaluate(_FOCUS, None)
        if stop is None:
            return count
        shown(stop)
    raise AssertionError("Tab leads nowhere out of the page")


class Typist(Reader):
    """Somebody without a pointer, who must see at every press of Tab where they are."""

    def follow(self, link) -> None:
        self.reach(link)
        self.page.keyboard.press("Enter")
        self.clicks += 1

    def reach(self, target) -> None:
        """Tab to what is wanted; every stop on the way shows itself, and none holds."""
        wanted = target.element_handle()
        self.page.evaluate("window.lastFocus = null")
        for _ in range(MOST_TABS):
            stop = wanted.evaluate(_FOCUS)
            if stop is not None:
                shown(stop)
                if stop["there"]:
                    return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way by keys to {target}")

    def slide_back(self, slider, day: str) -> None:
        self.reach(slider)
        answer = self.page.locator("[data-answer] .eyebrow")
        for _ in range(10):
            if day in answer.inner_text():
                break
            self.page.keyboard.press("ArrowLeft")
        self.clicks += 1

    def to_run_and_data(self, picture) -> None:
        self.reach(picture.locator("a[tabindex='0']"))
        self.page.keyboard.press("ArrowLeft")
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("ArrowLeft")
        for key in ["ArrowUp"] * 3 + ["ArrowDown"] * 5:
            if "train" in self.page.evaluate("document.activeElement.textContent"):
                break
            self.page.keyboard.press(key)
        self.page.keyboard.press("Enter")
        self.clicks += 2


@contextmanager
def visiting(browser, base: str, *, scripts: bool = True) -> Iterator[tuple[object, list[str]]]:
    """The first page of the site at `base`, on that day, and whatever was amiss."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        java_script_enabled=scripts,
        reduced_motion="reduce",
        timezone_id="UTC",
        locale="en-GB",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("response", lambda got: trouble.append(got.url) if got.status >= 400 else None)
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((base, "data:")) else trouble.append(f"left: {asked.url}")
        ),
    )
    page.goto(f"{base}index.html")
    try:
        yield page, trouble
    finally:
        context.close()


def in_sight(page, place) -> None:
    """A link led right there: it is in the window, unfolded."""
    place.wait_for(state="visible")
    box = place.bounding_box()
    assert box["y"] < 900, f"{place} is below the window: {box}"
    assert box["y"] + box["height"] > 0, f"{place} is above the window: {box}"


def spoken(text: str) -> str:
    """In one line, as a reader takes it."""
    return re.sub(r"\s+", " ", text).strip()
