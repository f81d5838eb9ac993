"""`gitrack site serve`: the site is built again when what it is made of has changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from gitrack.cli import arrivals
from gitrack.errors import GitrackError

if TYPE_CHECKING:
    from gitrack.site import Hide, Report
    from gitrack.site.build import Progress
    from gitrack.site.live import Live, Watch
    from gitrack.site.serve import Server

#: Below the project's folder: what a site follows from beside the branch.
_SETTINGS = (".tracking/config.yaml", ".tracking/policy.yaml")
_FOLDERS = (".tracking/views", ".tracking/charts", "reports")


class Project(Protocol):
    """What the command knows of the project around the current folder."""

    @property
    def root(self) -> Path | None: ...

    @property
    def hide(self) -> Hide: ...

    def tip(self) -> str | None: ...

    def build(self, output: Path, progress: Progress | None) -> Report: ...


class Renewal:
    """Builds again when the branch, the settings or the reports have changed.

    What went wrong is said once, and what there is goes on being shown.
    """

    def __init__(self, reopen: Callable[[], Project], output: Path) -> None:
        self._reopen = reopen
        self._output = output
        self._project = reopen()
        self._seen = self._state()
        self._gone = True  # it is about to be built
        self.live: Live | None = None

    def first(self, progress: Progress | None) -> Live:
        """The first build, and what answers for runs that are being written."""
        from gitrack.site.live import Live

        report = self._project.build(self._output, progress)
        self.live = Live(self._watch(), self._output, report.frame)
        return self.live

    def __call__(self) -> None:
        arrivals.bring_in()
        try:
            state = self._state()
            gone = not (self._output / "index.html").exists()  # somebody may clean up meanwhile
            newly, self._gone = gone and not self._gone, gone
            if state == self._seen and not newly:
                return
            self._seen = state
            self._project = self._reopen()
            report = self._project.build(self._output, None)
            if self.live is not None:
                self.live.renewed(self._watch(), report.frame)
        except (GitrackError, OSError) as error:
            click.echo(f"error: the site was not built again: {error}", err=True)
        else:
            click.echo(f"built again: {report.runs:,} runs", err=True)

    def _watch(self) -> Watch:
        from gitrack.site.live import Watch
        from gitrack.tracking.place import find_place

        return Watch(find_place(), self._project.hide)

    def _state(self) -> object:
        return self._project.tip(), tuple(_stamps(self._project.root))


def _stamps(root: Path | None) -> Iterator[tuple[str, int, int]]:
    """Files of the working tree that a site follows from, with size and time of change."""
    if root is None:
        return
    inside = [place for folder in _FOLDERS for place in sorted((root / folder).rglob("*"))]
    for place in (*(root / name for name in _SETTINGS), *inside):
        try:
            seen = place.stat()
        except OSError:
            continue  # there is none, or it has just gone
        yield str(place), seen.st_size, seen.st_mtime_ns


def show(server: Server, renew: Renewal, progress: Progress | None, *, open_page: bool) -> None:
    """Build, say where it is, and answer until interrupted."""
    live = renew.first(progress)
    server.tell(live.answer)
    click.echo(server.url)
    click.echo("serving to this machine only; control-c ends it", err=True)
    if open_page:
        _open(server.url)
    server.run(renew)


def _open(url: str) -> None:
    """Show a page in the browser; where there is none the reader is told, and serving goes on."""
    import webbrowser

    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    # without a screen, a browser for terminals would take the one that we talk to
    headless = sys.platform == "linux" and not any(os.environ.get(name) for name in screens)
    if headless or not webbrowser.open(url):
        click.echo("there is no browser to open it in", err=True)
