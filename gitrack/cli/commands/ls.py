"""`gitrack ls`: runs that a filter finds, as a table, JSON or CSV."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gitrack.cli import arrivals, completing
from gitrack.cli.output import print_json
from gitrack.cli.table import Column, Listing, choose, draw, terminal_width
from gitrack.errors import NotFound
from gitrack.model.display import cut, safe, width

if TYPE_CHECKING:
    from gitrack.cli.standing import Standing
    from gitrack.store.index import RunTable
    from gitrack.store.runs import RunStore

    Models = dict[int, list[Standing]]

#: How many runs a table shows unless --limit says otherwise.
DEFAULT_LIMIT = 50
#: So many unreadable files are named; somebody may have put thousands there.
_MOST_FAULTS = 50
#: What a run became is cut where it became that much.
_WIDEST_MODELS = 32


@click.command()
@click.argument("filter", required=False, default="")
@click.option(
    "-e",
    "--experiment",
    "experiments",
    multiple=True,
    shell_complete=completing.experiments,
    help="Only runs of this experiment; may be given several times.",
)
@click.option("-o", "--order-by", metavar="KEYS", help="Such as 'metrics.auc desc, started'.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=0),
    help=f"At most so many runs, 0 for all. Unless given: {DEFAULT_LIMIT} in a table, else all.",
)
@click.option("--columns", metavar="KEYS", help="Exactly these, such as 'name,metrics.auc'.")
@click.option("--all-columns", is_flag=True, help="Every column, also where all runs are alike.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, an object a run.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with every column.")
def command(
    filter: str,
    experiments: tuple[str, ...],
    order_by: str | None,
    limit: int | None,
    columns: str | None,
    all_columns: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List runs, the newest first, or those that FILTER finds.

    \b
    gitrack ls 'metrics.test_auc_roc > 0.88 and params.max_depth <= 8'
    gitrack ls 'tags.hypothesis contains weather' --order-by 'metrics.auc desc'
    gitrack ls "status = failed and started > now-7d"

    Columns in which all runs are alike are left away; numbers have four digits. --json and --csv
    have every column and every digit. FILTER is what MLflow takes, and more: or, not, brackets,
    between, contains, matches, is null, dates, metrics.loss.min.
    """
    from gitrack.analysis.search import matching
    from gitrack.store import open_store
    from gitrack.store.references import require_experiments

    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two kinds of output; choose one.")
    arrivals.bring_in()
    store = open_store()
    table = store.table()
    if table.rows:
        require_experiments(table, experiments)
    if limit is None:
        limit = 0 if as_json or as_csv else DEFAULT_LIMIT
    rows = matching(table, filter, experiments=experiments or None, order_by=order_by)
    shown = rows[:limit] if limit else rows
    # who asks for columns by name gets these and no others
    models = {} if columns else _models(store, table, shown)
    if as_json:
        _print_json(table, shown, columns, models)
    elif as_csv:
        _print_csv(table, shown, columns, models)
    elif shown:
        asked = _asked(filter, order_by, table)
        _print_table(table, shown, columns, all_columns, asked, models)
    _tell(table, filter, order_by, len(shown), len(rows))


def _models(store: RunStore, table: RunTable, rows: Sequence[int]) -> Models:
    """What runs became in the registry, by row."""
    from gitrack.cli.standing import became

    ids = [str(id) for id in table.cells("id", rows)]
    found = became(store, ids)
    return {row: found[id] for row, id in zip(rows, ids, strict=True) if id in found}


def _asked(filter: str, order_by: str | None, table: RunTable) -> list[str]:
    """Columns that the filter and the order speak of: they are shown first."""
    if not filter and not order_by:
        return []
    from gitrack.model.query import parse, parse_order

    keys = [*parse_order(order_by).keys(), *(parse(filter).keys() if filter else ())]
    return [name for key in keys for name in _columns_of(key.entity, key.name, table)]


def _columns_of(entity: str, name: str, table: RunTable) -> list[str]:
    sections = {"param": "params.", "metric": "metrics.", "tag": "tags.", "attribute": ""}
    names = set(table.names()) | {"duration"}
    if entity == "any":
        return [prefix + name for prefix in sections.values() if prefix + name in names]
    whole = f"{sections.get(entity, '')}{name}"
    if entity == "metric" and whole not in names:
        curve = f"curves.{name}"
        whole = curve if curve in names else whole.rpartition(".")[0]
    return [whole] if whole in names else []


def _named(columns: str, table: RunTable) -> list[str]:
    """The columns that --columns names, as the table calls them."""
    from gitrack.model.query import parse_order

    found: list[str] = []
    keys = parse_order(columns).keys()
    for key in keys:
        names = _columns_of(key.entity, key.name, table)
        if not names and table.rows and key.entity not in ("attribute", "dataset"):
            import difflib

            near = difflib.get_close_matches(key.name, table.names(), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else "gitrack ls --all-columns shows them all"
            raise NotFound(f"no run has a column {key.name!r}", hint=hint)
        found += names or [key.name]
    return found


def _print_table(
    table: RunTable,
    rows: Sequence[int],
    columns: str | None,
    everything: bool,
    asked: list[str],
    models: Models,
) -> None:
    listing = Listing(table, rows)
    left_out = 0
    became = _became(models, rows)
    if columns or everything:
        names = _named(columns, table) if columns else listing.everything()
        chosen = [listing.column(name) for name in names]
    else:
        room = terminal_width()
        if became and room is not None:
            room -= 2 + max(map(width, became[0].texts))
        chosen, left_out = choose(listing, asked, room)
    draw([*chosen, *became])
    if left_out:
        columns = "1 more column does" if left_out == 1 else f"{left_out} more columns do"
        click.echo(f"{columns} not fit; see --columns and --all-columns", err=True)


def _became(models: Models, rows: Sequence[int]) -> list[Column]:
    """A column of its own, if any run became something."""
    texts = [safe(", ".join(one.told for one in models.get(row, ()))) for row in rows]
    texts = [cut(text, _WIDEST_MODELS) for text in texts]
    return [Column("models", "models", texts, is_number=False)] if any(texts) else []


def _print_json(table: RunTable, rows: Sequence[int], columns: str | None, models: Models) -> None:
    """A list of objects; params, metrics, tags and such are objects of their own."""
    listing = Listing(table, rows)
    names = _named(columns, table) if columns else listing.everything()
    runs: list[dict[str, Any]] = [{} for _ in rows]
    for name in names:
        section, dot, key = name.partition(".")
        for run, cell in zip(runs, listing.cells(name), strict=True):
            if cell is not None:
                (run.setdefault(section, {}) if dot else run)[key if dot else name] = cell
    for row, run in zip(rows, runs, strict=True):
        if row in models:
            run["models"] = models[row]
    print_json(runs)


def _print_csv(table: RunTable, rows: Sequence[int], columns: str | None, models: Models) -> None:
    import csv

    listing = Listing(table, rows)
    names = _named(columns, table) if columns else listing.everything()
    clean = safe if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*map(clean, names), *(["models"] if models else [])])
    cells = [[_cell(cell, clean) for cell in listing.cells(name)] for name in names]
    if models:
        cells.append([clean(", ".join(one.told for one in models.get(row, ()))) for row in rows])
    writer.writerows(zip(*cells, strict=True))


def _cell(cell: Any, clean: Any) -> str:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(clean(str(cell)))


def _tell(table: RunTable, filter: str, order_by: str | None, shown: int, found: int) -> None:
    """On stderr: what was left out, what nobody has, which files cannot be read."""
    if shown < found:
        click.echo(f"{shown} of {found:,} runs; --limit 0 shows all", err=True)
    elif not found and not filter and not table.rows:
        next_to_type = "gitrack run -- python train.py records one, gitrack demo DIR makes some"
        click.echo(f"no runs yet; {next_to_type}", err=True)
    elif not found:
        click.echo(f"none of {table.rows:,} runs matches", err=True)
    if filter or order_by:
        from gitrack.model.query import parse, parse_order

        missing = [*parse(filter).missing(table), *parse_order(order_by).missing(table)]
        for sentence in dict.fromkeys(missing):
            click.echo(f"no run has {safe(sentence)}", err=True)
    faults = table.faults
    for fault in faults[:_MOST_FAULTS]:
        click.echo(f"unreadable: {safe(fault.path)}: {safe(fault.why)}", err=True)
        if fault.hint:
            click.echo(f"  hint: {safe(fault.hint)}", err=True)
    if len(faults) > _MOST_FAULTS:
        more = len(faults) - _MOST_FAULTS
        click.echo(f"… and {more:,} more files; gitrack doctor names all of them", err=True)
