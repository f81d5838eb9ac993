"""Reports of people, and their charts: what their blocks ask is found out at every build.

Reading and asking takes milliseconds; pictures are drawn only where an answer has changed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from gitrack.errors import ConfigError, GitrackError, NotFound
from gitrack.model.history import History
from gitrack.model.nearest import nearest
from gitrack.model.run import Run
from gitrack.site import exhibits, links, scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages.report import (
    ChartRow,
    ChartsPage,
    ReportPage,
    ReportRow,
    ReportsPage,
)
from gitrack.site.parts import Units
from gitrack.site.reports import feed, specs
from gitrack.site.reports.answers import Answers
from gitrack.site.reports.blocks import Block
from gitrack.site.reports.charted import Charts, chosen, filled, own_chart
from gitrack.site.reports.markdown import Asked, Document, render
from gitrack.site.reports.rows import Rows
from gitrack.site.reports.specs import CURVES, RUNS, Spec
from gitrack.site.reports.traced import Trace
from gitrack.site.reports.views import Answer, Traced

#: Where a block's HTML goes: Markdown of people cannot hold a comment, which would be escaped.
_PLACE = "<!--block:{}-->"
_TOP = "reports"


def units(contents: Contents) -> Units:
    """Every report, the list of them, and the page of charts. Raises ConfigError with the line."""
    written = contents.extras.reports
    if written is None or not (written.texts or written.charts):
        return
    desk = _Desk(contents, specs.read_specs(written.charts))
    rows = []
    for path in sorted(written.texts):
        report = _Report(desk, path, written.texts[path])
        href = links.report_page(path)
        row = ReportRow(title=report.title, lead=report.document.lead, href=href, file=report.name)
        rows.append(row)
        inputs = (contents.settings, row, report.document, [a.inputs for a in report.answers])
        yield Unit(f"report:{path}", inputs, partial(_make, contents, report, href))
    if rows:
        yield Unit("reports", (contents.settings, rows), partial(_list, contents, tuple(rows)))
    if desk.charts:
        yield _charts(contents, desk)


class _Desk:
    """What reports of one site ask of it."""

    def __init__(self, contents: Contents, charts: Mapping[str, Spec]) -> None:
        self.contents = contents
        self.charts = charts
        self.rows = Rows(contents.runs, contents.models, contents.hide.hides)
        self._trace: Traced | None = None
        self.answers = Answers(
            self.rows,
            contents.goals,
            Charts(self.rows, history=self.history, trees=contents.trees, charted=self.charted),
            self._traced if contents.extras.lineage else None,
        )

    def history(self, run: Run) -> History | None:
        """The shown curves of a run; one that cannot be read is a fault of the run's own page."""
        entry = self.contents.by_id[run.id]
        try:
            history = self.contents.source.history(entry.folder)
        except GitrackError:
            return None
        if history is None:
            return None
        hidden = self.contents.hide.metric
        shown = {name: one for name, one in history.columns.items() if not hidden(name)}
        return msgspec.structs.replace(history, columns=shown)

    def charted(self, name: str) -> Spec:
        """A chart by its name. Raises NotFound."""
        if name in self.charts:
            self.check(self.charts[name])
            return self.charts[name]
        close = nearest(name, list(self.charts))
        hint = f"did you mean {close!r}?" if close else f"put it into {specs.FOLDER}/{name}.json"
        raise NotFound(f"there is no chart {name!r} in {specs.FOLDER}", hint=hint)

    def check(self, spec: Spec) -> None:
        """Raise ConfigError for a field that no run has. A hidden one is left out, no more."""
        if RUNS not in spec.asks or not self.rows.rows:
            return
        known = self.rows.names()
        hides = self.contents.hide.hides
        for field in specs.fields(spec):
            if field not in known and not hides(field):
                close = nearest(field, known)
                hint = f"did you mean {close}?" if close else "type  gitrack ls --json  to see them"
                raise ConfigError(f"{spec.file}: no run has {field}", hint=hint)
        for field in specs.unsectioned(spec):
            meant = [name for name in known if name.partition(".")[2] == field]
            has = f"it has {', '.join(specs.RUN_COLUMNS)}, params.…, metrics.… and tags.…"
            if not hides(field):
                raise ConfigError(
                    f"{spec.file}: a row of runs has no {field}",
                    hint=f"did you mean {meant[0]}?" if meant else has,
                )

    def _traced(self, of: str, direction: str) -> Any:
        if self._trace is None:
            assert self.contents.extras.lineage is not None
            self._trace = Trace(self.contents, self.contents.extras.lineage())
        return self._trace(of, direction)


class _Report:
    """A text that was read, its links looked up and its blocks asked; nothing is drawn yet."""

    def __init__(self, desk: _Desk, path: str, text: str) -> None:
        self._desk = desk
        self._path = path
        self.name = f"{_TOP}/{path}"
        self.answers: list[Answer] = []
        asked = Asked(self._block, self._link, self._picture)
        self.document: Document = render(text, name=self.name, asked=asked)
        self.title = self.document.title or posixpath.basename(path).removesuffix(".md")

    def _block(self, block: Block, line: int) -> str:
        self.answers.append(self._desk.answers.answer(block, f"{self.name}:{line}"))
        return _PLACE.format(len(self.answers) - 1)

    def _link(self, href: str) -> str | None:
        scheme, colon, rest = href.partition(":")
        finder = _FINDERS.get(scheme) if colon else None
        if finder is not None:
            return "../" + finder(self._desk, rest)
        return None if colon else self._report(href)

    def _report(self, href: str) -> str | None:
        path, mark, part = href.partition("#")
        path = self._beside(path)
        assert self._desk.contents.extras.reports is not None
        if path not in self._desk.contents.extras.reports.texts:
            return None
        page = links.report_page(path).rpartition("/")[2]
        return f"{page}#s-{part.removeprefix('s-')}" if mark else page

    def _picture(self, source: str) -> str | None:
        path = self._beside(source)
        written = self._desk.contents.extras.reports
        if path.startswith("../") or written is None:
            return None
        data = written.pictures(path)
        return exhibits.data_address(data) if data is not None else None

    def _beside(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self._path), path))


def _run(desk: _Desk, rest: str) -> str:
    return links.run_page(desk.rows.find(rest).id)


def _model(desk: _Desk, rest: str) -> str:
    return links.model_page(desk.rows.model(rest).name)


def _experiment(desk: _Desk, rest: str) -> str:
    known = desk.contents.group
    if rest not in known:
        close = nearest(rest, list(known))
        hint = f"did you mean {close!r}?" if close else "type  gitrack ls  to see them"
        raise NotFound(f"there is no experiment {rest!r}", hint=hint)
    return links.experiment_page(rest)


def _compare(desk: _Desk, rest: str) -> str:
    ids = [desk.rows.find(one.strip()).id for one in rest.split(",") if one.strip()]
    if len(ids) < 2:
        raise NotFound(f"'compare:{rest}' names fewer than two runs", hint="write compare:A,B")
    return f"compare.html#runs={','.join(ids)}"


_FINDERS: Mapping[str, Callable[[_Desk, str], str]] = {
    "run": _run,
    "model": _model,
    "experiment": _experiment,
    "compare": _compare,
}


def _make(contents: Contents, report: _Report, href: str) -> Made:
    """The page, with everything drawn."""
    body = report.document.body
    for number, answer in enumerate(report.answers):
        html = contents.renderer.part(
            "_report_blocks.html", answer.part, answer.view(), links.up(href), number
        )
        body = body.replace(_PLACE.format(number), html, 1)
    page = ReportPage(
        frame=contents.frame,
        title=report.title,
        file=report.name,
        body=body,
        headings=tuple(one for one in report.document.headings if one[0] == 2),
    )
    return Made({href: contents.renderer.page("report.html", page, href)})


def _list(contents: Contents, rows: tuple[ReportRow, ...]) -> Made:
    page = ReportsPage(frame=contents.frame, title="Reports", reports=rows)
    return Made({"reports.html": contents.renderer.page("reports.html", page, "reports.html")})


def _charts(contents: Contents, desk: _Desk) -> Unit:
    """The page of all charts, and what they are drawn of where scripts run."""
    asked: list[tuple[Spec, Sequence[Run], Answer]] = []
    for name in sorted(desk.charts):
        spec = desk.charted(name)
        found = chosen(desk.rows, spec) if spec.asks else []
        runs = found[: feed.MOST_RUNS]
        if CURVES in spec.asks and RUNS not in spec.asks:
            runs = feed.with_curves(found)
        answer = own_chart(
            spec,
            runs,
            title=spec.title,
            left_out=sum(bool(r.curves) for r in found) - len(runs)
            if spec.asks == (CURVES,)
            else len(found) - len(runs),
            history=desk.history,
            trees=contents.trees,
            where=spec.file,
        )
        asked.append((spec, runs, answer))
    inputs = (contents.settings, [answer.inputs for _, _, answer in asked])

    def make() -> Made:
        files: dict[str, bytes] = {}
        rows = []
        for spec, runs, answer in asked:
            place = links.chart_data(spec.name)
            anchor = links.chart_anchor(spec.name)
            rows.append(ChartRow(anchor, spec.file, place, answer.view()))
            whole, _ = filled(spec, runs, desk.history)
            files[place] = scripts.call("charted", place, whole)
        page = ChartsPage(frame=contents.frame, title="Charts", charts=tuple(rows))
        files["charts.html"] = contents.renderer.page("charts.html", page, "charts.html")
        return Made(files)

    return Unit("charts", inputs, make)
