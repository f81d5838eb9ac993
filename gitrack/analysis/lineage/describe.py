"""Nodes as records: what there is to say of each, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitrack.analysis.lineage.steps import Steps
from gitrack.model.lineage import Node, place
from gitrack.model.run import Dataset, Scalar

#: Of data that thousands of runs were given, so many are asked what they call it.
_ASKED = 200
_SHORT = 8


def describe(steps: Steps, ids: Iterable[str]) -> list[Node]:
    """The nodes of these ids, in the order of the flow."""
    ways = {
        "data": _data,
        "stage": _stage,
        "code": _code,
        "run": _run,
        "artifact": _artifact,
        "named": _named,
        "version": _version,
        "standing": _standing,
        "alias": _alias,
    }
    found = []
    for id in sorted(ids, key=place):
        kind, _, rest = id.partition(":")
        found.append(ways[kind](steps, id, rest))
    return found


def _kept(**about: Scalar) -> dict[str, Scalar]:
    return {name: value for name, value in about.items() if value is not None}


def _data(steps: Steps, id: str, known: str) -> Node:
    records = steps.records
    readings = records.readings(known)
    names: dict[tuple[str, str | None], None] = {}
    paths: dict[str, None] = {}
    asked = readings[:_ASKED]
    for row, column in asked:
        cells = {
            field: records.table.column(f"{column}.{field}")[row]
            for field in ("name", "version", "path")
        }
        version = None if cells["version"] is None else str(cells["version"])
        names[str(cells["name"]), version] = None
        if cells["path"] is not None:
            paths[str(cells["path"])] = None
    paths |= steps.paths.get(known, {})
    digest = known.rpartition("md5:")[2] if "md5:" in known else None
    said = [name if version is None else f"{name}@{version}" for name, version in names]
    first = records.dataset(asked[0]) if asked else Dataset(name=known)
    return Node(
        id=id,
        kind="data",
        label=(said or list(paths) or [_label_of(known)])[0],
        path=next(iter(paths), None),
        name=next((name for name, _ in names), None),
        version=next((version for _, version in names if version), None),
        md5=digest,
        uri=first.uri or (known.removeprefix("uri:") if known.startswith("uri:") else None),
        about=_kept(
            also=", ".join(said[1:5]) or None,
            rows=first.rows,
            columns=first.columns,
            size=first.size,
            runs=len({row for row, _ in readings}) or None,
        ),
    )


def _label_of(known: str) -> str:
    kind, _, value = known.partition(":")
    return f"md5 {value[:_SHORT]}" if kind.endswith("md5") else value


def _stage(steps: Steps, id: str, rest: str) -> Node:
    by_row = steps.stages[id]
    stage = next(iter(by_row.values()))
    ran = [steps.records.run(row) for row in sorted(by_row) if by_row[row].state == "ran"]
    return Node(
        id=id,
        kind="stage",
        label=stage.name,
        name=stage.name,
        run=ran[0] if ran else steps.records.run(min(by_row)),
        about=_kept(command=stage.command, seconds=stage.seconds),
    )


def _code(steps: Steps, id: str, commit: str) -> Node:
    rows = steps.records.by_commit.get(commit) if commit not in steps.commits else None
    row = rows[0] if rows else steps.commits.get(commit)
    if row is None:
        return Node(id=id, kind="code", label=commit[:_SHORT], version=commit, known=False)
    branch, remote = (steps.records.table.column(f"code.{f}")[row] for f in ("branch", "remote"))
    return Node(
        id=id,
        kind="code",
        label=commit[:_SHORT],
        version=commit,
        uri=None if remote is None else str(remote),
        about=_kept(branch=branch),
    )


def _run(steps: Steps, id: str, run: str) -> Node:
    rows = steps.records.rows.get(run)
    if not rows:
        return Node(id=id, kind="run", label=run, known=False, run=run)
    fields = ("name", "experiment", "status", "started", "author", "code.dirty")
    column = steps.records.table.column
    name, experiment, status, started, author, dirty = (column(f)[rows[0]] for f in fields)
    return Node(
        id=id,
        kind="run",
        label=str(name),
        name=str(name),
        run=run,
        about=_kept(
            experiment=experiment, status=status, started=started, author=author, dirty=dirty
        ),
    )


def _artifact(steps: Steps, id: str, rest: str) -> Node:
    run, _, path = rest.partition("/")
    found = steps.records.artifact(run, path)
    if found is not None:
        _, artifact = found
        return Node(
            id=id,
            kind="artifact",
            label=path,
            run=run,
            path=path,
            name=artifact.name,
            md5=artifact.md5,
            uri=artifact.uri,
            about=_kept(kind=artifact.kind, flavor=artifact.flavor, size=artifact.size),
        )
    return Node(id=id, kind="artifact", label=path, known=False, run=run, path=path)


def _named(steps: Steps, id: str, rest: str) -> Node:
    version = steps.named_version(rest)
    name, _, number = rest.rpartition(":")
    if version is None:
        return Node(id=id, kind="named", label=rest, known=False, name=name, version=number)
    return Node(
        id=id,
        kind="named",
        label=rest,
        name=name,
        version=number,
        run=version.run,
        path=version.path,
        md5=version.md5,
        uri=version.uri,
        about=_kept(
            created=version.created,
            by=version.by,
            size=version.size,
            aliases=_pointers(steps.records.aliases(name), version.version),
        ),
    )


def _version(steps: Steps, id: str, rest: str) -> Node:
    name, _, number = rest.rpartition("/")
    found = steps.version(rest)
    if found is None:
        return Node(
            id=id, kind="version", label=f"{name} v{number}", known=False, name=name, version=number
        )
    stages = [
        stage
        for stage, versions in steps.records.registry.stages(name).items()
        if found.version in versions
    ]
    return Node(
        id=id,
        kind="version",
        label=f"{name} v{number}",
        name=name,
        version=number,
        run=found.run,
        path=found.artifact,
        about=_kept(
            created=found.created,
            by=found.by,
            stages=", ".join(stages) or None,
            aliases=_pointers(steps.records.registry.aliases(name), found.version),
        ),
    )


def _pointers(aliases: Mapping[str, int], version: int) -> str | None:
    return ", ".join(f"@{alias}" for alias, to in sorted(aliases.items()) if to == version) or None


def _standing(steps: Steps, id: str, rest: str) -> Node:
    model, _, stage = rest.rpartition("/")
    return Node(id=id, kind="standing", label=f"{stage} of {model}", name=model, version=stage)


def _alias(steps: Steps, id: str, rest: str) -> Node:
    return Node(id=id, kind="alias", label=rest)
