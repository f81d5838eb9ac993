"""`gitrack doctor`: check this project and this machine, and say what to mend."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitrack.cli.output import print_json

if TYPE_CHECKING:
    from gitrack.cli.checks.finding import Finding

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(as_json: bool) -> None:
    """Check this project and this machine, and say what to mend.

    Changes nothing. Exits with 1 if something fails, with 0 on warnings.

    \b
    gitrack doctor
    gitrack doctor --json
    """
    from gitrack.cli.checks import examine

    diagnosis = examine(Path.cwd())
    if as_json:
        # the names of files may be no Unicode, which msgspec's own JSON refuses
        print_json(diagnosis)
    else:
        for finding in diagnosis.findings:
            _say(finding)
    if diagnosis.state == "fail":
        sys.exit(1)


def _say(finding: Finding) -> None:
    state = click.style(f"{finding.state:<4}", fg=_COLORS[finding.state])
    click.echo(f"{state}  {finding.name}: {_one_line(finding.message)}")
    if finding.mend:
        click.echo(f"      → {_one_line(finding.mend)}")


def _one_line(text: str) -> str:
    """File names of strangers come by here: no control character reaches the terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
