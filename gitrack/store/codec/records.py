"""Records to files of the branch and back; every fault names the file, the line and the mend."""

from __future__ import annotations

import re
import threading
from typing import Any, TypeVar

import msgspec

from gitrack.config import safe_yaml
from gitrack.errors import UnreadableFile
from gitrack.model.ids import is_run_id
from gitrack.model.run import FORMAT, Run
from gitrack.store.codec.emitter import dump
from gitrack.store.codec.reader import StrictReader

Record = TypeVar("Record")

_local = threading.local()
_AT = re.compile(r"(?P<what>.*?) - at `(?P<path>\$.*)`\Z", re.DOTALL)
_NOON = "2024-10-22T12:00:00.000Z"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\Z", re.ASCII)
_CLIMBS = re.compile(r"(?:^|[/\\])(?:\.\.?)?(?:[/\\]|\Z)|\0")
#: How many entries of a map are tried to name the one that is wrong.
_MAX_TRIES = 1000


def dump_run(run: Run) -> bytes:
    """`run.yaml`: fields in their order, maps by key."""
    return dump_record(run, keep=("format", "status"))


def dump_record(record: msgspec.Struct, *, keep: tuple[str, ...] = ("format",)) -> bytes:
    """Any record as canonical YAML: fields in their order, maps by key.

    Defaults are left away but for the fields in `keep`.
    """
    built = msgspec.to_builtins(record)
    for name in keep:
        if name in record.__struct_fields__:
            built.setdefault(name, getattr(record, name))
    order = {name: place for place, name in enumerate(record.__struct_encode_fields__)}
    built = dict(sorted(built.items(), key=lambda item: order.get(item[0], -1)))
    return dump(_ordered(record, built)).encode()


def _ordered(value: Any, built: Any) -> Any:
    """`built` with the keys of maps sorted, while records keep the order of their fields."""
    if isinstance(value, msgspec.Struct):
        fields = dict(zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True))
        return {
            name: _ordered(getattr(value, fields[name]), item) if name in fields else item
            for name, item in built.items()
        }
    if isinstance(built, dict):
        return {name: _ordered(value.get(name), built[name]) for name in sorted(built)}
    if isinstance(built, list):
        return [_ordered(one, item) for one, item in zip(value, built, strict=True)]
    return built


def load_value(path: str, data: bytes) -> Any:
    """What a file of the branch holds, before anybody asks whether it is what it should be."""
    if len(data) <= safe_yaml.MAX_BYTES:
        try:
            value = _reader().read(data.decode())
        except ValueError:  # not UTF-8: the careful reader says where
            value = None
        if value is not None:
            return value
    return safe_yaml.load(data, name=path)[0]


def _reader() -> StrictReader:
    reader: StrictReader | None = getattr(_local, "reader", None)
    if reader is None:
        reader = _local.reader = StrictReader()
    return reader


def load_record(path: str, data: bytes, type: type[Record]) -> Record:
    """A file of the branch as the record that its place says it is. Raises UnreadableFile."""
    return convert(path, data, load_value(path, data), type)


def convert(path: str, data: bytes, value: Any, type: type[Record]) -> Record:
    """A value read from `data` as a record."""
    found = value.get("format", FORMAT) if isinstance(value, dict) else FORMAT
    if found != FORMAT or isinstance(found, bool | float):
        raise UnreadableFile(
            path,
            f"format {_shown(found)} is unknown: this gitrack reads format {FORMAT}",
            hint="a newer gitrack may read it: pip install -U gitrack-ml",
        )
    if not isinstance(value, dict):
        what = "is empty" if value is None else f"holds {_shown(value)} and not named fields"
        raise UnreadableFile(path, what, hint="restore the file from git")
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        raise _explain(path, data, value, type, str(error)) from None


def load_run(path: str, data: bytes) -> Run:
    """The run whose record lies at `path`, checked against its folder. Raises UnreadableFile."""
    value = load_value(path, data)
    run = convert(path, data, value, Run)
    check_run(path, run)
    return run


def check_run(path: str, run: Run) -> None:
    """What types cannot say: places, times, and paths that stay inside of the run's folder."""
    _check_place(path, run)
    for name, time in (("started", run.started), ("ended", run.ended)):
        if time is not None and not _TIME.match(time):
            raise UnreadableFile(
                path, f"{name} is {_shown(time)}, which is not a time", hint=f"write it as {_NOON}"
            )
    for artifact in run.artifacts:
        if _CLIMBS.search(artifact.path):
            raise UnreadableFile(
                path,
                f"the artifact {_shown(artifact.path)} does not lie inside of the run's folder",
                hint="write its path below artifacts/, without '..'",
            )


def _check_place(path: str, run: Run) -> None:
    """A record must say the id and the experiment that its folders say."""
    parts = path.split("/")
    if not is_run_id(run.id):
        there = parts[-2] if len(parts) > 1 else ""
        mend = f"set id: {_shown(there)}" if is_run_id(there) else None
        raise UnreadableFile(path, f"{_shown(run.id)} is not a run id", hint=mend)
    if len(parts) < 6:
        return
    for name, said, folder in (
        ("id", run.id, parts[-2]),
        ("experiment", run.experiment, parts[-5]),
    ):
        if said != folder:
            raise UnreadableFile(
                path,
                f"{name} is {_shown(said)}, but its folder is {_shown(folder)}",
                hint="rename one of them; a copied run needs an id of its own",
            )


def _explain(
    path: str, data: bytes, value: Any, type: type[Record], message: str
) -> UnreadableFile:
    """msgspec's complaint with the line, and with the very entry where it says only `[...]`."""
    found = _AT.match(message)
    what, where = (found["what"], found["path"]) if found else (message, "$")
    if "[...]" in where:
        where = _entry(value, type, message, where)
    line = safe_yaml.load(data, name=path)[1].at(where)
    place = where.removeprefix("$").removeprefix(".")
    why = f"{place}: {what}" if place else what
    return UnreadableFile(
        path,
        f"line {line}: {_decapitalized(why)}" if line else _decapitalized(why),
        hint="mend the value, or restore the file from git",
    )


def _entry(value: Any, type: type[Record], message: str, where: str) -> str:
    """`$.metrics[...]` to `$.metrics.auc`: by leaving only one entry in the map at a time."""
    steps = where.removeprefix("$.").partition("[...]")[0].split(".")
    entries = value
    for step in steps:
        entries = entries.get(step) if isinstance(entries, dict) else None
    if not isinstance(entries, dict):
        return where
    for name, item in list(entries.items())[:_MAX_TRIES]:
        try:
            msgspec.convert(_with(value, steps, {name: item}), type)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return where.replace("[...]", f".{name}", 1)
    return where


def _with(value: dict[str, Any], steps: list[str], inner: Any) -> dict[str, Any]:
    """A copy of nested maps in which the one at `steps` is `inner`."""
    first, *rest = steps
    return {**value, first: _with(value[first], rest, inner) if rest else inner}


def _decapitalized(text: str) -> str:
    return re.sub(r"\b(Expected|Object|Invalid)\b", lambda m: m.group().lower(), text)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
