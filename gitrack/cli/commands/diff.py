"""`gitrack diff`: metrics and params files of two commits, or two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from gitrack.cli import arrivals, completing

if TYPE_CHECKING:
    from gitrack.project.files_diff import FilesDiff, Kind
    from gitrack.store.runs import RunStore

Sides = Literal["runs", "commits"]


@click.command()
@click.argument("old", metavar="[OLD]", required=False, shell_complete=completing.runs)
@click.argument("new", metavar="[NEW]", required=False, shell_complete=completing.runs)
@click.option("--runs", "sides", flag_value="runs", help="OLD and NEW are runs.")
@click.option("--commits", "sides", flag_value="commits", help="OLD and NEW are commits.")
@click.option("--metrics", "only", flag_value="metrics", help="Only metrics.")
@click.option("--params", "only", flag_value="params", help="Only params.")
@click.option(
    "--targets",
    multiple=True,
    metavar="FILE",
    help="Compare these files, whatever dvc.yaml says. Needs --metrics or --params.",
)
@click.option("--all", "everything", is_flag=True, help="Also what is the same.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--md", "as_markdown", is_flag=True, help="Print Markdown tables.")
def command(
    old: str | None,
    new: str | None,
    sides: Sides | None,
    only: Kind | None,
    targets: tuple[str, ...],
    everything: bool,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Show what differs between two commits or two runs.

    Of commits (branches, tags, `workspace` for the files as they lie here), the metrics and params
    files that dvc.yaml declares, exactly as `dvc metrics diff` and `dvc params diff` compare them;
    unless given, OLD is HEAD and NEW the workspace. Of runs: params, metrics, tags, data, code and
    environment; unless given, NEW is the last run. What is both a run and a commit is refused
    until `--runs` or `--commits` says which is meant.

    \b
    gitrack diff
    gitrack diff v1.0 main --all
    gitrack diff @last~1 @last
    """
    from gitrack.cli import differences

    if as_json and as_markdown:
        raise click.UsageError("--json and --md are two kinds of output; choose one.")
    if targets and only is None:
        raise click.UsageError("--targets needs --metrics or --params, to say what they hold.")
    store = _store()
    chosen = _sides(store, old, new, sides)
    form: differences.Form = "json" if as_json else "md" if as_markdown else "table"
    if chosen == "commits":
        from gitrack.project.files_diff import WORKSPACE, diff_files

        kinds: tuple[Kind, ...] = ("metrics", "params") if only is None else (only,)
        compared: FilesDiff = diff_files(
            old or "HEAD", new or WORKSPACE, kinds=kinds, targets=targets, everything=everything
        )
        differences.show_files(compared, form)
        return
    if targets:
        raise click.UsageError("--targets are files of commits; two runs have none.")
    assert store is not None
    assert old is not None
    differences.show_runs(store, old, new or "@last", form, only=only, everything=everything)


def _store() -> RunStore | None:
    """None outside of a git repository: then DVC says what it lacks."""
    from gitrack.errors import NoRepository
    from gitrack.store import open_store

    arrivals.bring_in()
    try:
        return open_store()
    except NoRepository:
        return None


def _sides(store: RunStore | None, old: str | None, new: str | None, said: Sides | None) -> Sides:
    """Runs or commits: as said, else what the names are."""
    from gitrack.errors import Ambiguous, NotFound, UsageError

    if said == "runs" and (old is None or store is None):
        raise click.UsageError("--runs needs a run to compare with the last one.")
    if said is not None or store is None or old is None:
        return said or "commits"
    kinds = {}
    for name in (old, new):
        if name is None:
            continue
        run, commit = _is_run(store, name), _is_commit(name)
        if run and commit:
            hint = "say which is meant: --runs or --commits"
            raise Ambiguous(f"{name!r} is a run and a commit", hint=hint)
        if not run and not commit:
            hint = "'gitrack ls' lists runs, 'git log' commits"
            raise NotFound(f"{name!r} is neither a run nor a commit", hint=hint)
        kinds[name] = "runs" if run else "commits"
    if len(set(kinds.values())) > 1:
        shown = " and ".join(f"{name} is of {kind}" for name, kind in kinds.items())
        raise UsageError(f"{shown}: they cannot be compared", hint="give two runs or two commits")
    return "runs" if "runs" in kinds.values() else "commits"


def _is_run(store: RunStore, name: str) -> bool:
    from gitrack.errors import Ambiguous, NotFound, UnreadableFile

    try:
        store.find(name)
    except NotFound as error:
        return isinstance(error, Ambiguous)  # several runs: it says so when it is looked up
    except UnreadableFile:
        return True
    return True


def _is_commit(name: str) -> bool:
    from gitrack.store.git.repository import Repository

    if name == "workspace":
        return True
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return Repository.discover().run(*asked).code == 0
