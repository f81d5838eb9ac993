"""What each block of a report becomes: records for the template."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from gitrack.errors import ConfigError, InvalidFilter, NotFound
from gitrack.model.history import History
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.goals import Goals
from gitrack.site.pages.frame import Cell, RunLink, run_link
from gitrack.site.pages.group import ranked_metrics
from gitrack.site.pages.registry import (
    ModelRow,
    PromotionRow,
    model_rows,
    promotion_row,
)
from gitrack.site.reports import drawing, feed
from gitrack.site.reports.blocks import (
    Block,
    ChartBlock,
    CompareBlock,
    LineageBlock,
    ModelBlock,
    TableBlock,
)
from gitrack.site.reports.drawing import Drawing
from gitrack.site.reports.rows import Rows
from gitrack.site.reports.specs import CURVES, RUNS, Spec

_MOST_COLUMNS = 6
_MOST_CURVES = 12
_MOST_STEPS = 400
_MOST_LISTED = 20

View: TypeAlias = "TableView | ChartView | CompareView | ModelView | LineageView"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that bytes came from or went into."""

    kind: str
    label: str
    href: str | None


#: A name of a run, a version or data, and a direction: what comes before and after, in lines.
Traced = Callable[[str, str], Sequence[tuple[str, Sequence[Step]]]]
#: The chart of `.tracking/charts/` by its name. Raises NotFound.
Charted = Callable[[str], Spec]
Histories = Callable[[Run], History | None]


class Answer(NamedTuple):
    """A block's part of the template, what it follows from, and what the part may use.

    What takes long, the drawing above all, is left to `view`.
    """

    part: str
    inputs: object
    view: Callable[[], View]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a column."""

    name: str
    title: str
    number: bool
    goal: str | None = None


class TableView(msgspec.Struct, frozen=True, kw_only=True):
    """Runs in rows; `more` were found beyond those shown."""

    caption: str | None
    columns: tuple[Column, ...]
    rows: tuple[tuple[RunLink, tuple[Cell, ...]], ...]
    more: int


class ChartView(msgspec.Struct, frozen=True, kw_only=True):
    """A picture in two themes, and where its runs are; `left_out` runs are not in it."""

    title: str | None
    drawing: Drawing | None
    thinned: bool
    left_out: int
    runs: tuple[RunLink, ...]


class CompareView(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of values, each with one a run; `same` lines are left out."""

    runs: tuple[RunLink, ...]
    groups: tuple[tuple[str, tuple[tuple[str, tuple[Cell, ...]], ...]], ...]
    same: int
    href: str


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """A model as on the overview, and its newest promotions."""

    rows: tuple[ModelRow, ...]
    promotions: tuple[PromotionRow, ...]


class LineageView(msgspec.Struct, frozen=True, kw_only=True):
    """Headings, each with lines of what there is."""

    of: str
    parts: tuple[tuple[str, tuple[Step, ...]], ...]


class Answers:
    """Answers blocks from the runs and models of one site."""

    def __init__(
        self,
        rows: Rows,
        goals: Goals,
        *,
        history: Histories,
        trees: Callable[[Sequence[Run]], object],
        traced: Traced | None,
        charted: Charted,
    ) -> None:
        """`trees` gives what all files of runs follow from, `traced` also follows from all runs."""
        self._rows = rows
        self._goals = goals
        self._history = history
        self._trees = trees
        self._traced = traced
        self._charted = charted

    def answer(self, block: Block, where: str) -> Answer:
        """What becomes of a block that stands at `where`. Raises GitrackError."""
        if isinstance(block, ChartBlock):
            return self._chart(block, where)
        if isinstance(block, LineageBlock):
            return self._lineage(block)
        view: View
        if isinstance(block, TableBlock):
            part, view = "table", self._table(block)
        elif isinstance(block, CompareBlock):
            part, view = "compare", self._compare(block)
        else:
            part, view = "model", self._model(block)
        return Answer(part, view, lambda: view)

    def _table(self, block: TableBlock) -> TableView:
        found = self._rows.select(block.filter, block.order)
        shown = found[: block.limit]
        names = list(block.columns) or self._likely(shown)
        self._check(names)
        columns = []
        cells: list[list[Cell]] = [[] for _ in shown]
        for name in names:
            values = [_value(run, name) for run in shown]
            numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
            number = bool(numbers) and len(numbers) == sum(v is not None for v in values)
            section, _, key = name.partition(".")
            metric = section == "metrics"
            columns.append(
                Column(
                    name=name,
                    title=key or name,
                    number=number,
                    goal=self._goals.goal(key) if metric else None,
                )
            )
            places = display.decimals(numbers) if metric and numbers else None
            for row, value in zip(cells, values, strict=True):
                row.append(Cell(name, _said(value, places, metric=metric), repr(value)))
        rows = tuple((run_link(run), tuple(row)) for run, row in zip(shown, cells, strict=True))
        return TableView(
            caption=block.caption,
            columns=tuple(columns),
            rows=rows,
            more=len(found) - len(shown),
        )

    def _likely(self, runs: Sequence[Run]) -> list[str]:
        """Without columns asked for: the metrics that matter and the params that differ."""
        metrics = ranked_metrics(runs, self._goals.measure(runs))[:3]
        params = sorted({name for run in runs for name in run.params})
        differing = [n for n in params if len({repr(run.params.get(n)) for run in runs}) > 1]
        return [f"metrics.{n}" for n in metrics] + [f"params.{n}" for n in differing][
            : _MOST_COLUMNS - len(metrics)
        ]

    def _check(self, names: Sequence[str]) -> None:
        from gitrack.model.nearest import nearest

        known = {*self._rows.names(), "duration", "commit"}
        for name in names if self._rows.rows else ():  # before the first run nothing is unknown
            if name not in known:
                close = nearest(name, sorted(known))
                hint = f"did you mean {close}?" if close else "write metrics.…, params.… or tags.…"
                raise NotFound(f"no run has a column {name!r}", hint=hint)

    def _chart(self, block: ChartBlock, where: str) -> Answer:
        found = self._rows.select(block.filter)
        if block.spec is not None:
            return self._own(block, self._charted(block.spec), found, where)
        if block.curve is not None:
            return self._curves(block, block.curve, found)
        assert block.x is not None
        assert block.y is not None
        self._check([one for one in (block.x, block.y, block.color) if one])
        runs = found[: block.limit]
        spots = list(_spots(runs, block.x, block.y, block.color))
        alt = f"{block.y} over {block.x} of {len(spots)} runs"
        view = ChartView(
            title=block.title,
            drawing=None,
            thinned=False,
            left_out=len(found) - len(runs),
            runs=tuple(map(run_link, runs[:_MOST_LISTED])),
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

    def _compare(self, block: CompareBlock) -> CompareView:
        runs = [self._rows.find(reference) for reference in block.runs]
        groups, same = [], 0
        for title, section in (("Metrics", "metrics"), ("Params", "params"), ("Tags", "tags")):
            lines = []
            for name in sorted({name for run in runs for name in getattr(run, section)}):
                values = [getattr(run, section).get(name) for run in runs]
                if not block.all and all(repr(value) == repr(values[0]) for value in values):
                    same += 1
                    continue
                metric = section == "metrics"
                cells = tuple(Cell(name, _said(v, None, metric=metric), repr(v)) for v in values)
                lines.append((name, cells))
            if lines:
                groups.append((title, tuple(lines)))
        ids = ",".join(run.id for run in runs)
        return CompareView(
            runs=tuple(map(run_link, runs)),
            groups=tuple(groups),
            same=same,
            href=f"compare.html#runs={ids}",
        )

    def _model(self, block: ModelBlock) -> ModelView:
        model = self._rows.model(block.name)
        runs = {run.id: run for run in self._rows.runs}
        newest = list(model.promotions.items())[::-1][: block.promotions]
        return ModelView(
            rows=model_rows([model], runs, self._goals),
            promotions=tuple(promotion_row(id, one) for id, one in newest),
        )

    def _lineage(self, block: LineageBlock) -> Answer:
        traced = self._traced
        if traced is None:
            raise NotFound("lineage is not known to this build", hint="type  gitrack site build")
        # at once: what it names may be unknown, and the line is known only here
        parts = traced(block.of, block.direction)
        view = LineageView(of=block.of, parts=tuple((title, tuple(one)) for title, one in parts))
        return Answer("lineage", view, lambda: view)


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


def _value(run: Run, name: str) -> Any:
    """A cell by the name of its column, as the filter language calls it."""
    section, dot, key = name.partition(".")
    if dot:
        return getattr(run, section).get(key)
    if name == "duration":
        return display.duration(run.started, run.ended)
    if name == "commit":
        return run.code.commit[:10] if run.code and run.code.commit else None
    if name == "author":
        return display.person(run.author)
    if name in ("started", "ended"):
        return display.absolute(getattr(run, name))
    value = getattr(run, name)
    return None if value is None else str(value)


def _said(value: Any, places: int | None, *, metric: bool) -> str:
    if isinstance(value, float) and places is not None and math.isfinite(value):
        return f"{value:.{places}f}"
    return display.number(value) if metric else display.setting(value)


def _spots(runs: Sequence[Run], x: str, y: str, color: str | None) -> list[Mapping[str, object]]:
    """A dot for every run that has both values."""
    spots: list[Mapping[str, object]] = []
    for run in reversed(runs):
        across, up = _value(run, x), _value(run, y)
        if across is None or not isinstance(up, int | float) or not math.isfinite(up):
            continue
        if isinstance(across, float) and not math.isfinite(across):
            continue
        if isinstance(across, bool) or not isinstance(across, int | float):
            across = display.visible(str(across))
        spot: dict[str, object] = {"x": across, "y": up}
        if color:
            spot["series"] = display.visible(display.setting(_value(run, color)))
        spots.append(spot)
    return spots
