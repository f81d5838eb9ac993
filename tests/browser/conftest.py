"""A real Chromium on built sites, from disk and over HTTP."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitrack.site import build_site
from tests.site.flights import MadeStore, flights

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _missing(why: str) -> None:
    """Without a browser these tests prove nothing: that fails where it must not go unseen."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"browser tests cannot run: {why}")
    pytest.skip(f"browser tests cannot run: {why}")


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests of a worker."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        _missing("there is no chromium; on Debian and Ubuntu: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield chromium
        chromium.close()


class Visit:
    """A page, and whatever it did that it must not do."""

    def __init__(self, page, base: str) -> None:
        self.page = page
        self.base = base
        self.trouble: list[str] = []
        page.on("console", lambda message: self.trouble.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _dialog(self, dialog) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the reader went on before it had come
            self.trouble.append(f"failed: {request.url}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.trouble.append(f"{response.status}: {response.url}")

    def _request(self, request) -> None:
        if not request.url.startswith((self.base, "data:")):
            self.trouble.append(f"left the site: {request.url}")

    def go(self, path: str) -> None:
        """Open a page of the site."""
        self.page.goto(self.base + path)


@pytest.fixture
def visit(browser):
    """`visit(base)` opens a window that only knows the site at `base`."""
    contexts = []

    def open_at(base: str, **options) -> Visit:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Visit(context.new_page(), base)

    yield open_at
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def flights_site(tmp_path_factory) -> Path:
    """The site of twelve made-up runs."""
    folder = tmp_path_factory.mktemp("sites") / "flights"
    build_site(MadeStore(flights()), folder, title="Late flights", commit="4f1c" * 10)
    return folder


@pytest.fixture(scope="session")
def went_back(tmp_path_factory) -> Path:
    """The site of the demo after some days, when an older version is back in production."""
    from tests.browser.journey import build_past

    return build_past(tmp_path_factory.mktemp("went-back"))


@pytest.fixture(scope="session")
def below_a_path(flights_site, tmp_path_factory):
    """The same site in a sub-path of a plain web server."""
    top = tmp_path_factory.mktemp("www")
    (top / "some").mkdir()
    (top / "some/where").symlink_to(flights_site)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(top)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/some/where/"
    server.shutdown()
    server.server_close()
