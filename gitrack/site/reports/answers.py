"""Answers the blocks of reports from the runs and models of one site."""

from __future__ import annotations

from collections.abc import Sequence

from gitrack.errors import NotFound
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.goals import Goals
from gitrack.site.pages.frame import Cell, run_link
from gitrack.site.pages.group import ranked_metrics
from gitrack.site.pages.registry import model_rows, promotion_row
from gitrack.site.reports.blocks import (
    Block,
    ChartBlock,
    CompareBlock,
    LineageBlock,
    ModelBlock,
    TableBlock,
)
from gitrack.site.reports.cells import said, value_of
from gitrack.site.reports.charted import Charts
from gitrack.site.reports.rows import Rows
from gitrack.site.reports.views import (
    Answer,
    Column,
    CompareView,
    LineageView,
    ModelView,
    TableView,
    Traced,
    View,
)

_MOST_COLUMNS = 6


class Answers:
    """Answers blocks from the runs and models of one site."""

    def __init__(self, rows: Rows, goals: Goals, charts: Charts, traced: Traced | None) -> None:
        """What `traced` says follows from all runs."""
        self._rows = rows
        self._goals = goals
        self._charts = charts
        self._traced = traced

    def answer(self, block: Block, where: str) -> Answer:
        """What becomes of a block that stands at `where`. Raises GitrackError."""
        if isinstance(block, ChartBlock):
            return self._charts.answer(block, where)
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
        self._rows.check(names)
        columns = []
        cells: list[list[Cell]] = [[] for _ in shown]
        for name in names:
            values = [value_of(run, name) for run in shown]
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
                row.append(Cell(name, said(value, places, metric=metric), repr(value)))
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
                cells = tuple(Cell(name, said(v, None, metric=metric), repr(v)) for v in values)
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
