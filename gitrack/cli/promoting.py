"""What `promote` and `rollback` share: their options, the table of gates, what was done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from gitrack.cli.output import print_json
from gitrack.cli.table import give_way, terminal_width
from gitrack.errors import PromotionRefused
from gitrack.model.display import cut, plain, safe, width

if TYPE_CHECKING:
    from gitrack.model.promotion import Verdict
    from gitrack.registry.promotion.promote import Promoted

Command = TypeVar("Command", bound=Callable[..., Any])

_MARKS = {"passed": "passed", "failed": "FAILED", "waiting": "waiting"}
_HEADERS = ("", "gate", "value", "rule", "margin", "baseline", "from")
_MAY_BE_CUT = frozenset(("gate", "value", "rule"))
_NUMBERS = frozenset(("value", "rule", "margin", "baseline"))
_COLORS = {"passed": "green", "failed": "red", "waiting": "yellow"}
#: With less room than this nobody learns where a value is from.
_SOURCE = 16
_GAP = "  "


def ways(command: Command) -> Command:
    """The options of how a promotion is carried out."""
    options = [
        click.option("--why", help="The reason, for reviewers and for whoever asks in a year."),
        click.option("--direct", is_flag=True, help="Commit at once, where the policy allows it."),
        click.option("--draft", is_flag=True, help="Make the branch even if a gate fails."),
        click.option("--dry-run", is_flag=True, help="Judge the gates and write nothing."),
        click.option(
            "--push/--no-push",
            default=None,
            help="Send the branch and open the pull request; by default where there is a remote.",
        ),
        click.option("--replace", is_flag=True, help="Take the place of one that waits."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def reason(why: str | None, *, dry_run: bool) -> str:
    """The reason, without which nothing is written; who sits at a terminal is asked for it."""
    if why is not None:
        return why
    if not dry_run:
        if sys.stdin is not None and sys.stdin.isatty():
            return str(click.prompt("why", err=True))
        raise click.UsageError('Missing the reason; add it:  --why "beats v6 on recall"')
    return "to see what its gates say"


def carried_out(ctx: click.Context, do: Callable[[], Promoted], *, as_json: bool) -> None:
    """Promote and say what came of it; exit code 1 if a gate failed or the push did."""
    try:
        done = do()
    except PromotionRefused as error:
        if error.verdicts and as_json:
            print_json({"refused": error.message, "verdicts": error.verdicts})
        elif error.verdicts:
            _table(cast("list[Verdict]", error.verdicts))
        raise
    if as_json:
        print_json({**_as_dict(done), "verdicts": done.verdicts})
    else:
        _say(done)
    failing = any(verdict.outcome == "failed" for verdict in done.verdicts)
    if done.trouble or (done.commit is None and failing):
        ctx.exit(1)


def _as_dict(done: Promoted) -> dict[str, Any]:
    import msgspec

    return {name: getattr(done, name) for name in msgspec.structs.asdict(done)}


def _say(done: Promoted) -> None:
    what = done.promotion
    _table(done.verdicts)
    if done.commit is None:
        click.echo(f"{safe(done.title)}: nothing was written (--dry-run)", err=True)
    elif done.direct:
        click.echo(f"{safe(done.title)}: committed to {safe(done.branch or '')}")
    else:
        click.echo(f"{safe(done.title)}: on the branch {safe(done.branch or '')}")
    if what.archived:
        gone = ", ".join(f"v{version}" for version in what.archived)
        click.echo(f"{gone} {'goes' if len(what.archived) == 1 else 'go'} to the archive")
    if done.url:
        click.echo(f"pull request: {safe(done.url)}")
    for note in done.notes:
        click.echo(f"note: {safe(note)}", err=True)
    if done.trouble:
        click.echo(f"error: {safe(done.trouble)}", err=True)
    for line in done.next:
        click.echo(f"next: {safe(line)}", err=True)


def _table(verdicts: Sequence[Verdict]) -> None:
    if not verdicts:
        click.echo("no gates are asked for", err=True)
        return
    rows = [tuple(map(safe, row)) for row in (_HEADERS, *map(_row, verdicts))]
    used = [at for at in range(len(_HEADERS)) if any(row[at] for row in rows[1:])]
    widths = _fitting([max(width(row[at]) for row in rows) for at in used], used)
    for row, verdict in zip(rows, (None, *verdicts), strict=True):
        cells = [_cell(row, at, wide) for at, wide in zip(used, widths, strict=False)]
        if verdict is not None:
            cells[0] = click.style(cells[0], fg=_COLORS[str(verdict.outcome)])
        click.echo(_GAP.join(cells).rstrip())
    for verdict in verdicts:
        if verdict.outcome != "passed":
            mark = click.style(_MARKS[str(verdict.outcome)], fg=_COLORS[str(verdict.outcome)])
            click.echo(f"{mark}: {safe(verdict.gate)}: {safe(verdict.says)}")


def _fitting(widths: Sequence[int], used: Sequence[int]) -> list[int]:
    """Widths that a terminal has room for: where a value is from goes before a gate is cut."""
    room = terminal_width()
    if room is None:
        return list(widths)
    least = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1) + _SOURCE
    kept = len(widths)
    if _HEADERS[used[-1]] == "from":
        if least <= room:
            return [*widths[:-1], min(widths[-1], room - least + _SOURCE)]
        kept -= 1
    rigid = {place for place, at in enumerate(used) if _HEADERS[at] not in _MAY_BE_CUT}
    return give_way(widths[:kept], room, rigid=rigid)


def _cell(row: Sequence[str], at: int, wide: int) -> str:
    text = cut(row[at], wide)
    blank = " " * (wide - width(text))
    return blank + text if _HEADERS[at] in _NUMBERS else text + blank


def _row(verdict: Verdict) -> tuple[str, ...]:
    margin = "" if verdict.margin is None else f"{verdict.margin:+.4g}"
    return (
        _MARKS[str(verdict.outcome)],
        verdict.gate + (f" (of {verdict.via})" if verdict.via else ""),
        plain(verdict.value),
        plain(verdict.required),
        margin,
        plain(verdict.baseline),
        verdict.nearby,
    )
