"""`gitrack audit`: what was promoted on whose word, and whether the record was changed since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitrack.cli import arrivals, completing
from gitrack.cli.output import print_json
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.model.audit import Audit

Command = TypeVar("Command", bound=Callable[..., Any])
_DEFAULT = "report"


class _Audit(click.Group):
    """`gitrack audit churn` is `gitrack audit report churn`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        offering = ctx.resilient_parsing and not args  # a shell asks what may follow
        if not offering and (not args or args[0] not in {*self.commands, *ctx.help_option_names}):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Audit)
def command() -> None:
    """Say what was promoted on whose word, and whether anybody changed the record since.

    'gitrack audit' without more is 'gitrack audit report'.
    """


def _options(command: Command) -> Command:
    """What both the report and the bundle take."""
    for option in reversed(
        (
            click.option("--since", metavar="DATE", help="Show what came since: 2026-05-22."),
            click.option(
                "--no-rejudge", is_flag=True, help="Do not judge the recorded gates once more."
            ),
            click.option(
                "--verify-signatures", is_flag=True, help="Have git check every signature."
            ),
            click.option(
                "--require-signed",
                is_flag=True,
                help="Find fault with changes of the registry that have no good signature.",
            ),
        )
    ):
        command = option(command)
    return command


@command.command()
@click.argument("name", required=False, shell_complete=completing.models)
@_options
@click.option(
    "--accept-rewrite",
    "accepted",
    metavar="COMMIT",
    help="Let a tip go that a rewriting of the branch threw away, as the report names it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_context
def report(
    ctx: click.Context,
    name: str | None,
    since: str | None,
    no_rejudge: bool,
    verify_signatures: bool,
    require_signed: bool,
    accepted: str | None,
    as_json: bool,
) -> None:
    """Verify the whole history, and list all promotions.

    Exits with 1 if anything was found. Remarks are no findings: honest work leaves them behind,
    too. NAME shows what concerns one model.

    \b
    gitrack audit
    gitrack audit churn --since 2026-01-01
    gitrack audit --require-signed --json
    """
    from gitrack.registry.audit import audit

    arrivals.bring_in()
    if accepted is not None:
        _accept(accepted)
    found = audit(
        name,
        since,
        rejudge=not no_rejudge,
        verify_signatures=verify_signatures,
        require_signed=require_signed,
    )
    if as_json:
        print_json({**_builtins(found), "clean": found.clean})
    else:
        from gitrack.cli.audited import show

        show(found)
    if not found.clean:
        ctx.exit(1)


@command.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("name", required=False, shell_complete=completing.models)
@_options
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.pass_context
def export(
    ctx: click.Context,
    target: Path,
    name: str | None,
    since: str | None,
    no_rejudge: bool,
    verify_signatures: bool,
    require_signed: bool,
    as_json: bool,
) -> None:
    """Write a bundle for an auditor.

    It holds a page, JSON, CSV, and the files that they are about.

    TARGET is a folder, or a file that ends in .zip. The bundle needs neither gitrack nor git to be
    read. Exits with 1 if anything was found; the bundle is written all the same.

    \b
    gitrack audit export audit-2026.zip
    gitrack audit export bundle/ churn --since 2026-01-01
    """
    from gitrack.registry.audit.export import export_bundle

    arrivals.bring_in()
    done = export_bundle(
        target,
        name,
        since,
        rejudge=not no_rejudge,
        verify_signatures=verify_signatures,
        require_signed=require_signed,
    )
    if as_json:
        print_json({**_builtins(done), "target": str(done.target)})
    else:
        click.echo(safe(str(done.target)))
        click.echo(
            f"{_count(done.files, 'file')}, {_count(done.promotions, 'promotion')}, "
            f"{_count(done.findings, 'finding')}",
            err=True,
        )
    if not done.clean:
        ctx.exit(1)


def _accept(tip: str) -> None:
    from gitrack.registry.audit.rewritten import accept_rewriting
    from gitrack.registry.opened import open_registry

    for branch in accept_rewriting(open_registry().branch, tip):
        click.echo(f"{safe(branch)}: {safe(tip)} is let go; it stays reachable here", err=True)


def _builtins(record: Audit | Any) -> dict[str, Any]:
    import msgspec

    built = msgspec.to_builtins(record, enc_hook=str)
    assert isinstance(built, dict)
    return built


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
