"""What `gitrack site build --single` says of the file that it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitrack.cli.output import print_json
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.site.single import Single

_SMALLER = "keep fewer with --runs FILTER or --model NAME, or publish the site and send its address"


def tell(done: Single, *, public: bool, as_json: bool) -> None:
    """The file on standard output, the rest beside it."""
    page = done.file.resolve().as_uri()
    if as_json:
        print_json(
            {
                "page": page,
                "file": str(done.file),
                "public": public,
                "commit": done.commit,
                "runs": done.runs,
                "experiments": done.experiments,
                "pages": done.pages,
                "bytes": done.bytes,
                "large": done.large,
                "left_out": list(done.left_out),
                "faults": [{"path": f.path, "why": f.why, "hint": f.hint} for f in done.faults],
            }
        )
    else:
        click.echo(page)
        runs = "1 run" if done.runs == 1 else f"{done.runs:,} runs"
        kinds = "1 experiment" if done.experiments == 1 else f"{done.experiments} experiments"
        click.echo(f"{runs} in {kinds}, {done.bytes / 1e6:.1f} MB in one file", err=True)
    if done.left_out and not as_json:
        names = ", ".join(map(safe, done.left_out))
        click.echo(f"left out, for they ask about runs that are not in it: {names}", err=True)
    if done.large:
        size = f"{done.bytes / 1e6:.0f} MB"
        click.echo(f"warning: {size} is more than many mail servers take; {_SMALLER}", err=True)
    if done.faults and not as_json:
        files = "1 file" if len(done.faults) == 1 else f"{len(done.faults)} files"
        click.echo(f"{files} on the branch cannot be read; see 'gitrack doctor'", err=True)
