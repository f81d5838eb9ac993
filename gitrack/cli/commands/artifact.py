"""`gitrack artifact`: what runs have left, listed, fetched, added, opened, and pointed at."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitrack.cli import arrivals, completing
from gitrack.cli.output import print_json
from gitrack.cli.table import terminal_width
from gitrack.errors import UsageError
from gitrack.model.display import safe, size

if TYPE_CHECKING:
    from gitrack.retrieval import Located
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore

_REFERENCE = click.argument("reference", shell_complete=completing.artifacts)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def command() -> None:
    """List, fetch and add what runs have left.

    REFERENCE is a version of a named artifact (`flights:v2`, `flights:latest`, `flights:best`),
    what one run left (`7k3f9q/model`, `runs:/7k3f9q/model`), a registered model
    (`models:/churn/7`, `models:/churn@champion`) or a URI. A path may go on inside of a folder:
    `flights:v2/part-0.parquet`.
    """


@command.command()
@click.argument("what", required=False, shell_complete=completing.artifacts)
@_JSON
@click.pass_context
def ls(ctx: click.Context, what: str | None, as_json: bool) -> None:
    """List named artifacts, the versions of one, or what a run left.

    WHAT is nothing (all names), a name (its versions), a run (its artifacts), or an artifact that
    is a folder (its files).

    \b
    gitrack artifact ls
    gitrack artifact ls flights
    gitrack artifact ls @last
    """
    from gitrack.cli.artifact_lists import listing_of

    arrivals.bring_in()
    store, repository = _opened()
    found = listing_of(store, repository, what)
    if as_json:
        print_json(found.as_json())
    else:
        for line in found.lines(terminal_width()):
            click.echo(line)
        if not (found.rows or found.faults):
            nothing = "no artifact has a name yet" if what is None else f"{what}: no artifacts"
            click.echo(safe(nothing), err=True)
        if found.next:
            click.echo(f"next: {found.next}", err=True)
    for fault in found.faults:
        click.echo(f"cannot be read: {safe(fault.path)}: {safe(fault.why)}", err=True)
    if found.faults:
        ctx.exit(1)


@command.command()
@_REFERENCE
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Where to put it: a new path, or a folder that is there. Its own name unless given.",
)
@_JSON
def get(reference: str, output: Path | None, as_json: bool) -> None:
    """Fetch an artifact, or one file of a folder.

    The bytes come from the branch, the DVC cache or the artifact remote, and are checked by their
    md5. They are there whole or not at all, and nothing is written over.

    \b
    gitrack artifact get flights:v2
    gitrack artifact get @last/model/MLmodel --output MLmodel
    """
    from gitrack.cli.moving import bar
    from gitrack.retrieval import locate, obtain

    arrivals.bring_in()
    store, repository = _opened()
    located = locate(store, reference)
    # its own name is one in this folder: what lies there already is no place to put it into
    target = output or Path()
    with bar("fetching") as progress:
        place = obtain(store, repository, located, target, progress=progress)
    length, count = _measure(place)
    if as_json:
        print_json({**_about(located), "path": str(place), "size": length})
        return
    click.echo(str(place))
    files = "" if count is None else f" in {count:,} {'file' if count == 1 else 'files'}"
    click.echo(f"{size(length)}{files} from {safe(_source(located))}", err=True)


@command.command()
@click.argument("path")
@click.argument("name", required=False, shell_complete=completing.named)
@click.option("--run", "run", shell_complete=completing.runs, help="Add it to a run that is there.")
@click.option("--path-in-run", "place", metavar="PATH", help="Where it lies in the run.")
@click.option("--alias", "aliases", multiple=True, help="A pointer to this version; repeatable.")
@click.option("--kind", help="One word: model, data, figure …")
@click.option("--description", help="What people should know about it.")
@_JSON
def add(
    path: str,
    name: str | None,
    run: str | None,
    place: str | None,
    aliases: tuple[str, ...],
    kind: str | None,
    description: str | None,
    as_json: bool,
) -> None:
    """Keep a file or folder, or the URI of one.

    With NAME it becomes a version of that named artifact; the same contents stay the same
    version. Without --run it gets a small run of its own, in the experiment `artifacts`.

    \b
    gitrack artifact add data/flights.parquet flights --alias raw
    gitrack artifact add s3://bucket/flights.parquet flights
    gitrack artifact add report.html --run 7k3f9q
    """
    from gitrack.cli.artifact_adding import added, shown_path

    if name is None and not run and not place:
        raise UsageError(
            f"{path} has no name by which it could be found",
            hint=f"give one:  gitrack artifact add {path} NAME , or a run by --run",
        )
    arrivals.bring_in()
    about = {"named": name, "aliases": aliases, "kind": kind, "description": description}
    done = added(path, place, run, about)
    if as_json:
        print_json(done)
        return
    click.echo(safe(done.reference))
    if done.pending:
        said = f"is on the branch when run {done.run} has ended"
    else:
        said = "is that version already" if done.known else f"is kept by run {done.run}"
    click.echo(f"{safe(shown_path(path))} {said}", err=True)
    if not done.pending:
        click.echo(f"next: gitrack artifact get {safe(shlex.quote(done.reference))}", err=True)


@command.command("open")
@_REFERENCE
@click.option("--yes", is_flag=True, help="Open it even if opening may run it.")
@_JSON
def open_(reference: str, yes: bool, as_json: bool) -> None:
    """Open an artifact with the program that this machine has for it.

    What is a program itself, or may run something when it is opened (scripts, notebooks, office
    macros), is only opened with --yes: it came from a branch that others write to.
    """
    from gitrack.cli.opening import has_display, is_page, may_run
    from gitrack.retrieval import locate, obtain

    arrivals.bring_in()
    store, repository = _opened()
    place = obtain(store, repository, locate(store, reference))
    why = may_run(place)
    if why is not None and not yes:
        raise UsageError(
            f"{place} {why}, and was not opened",
            hint="look at it first; to open it all the same, add --yes",
        )
    if is_page(place):
        click.echo("a page may run scripts in the browser", err=True)
    opened = has_display() and click.launch(str(place)) == 0
    if as_json:
        print_json({"path": str(place), "opened": opened})
        return
    click.echo(str(place))
    if not opened:
        click.echo("nothing here can show it; that is where it is", err=True)


@command.command()
@_REFERENCE
@click.argument("alias")
@_JSON
def alias(reference: str, alias: str, as_json: bool) -> None:
    """Point an alias at a version of a named artifact.

    \b
    gitrack artifact alias flights:v2 best
    gitrack artifact alias flights:latest production
    """
    from gitrack.cli.artifact_adding import point

    arrivals.bring_in()
    store, repository = _opened()
    done = point(store, repository, reference, alias)
    if as_json:
        print_json(done)
        return
    click.echo(safe(f"{done['name']}:{done['alias']} is v{done['version']}"))


def _opened() -> tuple[RunStore, Repository]:
    from gitrack.store import open_store
    from gitrack.store.git.repository import Repository

    return open_store(), Repository.discover()


def _about(located: Located) -> dict[str, Any]:
    from gitrack.retrieval.uris import recorded

    artifact = located.artifact
    return {
        "reference": located.reference if artifact.uri is None else recorded(artifact.uri),
        "name": located.name,
        "version": located.version,
        "run": located.run_id,
        "artifact": artifact.path,
        "inner": located.inner,
        "md5": None if located.inner else artifact.md5,
        "uri": artifact.uri and recorded(artifact.uri),
    }


def _source(located: Located) -> str:
    from gitrack.retrieval.uris import recorded

    artifact = located.artifact
    if artifact.uri is not None:
        return recorded(artifact.uri)
    version = f" ({located.name}:v{located.version})" if located.version is not None else ""
    return f"run {located.run_id}{version}"


def _measure(place: Path) -> tuple[int, int | None]:
    """Bytes, and how many files a folder has."""
    if not place.is_dir():
        return place.stat().st_size, None
    sizes = [path.stat().st_size for path in place.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)
