"""`gitrack model`: registered models, their versions, and what is said about them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gitrack.cli import arrivals, completing
from gitrack.cli.meant import ModelGroup
from gitrack.cli.model_alias import alias
from gitrack.cli.output import print_json
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.cli.model_page import VersionPage
    from gitrack.model.run import Fault
    from gitrack.registry.opened import OpenRegistry

_NAME = click.argument("name", shell_complete=completing.models)
_VERSION = click.argument("version", shell_complete=completing.versions)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_OF_VERSION = click.option(
    "--version",
    "version",
    shell_complete=completing.versions,
    help="About this version, not the model as a whole.",
)


@click.group(cls=ModelGroup)
def command() -> None:
    """Register models, list and compare their versions.

    VERSION is a number (`7`), a stage (`production`), an alias (`@champion`) or `latest`.
    """


@command.command()
@click.argument("reference", metavar="RUN[/ARTIFACT]", shell_complete=completing.artifacts)
@_NAME
@click.option("--description", help="What people should know about this version.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag; repeatable.")
@click.option("--alias", "aliases", multiple=True, help="A pointer to this version; repeatable.")
@_JSON
def register(
    reference: str,
    name: str,
    description: str | None,
    tags: tuple[str, ...],
    aliases: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make a run's model the next version of NAME.

    A run that left one model is enough; of several, name one. The same model of the same run
    stays the version that it is.

    \b
    gitrack model register @last churn
    gitrack model register 7k3f9q/model churn --alias champion
    gitrack model register churn-model:v2 churn --tag team=growth
    """
    from gitrack.registry.registering import register

    arrivals.bring_in()
    opened = _opened()
    done = register(
        opened,
        reference,
        name,
        description=description,
        tags=_pairs(tags),
        aliases=aliases,
    )
    if as_json:
        print_json(done)
        return
    number = done.version.version
    click.echo(safe(f"{done.name} v{number}"))
    said = "is that version already" if done.known else "is that version now"
    click.echo(safe(f"{done.version.artifact} of run {done.version.run} {said}"), err=True)
    ended = str(opened.store.run(done.version.run).status)
    if ended != "finished":
        click.echo(f"note: this run did not finish: it is {ended}", err=True)
    click.echo(f"next: gitrack model show {_quoted(done.name)} {number}", err=True)


@command.command()
@click.argument("name", required=False, shell_complete=completing.models)
@_JSON
@click.pass_context
def ls(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """List registered models, or the versions of one.

    \b
    gitrack model ls
    gitrack model ls churn
    """
    from gitrack.cli import model_lists
    from gitrack.cli.table import terminal_width
    from gitrack.registry.registering import known_model

    arrivals.bring_in()
    opened = _opened()
    registry = opened.reader()
    if name is None:
        found = model_lists.models(registry)
    else:
        found = model_lists.versions(opened, registry, known_model(registry, name))
    if as_json:
        print_json(found.as_json())
    else:
        for line in found.lines(terminal_width()):
            click.echo(line)
        if not (found.rows or found.faults):
            nothing = "no model is registered yet" if name is None else f"{name}: no versions"
            click.echo(safe(nothing), err=True)
        click.echo(f"next: {safe(found.next or '')}", err=True)
    _tell(ctx, found.faults)


@command.command()
@_NAME
@click.argument("version", required=False, shell_complete=completing.versions)
@click.option(
    "--stage",
    shell_complete=completing.stages,
    help="The versions that stand in this stage, or stood there --at a date.",
)
@click.option("--at", metavar="DATE", help="As it was at the end of a day, or at a time (UTC).")
@_JSON
@click.pass_context
def show(
    ctx: click.Context,
    name: str,
    version: str | None,
    stage: str | None,
    at: str | None,
    as_json: bool,
) -> None:
    """Print a registered model, or one version of it.

    Of a version: its run with params, metrics, code and data, its evidence, and its promotions
    with the verdict of every gate.

    \b
    gitrack model show churn
    gitrack model show churn production
    gitrack model show churn 7 --json
    gitrack model show churn --stage production --at 2026-05-22

    DATE is a day, of which the end counts, a month, '2026-05-22 14:30', or now-180d.
    """
    from gitrack.cli.model_history import print_stage
    from gitrack.cli.model_page import ModelPage, VersionPage
    from gitrack.registry.past import commit_at
    from gitrack.registry.registering import known_model

    if version is not None and stage is not None:
        raise click.UsageError("VERSION and --stage are two ways to name one; choose one.")
    arrivals.bring_in()
    opened = _opened()
    if stage is not None:
        _tell(ctx, print_stage(opened, name, stage, at or "now", as_json=as_json))
        return
    registry = opened.reader(at=None if at is None else commit_at(opened, at))
    model = known_model(registry, name)
    page: ModelPage | VersionPage
    if version is None:
        page = ModelPage.of(opened, registry, model)
    else:
        page = VersionPage.of(opened, registry, model, version)
    if as_json:
        print_json(page)
    else:
        for line in page.lines():
            click.echo(line)
        following = f"model ls {_quoted(model)}"
        if isinstance(page, VersionPage):
            following = _after_version(opened, page)
        click.echo(f"next: gitrack {following}", err=True)
    _tell(ctx, page.faults)


@command.command()
@_NAME
@click.option("--stage", shell_complete=completing.stages, help="Only what changed this stage.")
@_JSON
def history(name: str, stage: str | None, as_json: bool) -> None:
    """List what happened to a model's stages, the newest first.

    All as it took effect: promotions, rollbacks, reverts, and what was changed without a record;
    each with its pull request or merge, and who approved that.

    \b
    gitrack model history churn
    gitrack model history churn --stage production --json
    """
    from gitrack.cli.model_history import print_history

    arrivals.bring_in()
    print_history(_opened(), name, stage, as_json=as_json)


@command.command()
@_NAME
@click.argument("text")
@_OF_VERSION
@_JSON
def describe(name: str, text: str, version: str | None, as_json: bool) -> None:
    """Say what a model, or one version, is about. An empty TEXT takes it away.

    \b
    gitrack model describe churn 'Who leaves within 90 days'
    gitrack model describe churn 'With weather features' --version 7
    """
    from gitrack.registry.registering import describe

    arrivals.bring_in()
    done = describe(_opened(), name, text, version)
    if as_json:
        print_json(done)
        return
    click.echo(safe(f"{name}{_of(version)} is described" if done.description else "removed"))


@command.command()
@_NAME
@click.argument("tags", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--unset", multiple=True, metavar="KEY", help="Remove this tag; repeatable.")
@_OF_VERSION
@_JSON
def tag(
    name: str,
    tags: tuple[str, ...],
    unset: tuple[str, ...],
    version: str | None,
    as_json: bool,
) -> None:
    """Set and remove tags of a model, or of one version.

    \b
    gitrack model tag churn team=growth
    gitrack model tag churn risk=low --unset draft --version 7
    """
    from gitrack.registry.registering import tag

    arrivals.bring_in()
    done = tag(_opened(), name, _pairs(tags), version, remove=unset)
    if as_json:
        print_json(done)
        return
    said = ", ".join(f"{key}={value}" for key, value in done.tags.items()) or "no tags"
    click.echo(safe(f"{name}{_of(version)}: {said}"))


command.add_command(alias)


@command.command()
@_NAME
@click.argument("old", metavar="V1", shell_complete=completing.versions)
@click.argument("new", metavar="V2", shell_complete=completing.versions)
@click.option("--all", "everything", is_flag=True, help="Also what is the same in both runs.")
@click.option("--md", "as_markdown", is_flag=True, help="Print a Markdown table.")
@_JSON
def compare(
    name: str, old: str, new: str, everything: bool, as_markdown: bool, as_json: bool
) -> None:
    """Show all in which two versions differ.

    Stages, evidence, tags, metrics, params, data, code and environment.

    \b
    gitrack model compare churn 6 7
    gitrack model compare churn production latest
    """
    from gitrack.analysis.version_diff import compared
    from gitrack.cli.differences import print_rows
    from gitrack.cli.model_compare import rows as rows_of
    from gitrack.registry.registering import known_model

    if as_json and as_markdown:
        raise click.UsageError("--json and --md are two kinds of output; choose one.")
    arrivals.bring_in()
    opened = _opened()
    registry = opened.reader()
    model = known_model(registry, name)
    found = compared(
        *(opened.store, opened.repository, registry), model, old, new, everything=everything
    )
    if as_json:
        print_json(found)
        return
    rows = list(rows_of(found))
    if not rows:
        click.echo(safe(f"nothing differs in {found.old.name} and {found.new.name} of {name}"))
        return
    head = ("", "", found.old.name, found.new.name, "change")
    print_rows(head, rows, "md" if as_markdown else "table", first=True)


@command.command("tags")
@click.argument("name", required=False, shell_complete=completing.models)
@click.option("--push", is_flag=True, help="Send the tags to the git remote.")
@_JSON
@click.pass_context
def tags_(ctx: click.Context, name: str | None, push: bool, as_json: bool) -> None:
    """Make the release tags of promotions that were merged.

    The policy (`releases:`) or `gitrack promote --release v1.2.3` says which promotions get tags
    in GTO's format: NAME@v1.2.3 on the commit of the code, and NAME#STAGE#N. Those of direct
    promotions are made at once; what was merged gets its own by this command, which a job on the
    tracking branch may call.

    \b
    gitrack model tags --push
    """
    from gitrack.cli.model_tags import make_tags

    arrivals.bring_in()
    make_tags(ctx, _opened(), name, push=push, as_json=as_json)


def _opened() -> OpenRegistry:
    from gitrack.registry.opened import open_registry

    return open_registry()


def _after_version(opened: OpenRegistry, page: VersionPage) -> str:
    """Beside the version in production, else on the way to its first stage."""
    name, number = _quoted(page.model), page.version.version
    others = [held for held in opened.reader().stage(page.model, "production") if held != number]
    if others:
        return f"model compare {name} {others[-1]} {number}"
    if page.stages:
        return f"lineage {_quoted(f'models:/{page.model}/{number}')}"
    first = next(iter(opened.ruling.policy.stages(page.model)))
    return f"promote {name} {number} --to {first} --dry-run"


def _pairs(tags: Sequence[str]) -> dict[str, Any]:
    found = {}
    for text in tags:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise click.UsageError(f"{text!r} is no tag; write KEY=VALUE.")
        found[key] = value
    return found


def _of(version: str | None) -> str:
    return "" if version is None else f" {version}"


def _quoted(name: str) -> str:
    return safe(shlex.quote(name))


def _tell(ctx: click.Context, faults: Sequence[Fault]) -> None:
    for fault in faults:
        click.echo(f"cannot be read: {safe(fault.path)}: {safe(fault.why)}", err=True)
    if faults:
        ctx.exit(1)
