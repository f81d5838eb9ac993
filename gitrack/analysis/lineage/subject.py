"""What people ask about: a run, a model, data, an artifact, by the names that they type."""

from __future__ import annotations

import re
from typing import NoReturn

from gitrack.analysis.lineage.records import Records
from gitrack.errors import Ambiguous, NotFound, UsageError
from gitrack.model.lineage import (
    artifact_id,
    code_id,
    data_id,
    named_id,
    run_id,
    version_id,
)
from gitrack.model.nearest import nearest
from gitrack.store.references import find

_HEX = re.compile(r"[0-9a-f]{4,40}(?:\.dir)?\Z", re.ASCII)
_IDENTITY = re.compile(r"(?:[a-z0-9-]*md5|uri|path|name):", re.ASCII)
_SHOWN = 5
#: A run's name may hold slashes; so many are tried.
_MOST_SLASHES = 8
_EXAMPLES = "give a run, churn@7, flights:v2, data:flights@v1.3, md5:… or the path of a file"


def subjects(records: Records, text: str) -> list[str]:
    """The nodes that are meant. Raises NotFound with near names, Ambiguous, UsageError."""
    if not text.strip() or "\0" in text:
        raise UsageError(f"{text[:80]!r} names nothing", hint=_EXAMPLES)
    kind, colon, rest = text.partition(":")
    if colon:
        named = {
            "models": _model,
            "runs": _run_or_artifact,
            "run": _run_or_artifact,
            "artifact": _run_or_artifact,
            "version": _version_by_id,
            "named": _named,
            "data": _data,
            "md5": _md5,
            "code": _code,
        }.get(kind)
        if named is not None:
            return named(records, rest.lstrip("/") if kind in ("models", "runs") else rest)
    return _any(records, text)


def _any(records: Records, text: str) -> list[str]:
    """Without a prefix: whatever bears the name; if several do, people must say which."""
    if "@" in text[1:] and text.rpartition("@")[0] in records.registry.models():
        return _model(records, text)
    if ":" in text[1:] and records.named.numbers(text.partition(":")[0]):
        return _named(records, text)
    found: dict[str, list[str]] = {}
    if text in records.registry.models():
        found[f"models:/{text}"] = _model(records, text)
    if "/" not in text and records.named.numbers(text):
        found[f"named:{text}"] = _named(records, text)
    if data := _data_by_name(records, text):
        found[f"data:{text}"] = data
    elif files := _by_path(records, text):
        found[f"data:{text}"] = files
    missing: NotFound | None = None
    try:
        found[f"runs:/{text}"] = _run_or_artifact(records, text)
    except Ambiguous:
        if not found:
            raise
    except NotFound as error:
        missing = error
    if len(found) > 1:
        raise Ambiguous(
            f"{text!r} is the name of several things", hint=f"give {' or '.join(found)}"
        )
    if not found:
        _nothing(records, text, missing)
    return next(iter(found.values()))


def _run_or_artifact(records: Records, text: str) -> list[str]:
    """A run by any reference, or what it left at a path."""
    first: NotFound | None = None
    parts = text.strip("/").split("/")
    for count in range(1, min(len(parts), _MOST_SLASHES) + 1):
        try:
            folder = find(records.table, "/".join(parts[:count]))
        except Ambiguous:
            raise
        except NotFound as error:
            first = first or error
            continue
        run, path = folder.rpartition("/")[2], "/".join(parts[count:])
        return [run_id(run)] if not path else [_artifact(records, run, path)]
    try:  # the run's folder on the branch
        return [run_id(find(records.table, text).rpartition("/")[2])]
    except NotFound as error:
        raise first or error from None


def _artifact(records: Records, run: str, path: str) -> str:
    whole = records.around(run, path)
    if records.artifact(run, whole) is None:
        near = nearest(
            path, [one for row in records.rows.get(run, ()) for one in records.artifacts(row)]
        )
        hint = f"did you mean {near}?" if near else f"gitrack show {run}"
        raise NotFound(f"run {run} left nothing at {path!r}", hint=hint)
    return artifact_id(run, whole)


def _model(records: Records, text: str) -> list[str]:
    """`churn/7`, `churn@production`, `churn@champion`, or all versions of `churn`."""
    registry = records.registry
    if text in registry.models():
        return [version_id(text, number) for number in registry.numbers(text)]
    name, at, wanted = text.rpartition("@")
    if not at or "/" in wanted:
        name, slash, wanted = text.partition("/")
        if not slash:
            name, wanted = text, "1"  # to be told that there is no such model
    return [version_id(name, registry.version(name, wanted).version)]


def _version_by_id(records: Records, rest: str) -> list[str]:
    return _model(records, rest)


def _named(records: Records, text: str) -> list[str]:
    """`flights:v2`, `flights:latest`, `flights:best`, or all versions of `flights`."""
    name, colon, wanted = text.partition(":")
    if colon:
        return [named_id(name, records.named.resolve(name, wanted).version)]
    numbers = records.named.numbers(name)
    if not numbers:
        records.named.resolve(name)  # raises with near names
    return [named_id(name, number) for number in numbers]


def _data(records: Records, text: str) -> list[str]:
    """`flights@v1.3`, all versions of `flights`, a path, or an identity as `--json` prints it."""
    if _IDENTITY.match(text):
        if text.startswith("md5:"):
            return _md5(records, text.removeprefix("md5:"))
        if records.is_given(text) or text in records.used:
            return [data_id(text)]
    found = _data_by_name(records, text) or _by_path(records, text)
    if not found:
        name, at, _ = text.rpartition("@")
        versions = records.data_versions(name)
        if at and versions:
            shown = ", ".join(versions[-_SHOWN:])
            raise NotFound(f"no run was given {text!r}", hint=f"its versions are {shown}")
        near = nearest(name or text, records.data_names())
        hint = f"did you mean data:{near}?" if near else "gitrack ls --json shows what runs read"
        raise NotFound(f"no run was given data called {text!r}", hint=hint)
    return found


def _data_by_name(records: Records, text: str) -> list[str]:
    found = records.data_called("name", text)
    if found:
        return sorted(map(data_id, found))
    name, at, wanted = text.rpartition("@")
    if not at or not name:
        return []
    return sorted(
        data_id(known)
        for known, readings in records.data_called("name", name).items()
        if any(records.version_of(reading) == wanted for reading in readings)
    )


def _by_path(records: Records, text: str) -> list[str]:
    path = text.removeprefix("./")
    known = [*records.data_called("path", path), *records.pipelines.at_path(path)]
    return sorted(set(map(data_id, known)))


def _md5(records: Records, text: str) -> list[str]:
    if not _HEX.match(text):
        raise UsageError(
            f"'md5:{text[:80]}' is not the beginning of an md5",
            hint="give four or more of the digits 0 to 9 and a to f",
        )
    found = records.md5s(text)
    if not found:
        raise NotFound(
            f"no run speaks of md5:{text}", hint="gitrack ls --json shows what runs read"
        )
    if len(found) > 1 and f"md5:{text}" not in found:
        shown = ", ".join(found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
        raise Ambiguous(f"md5:{text} may be {shown}", hint="give more digits")
    return _bytes(records, f"md5:{text}" if f"md5:{text}" in found else found[0])


def _bytes(records: Records, known: str) -> list[str]:
    """What runs left with these bytes, and the data itself if anybody speaks of it as data."""
    left = [artifact_id(records.run(row), a.path) for row, a in records.with_bytes(known)]
    read = records.is_given(known) or known in records.used
    if read or not left or records.pipelines.readers(known) or records.pipelines.writers(known):
        left.insert(0, data_id(known))
    return list(dict.fromkeys(left))


def _code(records: Records, text: str) -> list[str]:
    if not _HEX.match(text):
        raise UsageError(f"'code:{text[:80]}' is not the beginning of a commit's id")
    found = [commit for commit in records.by_commit if commit.startswith(text)]
    if not found:
        raise NotFound(f"no run ran the commit {text}", hint="git log shows the commits")
    if len(found) > 1:
        raise Ambiguous(f"code:{text} may be {', '.join(found[:_SHOWN])}", hint="give more digits")
    return [code_id(found[0])]


def _nothing(records: Records, text: str, missing: NotFound | None) -> NoReturn:
    name = re.split(r"[:@]", text)[0] or text
    known = [
        *records.registry.models(),
        *records.named.names(),
        *(f"data:{name}" for name in records.data_names()),
    ]
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else (missing.hint if missing else None) or _EXAMPLES
    raise NotFound(f"no run, model, artifact or data is called {text!r}", hint=hint)
