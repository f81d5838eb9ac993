"""`gitrack lineage`: what something comes from, what became of it, which models depend on it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitrack.cli import arrivals, completing
from gitrack.errors import GitrackError
from gitrack.model.display import cut, safe

if TYPE_CHECKING:
    from gitrack.analysis.lineage import Hit, Lineage
    from gitrack.model.lineage import Graph, Link, Node
    from gitrack.model.run import Fault

_MOST_FAULTS = 20
#: More are of no use to anybody who looks for one.
_MOST_NAMES = 100
_PIPED = 10_000


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Models, named artifacts and data that begin so, then runs. Silent where there are none."""
    from gitrack.analysis.lineage import Lineage
    from gitrack.store import open_store

    try:
        found = Lineage(open_store()).names()
    except GitrackError:
        return []
    near = [name for name in found if name.startswith(incomplete) and name.isprintable()]
    return list(dict.fromkeys([*near[:_MOST_NAMES], *completing.runs(ctx, param, incomplete)]))


@click.command()
@click.argument("subject", shell_complete=_complete)
@click.option("--up", is_flag=True, help="Only what it comes from.")
@click.option("--down", is_flag=True, help="Only what became of it.")
@click.option(
    "--depth", type=click.IntRange(min=1), metavar="N", help="Go at most N steps away from it."
)
@click.option(
    "--models", is_flag=True, help="Only the registered models that depend on it, and how."
)
@click.option("--stage", metavar="STAGE", help="Of these only the ones that stand in this stage.")
@click.option("--all", "everything", is_flag=True, help="Leave nothing away, however long it gets.")
@click.option("--json", "as_json", is_flag=True, help="Print the graph as JSON.")
@click.option("--dot", "as_dot", is_flag=True, help="Print the graph for Graphviz.")
@click.option("--mermaid", "as_mermaid", is_flag=True, help="Print the graph for Mermaid.")
@click.option(
    "--openlineage", "as_events", is_flag=True, help="Print OpenLineage events, one a line."
)
def command(
    subject: str,
    up: bool,
    down: bool,
    depth: int | None,
    models: bool,
    stage: str | None,
    everything: bool,
    as_json: bool,
    as_dot: bool,
    as_mermaid: bool,
    as_events: bool,
) -> None:
    """Say what SUBJECT comes from and what became of it.

    SUBJECT is a run, a version of a registered model (`churn@7`, `churn@production`,
    `models:/churn/7`), of a named artifact (`flights:v2`) or of data (`data:flights@v1.3`; all
    versions: `data:flights`), what a run left (RUN/model), bytes (`md5:a4f8…`), the path of a file
    that runs read, or a commit (`code:a3f8…`).

    \b
    gitrack lineage churn@production
    gitrack lineage data:flights@v1.3 --stage production
    gitrack lineage @last --up --mermaid

    --models and --stage answer which registered models depend on SUBJECT, through however many
    runs, stages of pipelines and artifacts.
    """
    from gitrack.analysis.lineage import Lineage
    from gitrack.store import open_store

    _check(as_json, as_dot, as_mermaid, as_events, up, models or stage is not None)
    arrivals.bring_in()
    lineage = Lineage(open_store())
    starts = lineage.subjects(subject)
    if models or stage is not None:
        _print_impact(lineage, starts, subject, stage, depth, as_json)
    else:
        found = _links(lineage, starts, up or not down, down or not up, depth)
        if as_json or as_dot or as_mermaid or as_events:
            graph = lineage.drawn(starts, [*found[0], *found[1]])
            _print_graph(lineage, graph, as_json, as_dot, as_mermaid)
        else:
            _print_text(lineage, starts, *found, everything)
    _tell(lineage.faults)


def _check(
    as_json: bool, as_dot: bool, as_mermaid: bool, as_events: bool, up: bool, impact: bool
) -> None:
    if as_json + as_dot + as_mermaid + as_events > 1:
        raise click.UsageError("--json, --dot, --mermaid and --openlineage exclude each other.")
    if impact and (as_dot or as_mermaid or as_events):
        raise click.UsageError("--models and --stage print text or --json.")
    if impact and up:
        raise click.UsageError("--models and --stage look down: leave --up out.")


def _links(
    lineage: Lineage, starts: Sequence[str], up: bool, down: bool, depth: int | None
) -> tuple[list[Link], list[Link]]:
    return (
        lineage.up(starts, depth=depth) if up else [],
        lineage.down(starts, depth=depth) if down else [],
    )


def _print_graph(
    lineage: Lineage, graph: Graph, as_json: bool, as_dot: bool, as_mermaid: bool
) -> None:
    if as_json:
        _print_json(graph)
    elif as_dot or as_mermaid:
        from gitrack.analysis.lineage import drawn

        click.echo(drawn.dot(graph) if as_dot else drawn.mermaid(graph), nl=False)
    else:
        from gitrack.analysis.lineage.events import events

        for event in events(lineage, graph):
            click.echo(event)


def _print_json(value: object) -> None:
    """Records of msgspec, written by it: a graph may have a hundred thousand nodes."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())


def _print_text(
    lineage: Lineage,
    starts: Sequence[str],
    up: Sequence[Link],
    down: Sequence[Link],
    everything: bool,
) -> None:
    from gitrack.analysis.lineage import tree

    shown = starts if everything else starts[: tree.MOST_ALIKE]
    parts = [
        (title, rows)
        for title, links, is_up in (("comes from", up, True), ("became", down, False))
        if (rows := tree.rows(starts, links, up=is_up, everything=everything))
    ]
    wanted = [*shown, *(row.id for _, rows in parts for row in rows if row.id is not None)]
    nodes = lineage.nodes(wanted)
    for id in shown:
        _line(tree.worded(nodes[id]))
    if len(starts) > len(shown):
        click.echo(f"… and {len(starts) - len(shown):,} more")
    for title, rows in parts:
        click.echo(title)
        for row in rows:
            if row.id is None:
                _line(f"{row.indent}… {row.more}")
            else:
                again = "  (see above)" if row.again else ""
                _line(f"{row.indent}{tree.worded(nodes[row.id], row.link)}{again}")
    left = [row.more for _, rows in parts for row in rows if row.more]
    if left:
        click.echo("not all is shown: --all shows everything, --models the models", err=True)


def _line(text: str) -> None:
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else _PIPED
    click.echo(cut(text, width))


def _print_impact(
    lineage: Lineage,
    starts: Sequence[str],
    subject: str,
    stage: str | None,
    depth: int | None,
    as_json: bool,
) -> None:
    hits = lineage.impact(starts, stage=stage, depth=depth)
    if as_json:
        nodes = lineage.nodes([hit.version for hit in hits])
        _print_json([_as_json(hit, nodes[hit.version]) for hit in hits])
        return
    for hit in hits:
        _print_hit(hit, lineage)
    where = f" in {stage}" if stage else ""
    count = f"{len(hits):,} registered version{'s' * (len(hits) != 1)}{where}"
    depends = "depends" if len(hits) == 1 else "depend"
    click.echo(
        f"{safe(count if hits else 'no' + count[1:])} {depends} on {safe(subject)}", err=True
    )


def _as_json(hit: Hit, node: Node) -> dict[str, object]:
    return {
        "model": node.name,
        "version": int(node.version or 0),
        "stages": hit.stages,
        "run": node.run,
        "artifact": node.path,
        "way": [link._asdict() for link in hit.links],
    }


def _print_hit(hit: Hit, lineage: Lineage) -> None:
    """A version and, from it back to what was asked about, how it depends on that."""
    from gitrack.analysis.lineage.tree import worded

    nodes = lineage.nodes([hit.version, *(link.source for link in hit.links)])
    _line(worded(nodes[hit.version]))
    for link in reversed(hit.links):
        _line(f"  from {worded(nodes[link.source], link)}")


def _tell(faults: Sequence[Fault]) -> None:
    """Files that could not be read, at the end, on stderr."""
    for fault in faults[:_MOST_FAULTS]:
        click.echo(f"unreadable: {safe(fault.path)}: {safe(fault.why)}", err=True)
        if fault.hint:
            click.echo(f"  hint: {safe(fault.hint)}", err=True)
    if len(faults) > _MOST_FAULTS:
        more = len(faults) - _MOST_FAULTS
        click.echo(f"… and {more:,} more files; gitrack doctor names all of them", err=True)
