"""`gitrack show`: everything that one run's record says."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Set
from typing import TYPE_CHECKING, Any

import click

from gitrack.cli import arrivals, completing
from gitrack.cli.output import print_json
from gitrack.cli.sections import Lines, aligned, fields, section, shown
from gitrack.cli.standing import Standing, became
from gitrack.cli.table import terminal_width
from gitrack.errors import NotFound
from gitrack.model.display import (
    cut,
    day_and_time,
    lasted,
    number,
    safe,
    seconds_between,
    size,
    width,
)

if TYPE_CHECKING:
    from gitrack.model.run import Code, Evidence, Run, Use
    from gitrack.store.runs import RunStore


@click.command()
@click.argument("run", shell_complete=completing.runs)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
@click.option("--history", is_flag=True, help="Print the steps of its metrics, tab-separated.")
def command(run: str, as_json: bool, history: bool) -> None:
    """Print one run.

    RUN is its id, a unique beginning of it, the random part at its end, its name, `@last`,
    `@last~2` for the second before the last, or `churn@production` for the run of a version.

    \b
    gitrack show @last
    gitrack show 7k3f9q --history
    gitrack show xgb-weather-features-lr005 --json
    """
    from gitrack.store import open_store

    if as_json and history:
        raise click.UsageError("--json and --history are two kinds of output; choose one.")
    arrivals.bring_in()
    store = open_store()
    path = store.find(run)
    record = store.run(path)
    if history:
        _print_history(store.history(path), record)
    elif as_json:
        _print_json(record, path, _became(store, record))
    else:
        for line in _described(record, _collected(store, record)):
            click.echo(line)
        for line in section("pipeline", _stages(store, path)):
            click.echo(line)
        models = ((one.name, one.places or "in no stage") for one in _became(store, record))
        for line in section("models", models):
            click.echo(line)
        _next(record)


def _stages(store: RunStore, folder: str) -> Iterator[tuple[str, str]]:
    """The stages of the DVC pipeline that the run was, if it was one, and how each went."""
    from gitrack.model.pipeline import Pipeline
    from gitrack.store.codec.records import load_record

    path = f"{folder}/pipeline.yaml"
    try:
        data = store.read(path)
    except NotFound:
        return
    for stage in load_record(path, data, Pipeline).stages:
        took = "" if stage.seconds is None else f" in {lasted(stage.seconds)}"
        yield stage.name, f"{stage.state}{took}"


def _print_history(history: Any, run: Run) -> None:
    if history is None:
        raise NotFound(f"run {run.id} logged no steps", hint=f"gitrack show {run.id}")
    text = history.to_tsv()
    click.echo(safe(text if isinstance(text, str) else text.decode(), lines=True), nl=False)


def _became(store: RunStore, run: Run) -> list[Standing]:
    return became(store, [run.id]).get(run.id, [])


def _print_json(run: Run, path: str, models: list[Standing]) -> None:
    import msgspec

    record = msgspec.to_builtins(run)
    print_json({"path": path, **record, **({"models": models} if models else {})})


def _collected(store: RunStore, run: Run) -> set[str]:
    """The md5s of its artifacts that `gitrack gc` has removed."""
    if not any(artifact.store == "dvc" for artifact in run.artifacts):
        return set()
    from gitrack.store.collected import collected

    return {md5 for id, md5 in collected(store.branch) if id == run.id}


def _described(run: Run, gone: Set[str]) -> Iterator[str]:
    yield f"run {safe(run.id)}  {safe(run.name)}"
    yield from aligned(_head(run), indent="  ")
    yield from section("params", ((key, shown(value)) for key, value in run.params.items()))
    yield from _metrics(run)
    yield from section("tags", ((key, shown(value)) for key, value in run.tags.items()))
    yield from section("code", _code(run))
    for dataset in run.data:
        other = dataset.role and dataset.role != dataset.name  # two parts of one name
        title = f"data {dataset.name}" + (f" ({dataset.role})" if other else "")
        yield from section(title, fields(dataset, leave=("name", "role")))
    if run.environment is not None:
        yield from section("environment", _environment(run.environment))
    yield from section("seeds", ((key, str(seed)) for key, seed in run.seeds.items()))
    yield from _artifacts(run, gone)
    yield from section("uses", map(_used, run.uses))
    yield from section("evidence", ((fact.name, _verdict(fact)) for fact in run.evidence))
    for title, text in (("notes", run.notes), ("error", run.error)):
        if text:
            yield title
            yield from (f"  {safe(line)}" for line in text.splitlines())


def _head(run: Run) -> Lines:
    seconds = seconds_between(run.started, run.ended)
    status = str(run.status) + (f" after {lasted(seconds)}" if seconds is not None else "")
    yield "experiment", run.experiment
    yield "status", status
    yield "started", f"{day_and_time(run.started)} UTC"
    for name in ("author", "command", "parent"):
        value = getattr(run, name)
        if value:
            yield name, value


def _metrics(run: Run) -> Iterator[str]:
    """The last value of each metric and, where it has steps, what its curve says."""
    if not run.metrics:
        return
    rows = [(name, number(value) + _curve(run, name)) for name, value in run.metrics.items()]
    yield from section("metrics", rows)


def _curve(run: Run, metric: str) -> str:
    """`   (424 steps, min 0.2113 at 423, max 0.69 at 0)`, or nothing for a metric without steps."""
    count = run.curves.get(f"{metric}.count")
    if count is None or count <= 1:
        return ""
    said = [f"{number(count)} steps"]
    for what in ("min", "max"):
        value, step = run.curves.get(f"{metric}.{what}"), run.curves.get(f"{metric}.{what}_step")
        if value is not None:
            said.append(f"{what} {number(value)}" + ("" if step is None else f" at {number(step)}"))
    return f"   ({', '.join(said)})"


def _code(run: Run) -> Lines:
    code = run.code
    if code is None:
        return
    if code.commit:
        yield "commit", code.commit
    for name in ("branch", "remote", "subfolder"):
        value = getattr(code, name)
        if value:
            yield name, value
    if code.dirty is not None:
        yield "changes", _changes(code)


def _changes(code: Code) -> str:
    """Files that git does not know are no change of the code, but are kept with it."""
    kept = f" kept in {code.patch}" if code.patch else ""
    files = "1 untracked file" if code.untracked == 1 else f"{code.untracked} untracked files"
    if not code.dirty:
        return f"none ({files}{kept})" if code.untracked else "none"
    return f"uncommitted{',' if kept else ''}{kept}" + (f", {files}" if code.untracked else "")


def _environment(environment: Any) -> Lines:
    for name, value in fields(environment, leave=("variables",)):
        yield name, size(int(value)) if name == "memory" and value.isdigit() else value
    for name, value in environment.variables.items():
        yield f"${name}", value


def _artifacts(run: Run, gone: Set[str]) -> Iterator[str]:
    rows = []
    first = min(max((width(safe(one.path)) for one in run.artifacts), default=0), 40)
    briefly = max(20, (terminal_width() or 240) - first - 10)
    for artifact in run.artifacts:
        about = [artifact.kind if artifact.flavor is None else f"{artifact.flavor} {artifact.kind}"]
        if artifact.size is not None:
            about.append(size(artifact.size))
        if artifact.files is not None:
            about.append(f"{artifact.files} files")
        where = {"dvc": "in DVC", "git": "on the branch"}.get(artifact.store)
        about.append(where or f"at {artifact.uri}")
        if artifact.store == "dvc" and artifact.md5 in gone:
            about.append("removed by gitrack gc")
        if artifact.name is not None:
            about.append(f"a version of {artifact.name}")
        rows.append((artifact.path, ", ".join(about)))
        # what a model takes and gives stands below it
        for word, said in (("takes", artifact.inputs), ("gives", artifact.outputs)):
            if said is not None:
                rows.append(("", f"{word} {cut(' '.join(said.split()), briefly)}"))
    yield from section("artifacts", rows)


def _verdict(fact: Evidence) -> str:
    text = "passed" if fact.passed else "NOT PASSED"
    if fact.detail:
        text += f": {' '.join(fact.detail.split())}"
    return text + (f" ({fact.report})" if fact.report else "")


def _used(use: Use) -> tuple[str, str]:
    """What was read, and which run had left it."""
    if use.name is not None:
        what = use.name if use.version is None else f"{use.name}:v{use.version}"
    else:
        what = use.path or use.uri or "?"
    made = f"{use.path} of run {use.run}" if use.run else "lies elsewhere"
    return what, f"{made}, {use.md5}" if use.md5 else made


def _next(run: Run) -> None:
    """The command that most people type next, on stderr."""
    heavy = [artifact.path for artifact in run.artifacts if artifact.store == "dvc"]
    if heavy:
        reference = shlex.quote(f"{run.id}/{heavy[0]}")
        click.echo(f"next: gitrack artifact get {safe(reference)}", err=True)
    elif run.curves:
        click.echo(f"next: gitrack show {run.id} --history", err=True)
    else:
        click.echo(f"next: gitrack ls --experiment {safe(shlex.quote(run.experiment))}", err=True)
