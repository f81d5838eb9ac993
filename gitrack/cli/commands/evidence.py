"""`gitrack evidence`: facts about versions that gates ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from gitrack.cli import arrivals, completing
from gitrack.cli.output import print_json
from gitrack.errors import ConfigError
from gitrack.model.display import day_and_time, safe
from gitrack.model.nearest import nearest

if TYPE_CHECKING:
    from gitrack.registry.evidence.adding import Level

_NAME = click.argument("name", shell_complete=completing.models)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def command() -> None:
    """Record what speaks for a version or against it, and list it.

    Who says so and when is recorded with it. Evidence is never changed: a later fact of the same
    kind counts instead, and every person's approval counts for itself.
    """


@command.command()
@_NAME
@click.argument("version", shell_complete=completing.versions)
@click.argument("kind", shell_complete=completing.evidence)
@click.option("--from", "begin", metavar="TIME", help="Since when it was watched (UTC).")
@click.option("--to", "end", metavar="TIME", help="Until when; now, unless given.")
@click.option(
    "--junit", multiple=True, metavar="REPORT", help="Tests, as JUnit XML; repeatable, or '*.xml'."
)
@click.option("--link", "links", multiple=True, metavar="URL", help="Where to see it; repeatable.")
@click.option("--note", metavar="TEXT", help="A sentence for who reads the promotion.")
@click.option("--failed", is_flag=True, help="It speaks against the version.")
@click.option(
    "--level",
    type=click.Choice(["bitwise", "tolerance", "statistical"]),
    help="How well a run was reproduced.",
)
@_JSON
def add(
    name: str,
    version: str,
    kind: str,
    begin: str | None,
    end: str | None,
    junit: tuple[str, ...],
    links: tuple[str, ...],
    note: str | None,
    failed: bool,
    level: Level | None,
    as_json: bool,
) -> None:
    """Record a fact about a version.

    KIND is what the policy's gate asks for: unit-tests, shadow-mode, approval …

    \b
    gitrack evidence add churn 7 unit-tests --junit report.xml
    gitrack evidence add churn 7 shadow-mode --from 2026-05-01 --to 2026-05-09
    gitrack evidence add churn 7 approval --note 'The business case is there'
    """
    from gitrack.registry.evidence.adding import add_evidence
    from gitrack.registry.evidence.junit import told
    from gitrack.registry.opened import open_registry

    arrivals.bring_in()
    opened = open_registry()
    proof = add_evidence(
        opened,
        name,
        version,
        kind,
        passed=not failed,
        begin=begin,
        end=end,
        junit=junit,
        links=links,
        note=note,
        level=level,
    )
    if as_json:
        print_json(proof)
        return
    counted = "" if proof.junit is None else f" ({told(proof.junit)})"
    said = "passed" if proof.passed else "NOT PASSED"
    click.echo(safe(f"{name} v{proof.version}: {proof.kind} {said}{counted}"))
    try:
        asked = completing.asked_evidence(opened, name)
    except ConfigError:  # what is wrong with the policy is told by whoever judges by it
        asked = []
    if proof.kind not in asked and (near := nearest(proof.kind, asked)):
        note = f"note: no gate of {name} asks for {proof.kind!r}; one asks for {near!r}"
        click.echo(safe(note), err=True)


@command.command()
@_NAME
@click.argument("version", shell_complete=completing.versions)
@_JSON
@click.pass_context
def ls(ctx: click.Context, name: str, version: str, as_json: bool) -> None:
    """List what was recorded about a version.

    \b
    gitrack evidence ls churn 7
    """
    from gitrack.cli.artifact_lists import Listing
    from gitrack.cli.table import terminal_width
    from gitrack.registry.evidence.junit import told
    from gitrack.registry.opened import open_registry
    from gitrack.registry.registering import known_model

    arrivals.bring_in()
    registry = open_registry().reader()
    model = known_model(registry, name)
    number = registry.version(model, version).version
    proofs = registry.proofs(model, number)
    found = Listing(
        headers=("EVIDENCE", "RESULT", "FROM", "TO", "TESTS", "RECORDED (UTC)", "BY", "ABOUT"),
        rows=[
            (
                stem,
                "passed" if proof.passed else "NOT PASSED",
                day_and_time(proof.begin or ""),
                day_and_time(proof.end or ""),
                told(proof.junit) if proof.junit is not None else "",
                day_and_time(proof.recorded),
                proof.by,
                ", ".join([*([proof.note] if proof.note else []), *proof.links]),
            )
            for stem, proof in proofs.items()
        ],
        records=[{"file": stem, **msgspec.to_builtins(proof)} for stem, proof in proofs.items()],
        faults=registry.faults,
    )
    if as_json:
        print_json(found.as_json())
    else:
        for line in found.lines(terminal_width()):
            click.echo(line)
        if not proofs:
            click.echo(safe(f"nothing was recorded about {model} v{number}"), err=True)
            click.echo("next: gitrack evidence add --help", err=True)
    for fault in found.faults:
        click.echo(f"cannot be read: {safe(fault.path)}: {safe(fault.why)}", err=True)
    if found.faults:
        ctx.exit(1)
