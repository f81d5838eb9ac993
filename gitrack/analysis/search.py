"""Runs that a filter finds, in an order: row numbers for commands, a DataFrame for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gitrack.errors import MissingExtra, UsageError
from gitrack.model.ranking import newest_first

if TYPE_CHECKING:
    import pandas as pd

    from gitrack.store.index import RunTable
    from gitrack.store.runs import RunStore

#: Columns of the frame that come before params, metrics and tags, and what the table calls them.
_FIELDS = {
    "run_id": "id",
    "name": "name",
    "experiment": "experiment",
    "status": "status",
    "started": "started",
    "ended": "ended",
    "author": "author",
    "commit": "code.commit",
}
_TIMES = ("started", "ended")


def search_runs(
    filter: str = "",
    *,
    experiment: str | Iterable[str] | None = None,
    order_by: str | Iterable[str] | None = None,
    max_results: int | None = None,
    store: RunStore | None = None,
) -> pd.DataFrame:
    """The runs that a filter finds, as a DataFrame with a row a run.

    `filter` is what MLflow's `filter_string` is, and more: `or`, `not`, brackets, dates, patterns
    (`metrics.test_auc_roc > 0.88 and params.max_depth <= 8`). `order_by` is a text
    (`metrics.test_auc_roc desc, started`) or a list; missing and NaN come last, and without it
    the newest run comes first. At most `max_results` rows come, all unless given. Columns are
    `run_id`, `name`, `experiment`, `status`, `started` and `ended` (UTC), `author`, `commit`,
    `params.*`, `metrics.*`, `tags.*`.

    `store` is the one of the current folder's repository unless given. Raises InvalidFilter with
    the place of the mistake, UsageError, NoRepository, and MissingExtra without pandas.
    """
    try:
        import pandas  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise MissingExtra("search_runs", "pandas", "data") from error
    if store is None:
        from gitrack.store import open_store

        store = open_store()
    table = store.table()
    rows = matching(table, filter, experiments=experiment, order_by=order_by, limit=max_results)
    return _frame(table, rows)


def matching(
    table: RunTable,
    filter: str = "",
    *,
    experiments: str | Iterable[str] | None = None,
    order_by: str | Iterable[str] | None = None,
    limit: int | None = None,
) -> list[int]:
    """The rows of a table that a filter finds, in order, at most `limit` of them.

    Raises InvalidFilter.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise UsageError(f"{limit!r} is not a number of runs", hint="give a whole number")
    rows: Sequence[int] = range(table.rows)
    if filter:
        from gitrack.model.query import parse

        rows = parse(filter).select(table)
    if experiments is not None and rows:
        wanted = {experiments} if isinstance(experiments, str) else set(experiments)
        names = table.column("experiment")
        rows = [row for row in rows if names[row] in wanted]
    if order_by:
        from gitrack.model.query import parse_order

        return parse_order(order_by).sort(table, rows)[:limit]
    if not rows:
        return []
    return newest_first(rows, table.column("id"), table.column("started"))[:limit]


def _frame(table: RunTable, rows: Sequence[int]) -> pd.DataFrame:
    """The rows as a DataFrame. Texts stay plain objects: turning them into another kind of text
    would cost more than all the rest."""
    import numpy as np
    import pandas as pd

    whole = list(rows) == list(range(table.rows))
    chosen = np.asarray(rows, dtype=np.intp)
    names = table.names()
    wanted = dict(_FIELDS)
    for section in ("params.", "metrics.", "tags."):
        wanted |= {name: name for name in names if name.startswith(section)}
    present = set(names)
    columns: dict[str, Any] = {}
    for shown, name in wanted.items():
        if name in present:
            cells = table.frame_column(name)
            cells = cells if whole else cells[chosen]
        else:
            cells = np.full(len(chosen), None)
        if shown in _TIMES:
            columns[shown] = pd.to_datetime(
                pd.Series(cells, dtype=object), format="ISO8601", utc=True, errors="coerce"
            )
        else:
            columns[shown] = pd.Series(cells, dtype=cells.dtype)
    return pd.DataFrame(columns)
