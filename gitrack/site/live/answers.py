"""Pages and scripts that exist only while the site is served: all below `live/`."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec

from gitrack.config.shipped import shipped
from gitrack.model.history import History
from gitrack.site import display, links, scripts
from gitrack.site.live.watching import Growing, Watch
from gitrack.site.pages.frame import Cell, Frame, Moment, when
from gitrack.site.render import Renderer
from gitrack.tracking.ending.recover import Waiting

_JS = "text/javascript; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_CSS = "text/css; charset=utf-8"
_OWN = {"live.js": _JS, "curves.js": _JS, "run.js": _JS, "live.css": _CSS}
#: Metrics of a run in a line of a list.
_FEW = 3
_SYSTEM = "system/"


class Answer(NamedTuple):
    """What a browser gets."""

    kind: str
    data: bytes


class LivePage(msgspec.Struct, frozen=True, kw_only=True):
    """What `live/run.html` may use."""

    frame: Frame
    title: str
    id: str
    data: str
    experiment: str
    experiment_href: str | None
    status: str
    author: str | None
    notes: str | None
    started: Moment
    last: Moment
    step: str
    metrics: tuple[Cell, ...]
    system: tuple[Cell, ...]
    params: tuple[Cell, ...]
    tags: tuple[Cell, ...]
    seeds: tuple[Cell, ...]


class Live:
    """Answers for runs that are being written. `built` counts how often the site was renewed."""

    def __init__(self, watch: Watch, folder: Path, frame: Frame) -> None:
        self._folder = folder
        self._renderer = Renderer()
        self._lock = threading.Lock()
        self._watch, self._frame = watch, frame
        self.built = 0

    def renewed(self, watch: Watch, frame: Frame) -> None:
        """The site was built again, maybe with other settings."""
        self._watch, self._frame = watch, frame
        self.built += 1

    def answer(self, path: str, query: str) -> Answer | None:
        """What lies at a path below `live/`; None if there is no such thing."""
        if path in _OWN:
            return Answer(_OWN[path], (shipped("site_templates") / "live" / path).read_bytes())
        if path == "now.js":
            return Answer(_JS, self._now())
        folder, _, name = path.partition("/")
        run_id, _, kind = name.rpartition(".")
        if folder != "runs" or kind not in ("js", "html"):
            return None
        growing = self._watch.run(run_id)
        if kind == "js":
            return Answer(_JS, self._data(run_id, growing, query))
        return None if growing is None else Answer(_HTML, self._page(growing))

    def _now(self) -> bytes:
        runs = [_line(one) for one in self._watch.runs() if one.state != "damaged"]
        return scripts.call("live.now", {"built": self.built, "runs": runs})

    def _data(self, run_id: str, growing: Growing | None, query: str) -> bytes:
        if growing is None:
            page = links.run_page(run_id)
            there = (self._folder / page).is_file()
            return scripts.call("live.ended", {"id": run_id, "page": page if there else None})
        if parse_qs(query).get("since") == [growing.version]:
            return scripts.call("live.same", {"id": run_id})
        return scripts.call("live.run", _told(growing))

    def _page(self, growing: Growing) -> bytes:
        run = growing.run
        experiment = links.experiment_page(run.experiment)
        path = f"live/runs/{run.id}.html"
        page = LivePage(
            frame=self._frame,
            title=run.name,
            id=run.id,
            data=f"live/runs/{run.id}.js",
            experiment=run.experiment,
            experiment_href=experiment if (self._folder / experiment).is_file() else None,
            status=str(run.status),
            author=display.person(run.author),
            notes=run.notes,
            started=when(run.started),
            last=when(growing.last),
            step="–" if growing.step is None else f"{growing.step:,}",
            metrics=_cells(run.metrics, system=False),
            system=_cells(run.metrics, system=True),
            params=tuple(Cell(n, display.setting(v)) for n, v in sorted(run.params.items())),
            tags=tuple(Cell(n, display.setting(v)) for n, v in sorted(run.tags.items())),
            seeds=tuple(Cell(n, str(v)) for n, v in sorted(run.seeds.items())),
        )
        with self._lock:  # the templates are compiled by whoever comes first
            return self._renderer.page("live/run.html", page, path)


def _cells(metrics: Mapping[str, float | int], *, system: bool) -> tuple[Cell, ...]:
    return tuple(
        Cell(name, display.number(value), repr(value))
        for name, value in sorted(metrics.items())
        if name.startswith(_SYSTEM) == system
    )


def _line(one: Waiting) -> dict[str, object]:
    """A run in a list."""
    told = [pair for pair in one.metrics.items() if not pair[0].startswith(_SYSTEM)]
    return {
        "id": one.id,
        "name": one.name or one.id,
        "experiment": one.experiment,
        "of": links.experiment_page(one.experiment),
        "state": one.state,
        "started": one.started,
        "step": one.step,
        "metrics": [list(pair) for pair in told[-_FEW:]],
        "page": f"live/runs/{one.id}.html",
    }


def _told(growing: Growing) -> dict[str, object]:
    run, history = growing.run, growing.history
    return {
        "id": run.id,
        "version": growing.version,
        "status": str(run.status),
        "last": growing.last,
        "step": growing.step,
        "metrics": scripts.pairs(run.metrics),
        "steps": list(history.steps),
        "times": [time and round(time, 3) for time in history.times],
        "curves": _curves(history),
        "of": history.sampled_from,
    }


def _curves(history: History) -> Sequence[object]:
    """Curves with two points at least; those of the system last."""
    found = [
        [name, [v if v is None or isinstance(v, int) else float(f"{v:.6g}") for v in column]]
        for name, column in sorted(history.columns.items())
        if sum(value is not None for value in column) > 1
    ]
    return sorted(found, key=lambda pair: str(pair[0]).startswith(_SYSTEM))
