"""Write docs/commands.md from the commands themselves; `--check` only says if it is fresh."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gitrack.cli.main import cli

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"

HEAD = """# Commands

<!-- written by scripts/write_commands.py from the commands themselves -->

Results go to standard output, everything else to standard error. A command ends with 0 when it
did what was asked, with 1 when it was refused or failed, with 2 when it was typed wrongly.
Wherever a run is named: its id, a unique prefix of it, its last six characters, its name, `@last`,
or `@last~2` for the one two before.
"""


def page() -> str:
    root = click.Context(cli, info_name="gitrack", **cli.context_settings)
    return HEAD + "".join(_sections(cli, root, 2))


def _sections(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"\n{'#' * level} `{context.command_path}`\n\n"
    yield f"```text\n{_usage(command, context)}\n```\n"
    if command.help:
        yield f"\n{_plain(command.help)}\n"
    rows = [row for parameter in command.get_params(context) for row in _row(parameter, context)]
    if rows:
        yield "\n| option | what it does |\n|---|---|\n" + "".join(rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _sections(inner, click.Context(inner, context, name), min(level + 1, 4))


def _usage(command: click.Command, context: click.Context) -> str:
    return " ".join([context.command_path, *command.collect_usage_pieces(context)])


def _row(parameter: click.Parameter, context: click.Context) -> Iterator[str]:
    record = parameter.get_help_record(context)
    if record is not None and isinstance(parameter, click.Option):
        names, text = (part.replace("|", "\\|").replace("\n", " ") for part in record)
        yield f"| `{names}` | {text} |\n"


def _plain(text: str) -> str:
    """Help as click shows it; what it keeps line by line becomes a block."""
    paragraphs = inspect.cleandoc(text.split("\f")[0]).split("\n\n")
    return "\n\n".join(
        f"```text\n{part[1:].strip()}\n```" if part.startswith("\b") else part
        for part in paragraphs
    )


def main() -> None:
    fresh = page()
    if sys.argv[1:] == ["--check"]:
        old = PAGE.read_text("utf-8") if PAGE.exists() else ""
        sys.exit(
            0 if old == fresh else "docs/commands.md is stale: python scripts/write_commands.py"
        )
    PAGE.write_text(fresh, "utf-8")


if __name__ == "__main__":
    main()
