"""`gitrack data`: the data sets that runs have logged: which versions, what is in them, drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from gitrack.cli import arrivals, completing
from gitrack.cli.output import print_json
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.store.runs import RunStore

_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def command() -> None:
    """List, show and compare the data that runs have logged.

    A data set is named as runs call it (`flights`), with its role where it has several
    (`flights:train`), and with a version where the latest is not meant: what you called it, or the
    first digits of its md5 (`flights@v1.3`, `flights:train@a4f8b2`). `RUN/flights` is that of one
    run.
    """


@command.command(short_help="List data sets: versions, rows, use.")
@click.argument("filter", required=False, default="")
@click.option(
    "-e",
    "--experiment",
    "experiments",
    multiple=True,
    shell_complete=completing.experiments,
    help="Only of runs of this experiment; may be given several times.",
)
@click.option("--role", help="Only data in this role, such as train.")
@_JSON
def ls(filter: str, experiments: tuple[str, ...], role: str | None, as_json: bool) -> None:
    """List data sets: how many versions there were, rows, first and last use, runs.

    FILTER chooses runs, as that of `gitrack ls` does.

    \b
    gitrack data ls
    gitrack data ls 'tags.team = "logistics-ml"' --role train
    """
    from gitrack.analysis.datasets import sightings, versions
    from gitrack.analysis.search import matching
    from gitrack.cli import data_pages

    arrivals.bring_in()
    table = _store().table()
    rows = matching(table, filter, experiments=experiments or None)
    found = [one for one in versions(sightings(table, rows)) if role in (None, one.role)]
    listed = data_pages.listing(found)
    if as_json:
        print_json(listed)
    elif listed:
        data_pages.draw_listing(listed)
        click.echo(f"next: gitrack data show {data_pages.quoted(listed[0]['name'])}", err=True)
    else:
        click.echo("no data set was logged by these runs", err=True)
        click.echo("next: in a run, type  gitrack.log_dataset(PATH)", err=True)


@command.command(short_help="Print the versions and the columns of a data set.")
@click.argument("name", shell_complete=completing.data)
@_JSON
def show(name: str, as_json: bool) -> None:
    """Print the versions of a data set, the runs that had them, and what is in its columns.

    \b
    gitrack data show flights
    gitrack data show flights:train@v1.3
    """
    from gitrack.analysis.datasets import sightings, versions
    from gitrack.cli import data_pages

    arrivals.bring_in()
    store = _store()
    shown = data_pages.shown(store, versions(sightings(store.table())), name)
    if as_json:
        print_json(shown.as_json())
        return
    for line in shown.lines():
        click.echo(line)
    if shown.next:
        click.echo(f"next: {shown.next}", err=True)


@command.command(short_help="Compare two versions: rows, schema, drift.")
@click.argument("before", shell_complete=completing.data)
@click.argument("after", shell_complete=completing.data)
@click.option("--all", "everything", is_flag=True, help="Columns without any drift as well.")
@_JSON
def diff(before: str, after: str, everything: bool, as_json: bool) -> None:
    """Compare two versions of data: rows, schema, and how far each column has drifted.

    BEFORE and AFTER are data sets of the branch, of one run (`RUN/flights`), or files. Columns come
    by their population stability index: from 0.1 on drift is moderate, from 0.25 on large; what
    chance alone may do counts as none.

    \b
    gitrack data diff flights@v1.3 flights@v1.4
    gitrack data diff @last/flights-train @last/flights-test
    gitrack data diff flights data/flights.parquet
    """
    from gitrack.analysis.drift import drift
    from gitrack.cli import data_pages, data_sides

    arrivals.bring_in()
    sides = data_sides.Sides()
    one, other = sides.side(before), sides.side(after)
    found = drift(one.profile, other.profile)
    if as_json:
        record = {
            "before": one.as_json(),
            "after": other.as_json(),
            "drifted": [column.name for column in found.drifted],
            **msgspec.to_builtins(found),
        }
        print_json(record)
        return
    for line in data_pages.compared(one, other, found, everything=everything):
        click.echo(line)
    for side in (one, other):
        if side.note:
            click.echo(safe(f"{side.label}: {side.note}"), err=True)


def _store() -> RunStore:
    from gitrack.store import open_store

    return open_store()
