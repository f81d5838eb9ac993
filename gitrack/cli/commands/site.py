"""`gitrack site build`, `serve` and `publish`: the website of the tracking branch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitrack.cli import arrivals
from gitrack.cli.output import print_json
from gitrack.config.project import FOLDER
from gitrack.errors import UsageError

if TYPE_CHECKING:
    from gitrack.config.policy import ModelPolicy, Policy
    from gitrack.site import Goals, Hide, Report
    from gitrack.site.build import Progress

_OUTPUT = click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the site; .tracking/site of the project unless given.",
)


@click.group()
def command() -> None:
    """Build, serve or publish the static website.

    The site is a folder of files: it opens from disk, from any web server and from any path
    below one, and needs no network.
    """


@command.command()
@_OUTPUT
@click.option(
    "--single",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Write one file without scripts instead of a folder, as for a mail.",
)
@click.option("--runs", metavar="FILTER", help="With --single: only the runs that match.")
@click.option("--model", metavar="NAME", help="With --single: only this model and its runs.")
@click.option("--force", is_flag=True, help="With --single: replace a file that is another.")
@click.option("--json", "as_json", is_flag=True, help="Print what was built as JSON.")
def build(
    output: Path | None,
    single: Path | None,
    runs: str | None,
    model: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Build the website of the tracking branch as it stands now.

    An older site in the same folder is replaced once the new one is whole. A folder that holds
    anything else is left alone.
    """
    if single is not None:
        if output is not None or (runs is not None and model is not None):
            both = "--output and --single" if output is not None else "--runs and --model"
            raise click.UsageError(f"{both} exclude each other")
        _Project().single(single, runs=runs, model=model, force=force, as_json=as_json)
        return
    if runs is not None or model is not None or force:
        raise click.UsageError("--runs, --model and --force go with --single FILE.html")
    project = _Project()
    with _progress() as progress:
        report = project.build(output or project.output, progress)
    page = (report.output / "index.html").resolve().as_uri()
    if as_json:
        _print_json(report, page, public=project.config.site.public)
        return
    click.echo(page)
    runs = "1 run" if report.runs == 1 else f"{report.runs:,} runs"
    experiments = "1 experiment" if report.experiments == 1 else f"{report.experiments} experiments"
    click.echo(f"{runs} in {experiments}, {report.bytes / 1e6:.1f} MB", err=True)
    if report.faults:
        files = "1 file" if len(report.faults) == 1 else f"{len(report.faults)} files"
        click.echo(f"{files} on the branch cannot be read; see 'gitrack doctor'", err=True)


@command.command()
@_OUTPUT
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Any free one unless given.")
@click.option("--open", "open_page", is_flag=True, help="Open it in a browser.")
def serve(output: Path | None, port: int, open_page: bool) -> None:
    """Show the website to this machine, always as new as the branch.

    Pages that are open renew themselves when runs are committed, and when settings or reports
    change. Runs that are being written stand on the overview, and each has a page with curves that
    grow as it logs; the folder of the site knows nothing of them. Control-C ends it.
    """
    from gitrack.cli.site_serving import Renewal, show
    from gitrack.site.serve import Server

    folder = output or _Project().output
    server = Server(folder, port)  # first: a port that is taken is said before anything is built
    try:
        renew = Renewal(_Project, folder)
        with _progress() as progress:
            show(server, renew, progress, open_page=open_page)
    except KeyboardInterrupt:
        click.echo(err=True)
    finally:
        server.close()


@command.command()
@_OUTPUT
@click.option("--remote", help="The git remote; the one of the settings unless given.")
@click.option("--branch", default="gh-pages", show_default=True, help="The branch of the pages.")
@click.option(
    "--members-only",
    is_flag=True,
    help="You know that only those see the pages who may read the repository.",
)
@click.option("--replace", is_flag=True, help="Take the place of whatever the branch holds.")
@click.option("--dry-run", is_flag=True, help="Build, say what would be done, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was published as JSON.")
def publish(
    output: Path | None,
    remote: str | None,
    branch: str,
    members_only: bool,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Publish the website as a branch that the host shows as pages.

    No checkout and no other branch is touched, and the branch has no history that grows: each
    commit takes the place of the one before, if that is still there. What a private repository
    holds is not published to pages that may be open to everybody, unless  site: {public: true}  is
    committed in .tracking/config.yaml.
    """
    from gitrack.cli.site_publishing import published, told

    project = _Project()
    folder = output or project.output
    reports: list[Report] = []

    def make() -> None:
        with _progress() as progress:
            reports.append(project.build(folder, progress))

    done = published(
        project.config,
        project.root,
        folder,
        make,
        tip=project.tip(),
        remote=remote or project.config.remote,
        branch=branch,
        members_only=members_only,
        replace=replace,
        dry_run=dry_run,
    )
    if as_json:
        print_json(done)
        return
    told(done, size=reports[0].bytes)


class _Project:
    """What the site needs of the project around the current folder."""

    def __init__(self) -> None:
        from gitrack.config.policy import load_policy
        from gitrack.config.project import project_root
        from gitrack.config.settings import load_config
        from gitrack.store import open_store
        from gitrack.store.git.repository import Repository

        arrivals.bring_in()
        self.store = open_store()
        root = project_root()
        self.config = load_config(root)
        self.goals = goals(load_policy(root))
        self.root = root
        self._git = Repository.discover().common_dir.resolve()
        self._cache = self._git / "gitrack" / "cache"

    @property
    def output(self) -> Path:
        """Where the site goes when nobody says."""
        if self.root is not None:
            return self.root / ".tracking" / "site"
        from gitrack.store.git.repository import Repository

        worktree = Repository.discover().worktree
        if worktree is None:
            raise UsageError(
                "a bare repository has no folder for the site", hint="name one with --output"
            )
        return worktree / ".tracking" / "site"

    @property
    def hide(self) -> Hide:
        """What the settings leave out."""
        from gitrack.site import Hide

        site = self.config.site
        hidden = site.hide
        return Hide(
            params=hidden.params,
            tags=hidden.tags,
            metrics=hidden.metrics,
            public=site.public,
            patches=not site.shows_code,
        )

    def tip(self) -> str | None:
        """The commit that a site would be built of now."""
        return self.store.branch.tip()

    def build(self, output: Path, progress: Progress | None) -> Report:
        """The site of the present tip; runs that arrive meanwhile are left for the next one."""
        from gitrack.cli.site_extras import extras
        from gitrack.site import build_site
        from gitrack.site.output import writing

        if output.resolve().is_relative_to(self._git):
            raise UsageError(
                f"{output} lies among the files of git", hint="name another folder with --output"
            )
        if output.parent.name == FOLDER:
            with writing(output):
                _ignore(output)
        commit = self.tip()
        self._say_if_nothing_is_here(commit)
        site = self.config.site
        store = self.store.at(commit)
        return build_site(
            store,
            output,
            title=site.title or self.config.project or "Experiments",
            hide=self.hide,
            commit=commit,
            branch=self.store.branch.name,
            goals=self.goals,
            extras=extras(store, self.config, self.root),
            cache=self._cache,
            progress=progress,
        )

    def _say_if_nothing_is_here(self, commit: str | None) -> None:
        """A clone may lack the branch that its remote has, and then knows of no run."""
        from gitrack.store.git.repository import Repository

        remote = self.config.remote
        if commit is None and Repository.discover().setting(f"remote.{remote}.url"):
            name = self.store.branch.name
            told = (
                f"there is no branch {name} in this clone; if {remote} has one, type  gitrack pull"
            )
            click.echo(told, err=True)

    def single(
        self, file: Path, *, runs: str | None, model: str | None, force: bool, as_json: bool
    ) -> None:
        """One file of the present tip, and what is said of it."""
        from gitrack.cli.site_extras import extras
        from gitrack.cli.site_single import tell
        from gitrack.site.single import Only, build_single

        commit = self.tip()
        self._say_if_nothing_is_here(commit)
        store = self.store.at(commit)
        with _progress() as progress:
            done = build_single(
                store,
                file,
                title=self.config.site.title or self.config.project or "Experiments",
                only=Only(runs=runs, model=model),
                hide=self.hide,
                commit=commit,
                branch=self.store.branch.name,
                goals=self.goals,
                extras=extras(store, self.config, self.root),
                force=force,
                progress=progress,
            )
        tell(done, public=self.config.site.public, as_json=as_json)


def _ignore(output: Path) -> None:
    """Keep the site out of `git status`, and so out of the patches of runs to come."""
    from gitrack.store.git.repository import Repository

    ignored = output.parent / ".gitignore"
    if ignored.exists():  # `gitrack init` or somebody has said what to ignore
        return
    if Repository.discover().run("check-ignore", "--quiet", f"{output.absolute()}/").code == 1:
        output.parent.mkdir(parents=True, exist_ok=True)
        ignored.write_text(f"/outbox/\n/{output.name}/\n/.{output.name}.*\n")


def goals(policy: Policy) -> Goals:
    """By which metrics the policy ranks, and which way its gates pull."""
    from gitrack.config.gates import MetricGate
    from gitrack.model.measure import Goal, Measure
    from gitrack.site import Goals

    known: dict[str, Goal] = {}
    primary = []
    for model in _models(policy):
        if model.primary_metric is not None:
            primary.append(Measure(model.primary_metric.name, model.primary_metric.goal))
        for stage in model.stages.values():
            for gate in stage.gates:
                if isinstance(gate, MetricGate) and (gate.at_least is None) != (
                    gate.at_most is None
                ):
                    known[gate.metric] = "maximize" if gate.at_most is None else "minimize"
    return Goals(primary=tuple(primary), known=known)


def _models(policy: Policy) -> Iterator[ModelPolicy]:
    for name in sorted(policy.models):
        yield policy.models[name]


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A bar for people; nothing where the output goes to a file or another program."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=0, label="building", file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


def _print_json(report: Report, page: str, *, public: bool) -> None:
    printed = {
        "page": page,
        "output": str(report.output),
        "public": public,
        "commit": report.commit,
        "runs": report.runs,
        "experiments": report.experiments,
        "files": report.files,
        "bytes": report.bytes,
        "faults": [{"path": f.path, "why": f.why, "hint": f.hint} for f in report.faults],
    }
    print_json(printed)
