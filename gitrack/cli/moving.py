"""What `push` and `pull` have in common: limits, a bar on a terminal, and what they say."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from gitrack.cli import completing
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.sharing.exchange.sending import Failure, Objects

_NAMED = 5


def limits(command: Callable[..., None]) -> Callable[..., None]:
    """RUN arguments and the options of both; whose heavy files are meant comes as `choice`."""

    @functools.wraps(command)
    def chosen(
        *arguments: Any,
        runs: tuple[str, ...],
        experiments: tuple[str, ...],
        since: str | None,
        registered: bool,
        **options: Any,
    ) -> None:
        from gitrack.sharing.exchange.choice import Choice

        choice = Choice(runs=runs, experiments=experiments, since=since, registered=registered)
        command(*arguments, choice=choice, **options)

    limited: Callable[..., None] = chosen
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON."),
        click.option(
            "--objects/--no-objects", default=True, help="Heavy files too. This is the default."
        ),
        click.option(
            "--branch/--no-branch", default=True, help="The branch too. This is the default."
        ),
        click.option(
            "-j", "--jobs", type=click.IntRange(1, 256), help="So many heavy files at a time."
        ),
        click.option(
            "--registered", is_flag=True, help="Only heavy files of runs in the registry of models."
        ),
        click.option(
            "--since", metavar="WHEN", help="Only of runs since a date, or a span such as 7d."
        ),
        click.option(
            "-e",
            "--experiment",
            "experiments",
            multiple=True,
            shell_complete=completing.experiments,
            help="Only heavy files of this experiment; may be given several times.",
        ),
        click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=completing.runs),
    ):
        limited = option(limited)
    return limited


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int, int], object] | None]:
    """A bar of objects on a terminal; nothing anywhere else, nor while nothing moves."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None, visible=False)

        def advance(done: int, total: int, size: int) -> None:
            words = f"{what} ({bytes_shown(size)})"
            shown.update(task, completed=done, total=total, description=words, visible=True)

        yield advance


def say_objects(objects: Objects, moved: str, *, again: str) -> None:
    """What became of heavy files: a line on stdout, trouble on stderr."""
    if objects.sent:
        plural = "object" if objects.sent == 1 else "objects"
        where = f" {'to' if moved == 'sent' else 'from'} {safe(objects.url or '')}"
        size = bytes_shown(objects.bytes)
        click.echo(f"{moved} {objects.sent:,} {plural} of heavy files ({size}){where}")
    _say_failures(objects.failed, f"could not be {moved}")
    _say_failures(objects.lost, "neither in this cache nor on the remote")
    if objects.failed:
        click.echo(f"hint: nothing is lost, and what was {moved} stays: type  {again}", err=True)


def _say_failures(failures: Sequence[Failure], what: str) -> None:
    if not failures:
        return
    plural = "object" if len(failures) == 1 else "objects"
    click.echo(f"{len(failures):,} {plural} of heavy files {what}:", err=True)
    for failure in failures[:_NAMED]:
        place = f"{failure.run} {failure.file}: " if failure.run else ""
        click.echo(f"  {safe(place + failure.why)}", err=True)
    if len(failures) > _NAMED:
        click.echo(f"  and {len(failures) - _NAMED:,} more", err=True)


def bytes_shown(size: int) -> str:
    """`1.2 MB`."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.3g} TB"


def files_shown(count: int) -> str:
    """`1 heavy file`, `12 heavy files`."""
    return f"{count:,} heavy {'file' if count == 1 else 'files'}"


def runs_shown(count: int) -> str:
    """`1 run`, `12 runs`."""
    return f"{count:,} {'run' if count == 1 else 'runs'}"
