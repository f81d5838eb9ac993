"""`gitrack check`: may this pull request be merged into the tracking branch?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gitrack.registry.check.findings import Checked
    from gitrack.registry.gates.approval import Approval


@click.command()
@click.option("--base", metavar="REF", help="Where it goes. Unless given: the remote's branch.")
@click.option("--head", metavar="REF", help="What is to be merged. Unless given: see above.")
@click.option(
    "--policy-from",
    metavar="REF",
    help="Judge by the policy of this commit of the code, not of its default branch.",
)
@click.option("--artifacts", is_flag=True, help="Also look for the model in the artifact remote.")
@click.option(
    "--run-gates/--no-run-gates",
    default=True,
    help="Run the policy's own commands, load models. This is the default.",
)
@click.option("--require-signed", is_flag=True, help="Only promotions whose commit is signed.")
@click.option("--comment", is_flag=True, help="Write the report as a comment, always the same one.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append the report to this file as Markdown (in a job of GitHub: to its summary).",
)
@click.pass_context
def command(
    ctx: click.Context,
    base: str | None,
    head: str | None,
    policy_from: str | None,
    artifacts: bool,
    run_gates: bool,
    require_signed: bool,
    comment: bool,
    as_json: bool,
    summary: Path | None,
) -> None:
    """Say whether a pull request may be merged into the tracking branch.

    Nothing of it is checked out, and none of its code is run: its files are compared with the
    base's, every promotion in it is judged again on the base, by the policy of the code's default
    branch. Exit code 1 says that it may not be merged; each reason says what to do.

    Unless --head is given, it is the head of the pull request for which a job of GitHub or GitLab
    runs, or the only promote/… or rollback/… branch that is ahead of the base.

    \b
    gitrack check
    gitrack check --head promote/churn-v7-production
    """
    from gitrack.cli.output import print_json
    from gitrack.registry.check.check import check, in_force
    from gitrack.registry.check.report import annotated
    from gitrack.registry.check.sides import sides
    from gitrack.registry.opened import open_registry

    opened = open_registry()
    meant = sides(opened, base, head)
    approvals, ignored = _approvals(meant.head)
    checked = check(
        opened,
        meant.base,
        meant.head,
        base_name=meant.base_name,
        head_name=meant.head_name,
        ruling=in_force(opened, policy_from),
        approvals=approvals,
        artifacts=artifacts,
        run_gates=run_gates,
        require_signed=require_signed,
    )
    if as_json:
        print_json({"passed": checked.passed, **_fields(checked), "ignored_approvals": ignored})
    else:
        _show(checked, ignored)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotated(checked.findings):
            click.echo(line, err=True)
    _summary(checked, summary)
    if comment:
        _comment(checked)
    ctx.exit(0 if checked.passed else 1)


def _fields(checked: Checked) -> dict[str, object]:
    return {name: getattr(checked, name) for name in checked.__struct_fields__}


def _approvals(head: str) -> tuple[list[Approval], list[str]]:
    """Those of the host's reviews, where this runs for a pull request and may ask."""
    from gitrack.registry.check.reviews import pull_request_of, reviews_of
    from gitrack.registry.promotion.hosts.calls import HostTrouble

    pull = pull_request_of()
    if pull is None or not pull.token:
        return [], []
    try:
        found = reviews_of(pull, head)
    except HostTrouble as error:
        # what waits for approvals is refused then; all else is judged
        return [], [f"the host's reviews are not known: {error}"]
    return found.approvals, found.ignored


def _show(checked: Checked, ignored: list[str]) -> None:
    from gitrack.cli.checking import show

    show(checked, ignored)


def _summary(checked: Checked, path: Path | None) -> None:
    """Append the report where a host shows it."""
    from gitrack.errors import UsageError
    from gitrack.registry.check.report import markdown

    told = os.environ.get("GITHUB_STEP_SUMMARY")
    target = path or (Path(told) if told else None)
    if target is None:
        return
    try:
        with target.open("a", encoding="utf-8") as file:
            file.write(markdown(checked) + "\n")
    except OSError as error:
        raise UsageError(f"the report cannot be written to {target}: {error.strerror}") from error


def _comment(checked: Checked) -> None:
    from gitrack.errors import UsageError
    from gitrack.registry.check.comment import write_comment
    from gitrack.registry.check.reviews import pull_request_of
    from gitrack.registry.promotion.hosts.calls import HostTrouble

    pull = pull_request_of()
    if pull is None or not pull.token:
        name = "GITHUB_TOKEN" if pull is None or pull.host == "github" else "GITLAB_TOKEN"
        raise UsageError(
            "--comment needs a job of GitHub or GitLab that runs for a pull request, and a token",
            hint=f"give the job {name}, or leave --comment out",
        )
    try:
        click.echo(f"comment: {write_comment(pull, checked)}", err=True)
    except HostTrouble as error:
        # the judgement stands, and the exit code says it
        click.echo(f"warning: the comment was not written: {error}", err=True)
