"""The filter language: what MLflow's understands, and or, not, dates, patterns and more.

`parse(text).select(table)` gives row numbers; `parse_order(order).sort(table, rows)` orders them.
A table is anything with `.rows`, `.names()` and `.column(name)`; None in a column means missing.

**A missing key decides nothing.** A run without `params.depth` is found neither by
`params.depth = 8` nor by `params.depth != 8` nor by `not params.depth = 8`, as in SQL and MLflow;
`is null` finds it.
"""

from gitrack.model.query.order import Order, parse_order
from gitrack.model.query.parse import Query, parse

__all__ = ["Order", "Query", "parse", "parse_order"]
