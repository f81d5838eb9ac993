"""Charts in reports: dots and curves of runs, and the charts that a project has made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from gitrack.errors import ConfigError, InvalidFilter, NotFound
from gitrack.model.history import History
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.pages.frame import run_link
from gitrack.site.reports import drawing, feed
from gitrack.site.reports.blocks import ChartBlock
from gitrack.site.reports.cells import value_of
from gitrack.site.reports.rows import Rows
from gitrack.site.reports.specs import CURVES, RUNS, Spec
from gitrack.site.reports.views import Answer, ChartView

_MOST_CURVES = 12
_MOST_STEPS = 400

#: The chart of `.tracking/charts/` by its name. Raises NotFound.
Charted = Callable[[str], Spec]
Histories = Callable[[Run], History | None]


class Charts:
    """Answers blocks of charts from the runs of one site."""

    def __init__(
        self,
        rows: Rows,
        *,
        history: Histories,
        trees: Callable[[Sequence[Run]], object],
        charted: Charted,
    ) -> None:
        """`trees` gives what all files of runs follow from."""
        self._rows = rows
        self._history = history
        self._trees = trees
        self._charted = charted

    def answer(self, block: ChartBlock, where: str) -> Answer:
        """What becomes of a chart that stands at `where`. Raises GitrackError."""
        found = self._rows.select(block.filter)
        if block.spec is not None:
            return self._own(block, self._charted(block.spec), found, where)
        if block.curve is not None:
            return self._curves(block, block.curve, found)
        assert block.x is not None
        assert block.y is not None
        self._rows.check([one for one in (block.x, block.y, block.color) if one])
        dots = [(run, spot) for run in found if (spot := _spot(run, block.x, block.y, block.color))]
        shown = dots[: block.limit]
        spots = [spot for _, spot in reversed(shown)]
        alt = f"{block.y} over {block.x} of {len(spots)} runs"
        view = ChartView(
            title=block.title,
            drawing=None,
            thinned=False,
            left_out=len(dots) - len(shown),
            runs=tuple(run_link(run) for run, _ in shown),
        )

        def drawn() -> ChartView:
            if not spots:
                return view
            picture = drawing.points(
                spots, x=block.x or "", y=block.y or "", color=block.color, log=block.log, alt=alt
            )
            return msgspec.structs.replace(view, drawing=picture)

        return Answer("chart", (view, block, spots), drawn)

    def _curves(self, block: ChartBlock, metric: str, found: Sequence[Run]) -> Answer:
        """The newest runs that have this curve."""
        curved = [run for run in found if f"{metric}.count" in run.curves]
        if not curved and self._rows.rows:
            raise NotFound(
                f"none of these runs has steps of {metric!r}",
                hint="name a metric that was logged with steps, or another filter",
            )
        runs = curved[: min(block.limit, _MOST_CURVES)]
        view = ChartView(
            title=block.title or metric,
            drawing=None,
            thinned=False,
            left_out=len(curved) - len(runs),
            runs=tuple(map(run_link, runs)),
        )

        def drawn() -> ChartView:
            rows, thinned = self._steps(metric, runs)
            if not rows:
                return view
            alt = f"{metric} over steps of {len(runs)} runs"
            picture = drawing.lines(rows, title=metric, log=block.log, alt=alt)
            return msgspec.structs.replace(view, drawing=picture, thinned=thinned)

        return Answer("chart", (view, block, self._trees(runs)), drawn)

    def _steps(self, metric: str, runs: Sequence[Run]) -> tuple[list[dict[str, Any]], bool]:
        rows: list[dict[str, Any]] = []
        thinned = False
        for run in runs:
            history = self._history(run)
            column = history.columns.get(metric) if history else None
            if history is None or column is None:
                continue
            one = msgspec.structs.replace(history, columns={metric: column}).thin(_MOST_STEPS)
            thinned = thinned or one.sampled_from is not None
            name = display.visible(run.name or run.id)
            for at, (step, value) in enumerate(zip(one.steps, one.columns[metric], strict=True)):
                if value is not None and math.isfinite(value):
                    rows.append({"x": at if step is None else step, "y": value, "series": name})
        return rows, thinned

    def _own(self, block: ChartBlock, spec: Spec, found: Sequence[Run], where: str) -> Answer:
        """A chart of the project, of the runs that its filter and the block's both find."""
        if spec.filter:
            own = {run.id for run in chosen(self._rows, spec)}
            found = [run for run in found if run.id in own]
        return own_chart(
            spec,
            found[: block.limit],
            title=block.title or spec.title,
            left_out=len(found[block.limit :]) if spec.asks else 0,
            history=self._history,
            trees=self._trees,
            where=where,
        )


def chosen(rows: Rows, spec: Spec) -> list[Run]:
    """The runs that a chart is of. Raises ConfigError for a filter about what no run has."""
    try:
        return rows.select(spec.filter)
    except InvalidFilter as error:
        raise ConfigError(
            f"{spec.file}: usermeta.gitrack.filter: {error.message}", hint=error.hint
        ) from error


def own_chart(
    spec: Spec,
    runs: Sequence[Run],
    *,
    title: str,
    left_out: int,
    history: Histories,
    trees: Callable[[Sequence[Run]], object],
    where: str,
) -> Answer:
    """A chart of the project, given the data that it asks for."""
    rows = feed.run_rows(spec, runs) if RUNS in spec.asks else []
    curved = feed.with_curves(runs) if CURVES in spec.asks else []
    view = ChartView(title=title, drawing=None, thinned=False, left_out=left_out, runs=())

    def drawn() -> ChartView:
        whole, thinned = filled(spec, runs, history)
        alt = f"{title}, a chart of {len(runs)} runs" if spec.asks else title
        picture = drawing.draw(whole, alt=alt, where=where)
        return msgspec.structs.replace(view, drawing=picture, thinned=thinned)

    return Answer("chart", (view, len(runs), spec, rows, trees(curved)), drawn)


def filled(spec: Spec, runs: Sequence[Run], history: Histories) -> tuple[dict[str, Any], bool]:
    """The specification with its data inside, and whether curves were thinned."""
    thinned = False
    data: dict[str, Any] = {}
    if RUNS in spec.asks:
        data[RUNS] = feed.run_rows(spec, runs)
    if CURVES in spec.asks:
        data[CURVES], thinned = feed.curve_rows(spec, runs, history)
    theirs = spec.spec.get("datasets")
    own = theirs if isinstance(theirs, Mapping) else {}
    return {**spec.spec, "datasets": {**own, **data}}, thinned


def _spot(run: Run, x: str, y: str, color: str | None) -> Mapping[str, object] | None:
    """A dot for a run that has both values."""
    across, up = value_of(run, x), value_of(run, y)
    if across is None or not isinstance(up, int | float) or not math.isfinite(up):
        return None
    if isinstance(across, float) and not math.isfinite(across):
        return None
    if isinstance(across, bool) or not isinstance(across, int | float):
        across = display.visible(str(across))
    spot: dict[str, object] = {"x": across, "y": up}
    if color:
        spot["series"] = display.visible(display.setting(value_of(run, color)))
    return spot
