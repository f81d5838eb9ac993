"""Charts of `.tracking/charts/`: Vega-Lite that asks for runs or curves by name, read strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gitrack.errors import ConfigError, InvalidFilter
from gitrack.model.query import parse
from gitrack.site.reports.written import chart_name

FOLDER = ".tracking/charts"
#: The data that the site gives.
RUNS, CURVES = "runs", "curves"
#: A chart that makes its own numbers makes no more than so many.
_MOST_MADE = 100_000
_DEEPEST = 60


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A chart: `asks` names the data it needs, `words` is all its text, for what it may name."""

    name: str
    file: str
    title: str
    filter: str | None
    asks: tuple[str, ...]
    spec: dict[str, Any]
    words: str


def read_specs(charts: Mapping[str, str]) -> dict[str, Spec]:
    """Every chart by its name. Raises ConfigError that names the file, and the line if there is."""
    found: dict[str, Spec] = {}
    for file in sorted(charts):
        spec = read_spec(file, charts[file])
        if spec.name in found:
            raise ConfigError(
                f"{spec.file} and {found[spec.name].file} are both called {spec.name!r}",
                hint="give one of them another name",
            )
        found[spec.name] = spec
    return found


def read_spec(file: str, text: str) -> Spec:
    """One chart. What it could fetch, or be drawn of in another language, is refused."""
    place = f"{FOLDER}/{file}"
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{place}:{error.lineno}: is not JSON: {error.msg.lower()}", hint="mend the JSON"
        ) from error
    except RecursionError as error:
        raise ConfigError(f"{place} is nested too deeply", hint="write it flatter") from error
    if not isinstance(whole, dict):
        raise ConfigError(f"{place} is no specification", hint="write a map with mark and encoding")
    schema = whole.get("$schema")
    if isinstance(schema, str) and "/vega/" in schema:
        raise ConfigError(f"{place} is Vega", hint="write it in Vega-Lite")
    whole.pop("$schema", None)  # it is drawn by the version that the site has
    title, filter = _about(whole.pop("usermeta", None), place, chart_name(file))
    asks = sorted(set(_asked(whole, place)))
    words = "\n".join(_words(whole)).replace("\\", "")
    return Spec(
        name=chart_name(file),
        file=place,
        title=title,
        filter=filter,
        asks=tuple(asks),
        spec=whole,
        words=words,
    )


def fields(spec: Spec) -> list[str]:
    """The params, metrics and tags that a chart draws by plain names and does not make itself."""
    named: set[str] = set()
    made: set[object] = set()
    for part in _maps(spec.spec, spec.file):
        of_part = part.get("as")
        made.update(of_part if isinstance(of_part, list) else [str(of_part)])
        field = part.get("field")
        if isinstance(field, str) and _PLAIN.fullmatch(field):
            named.add(field)
    return sorted(named - made)


def unsectioned(spec: Spec) -> list[str]:
    """Fields of a chart of runs that say neither params, metrics nor tags, and are no column.

    None of a chart that has other rows too, or makes fields: there any name may be one.
    """
    if spec.asks != (RUNS,):
        return []
    named: set[str] = set()
    for part in _maps(spec.spec, spec.file):
        data = part.get("data")
        if "transform" in part or "datasets" in part or (data and data != {"name": RUNS}):
            return []
        field = part.get("field")
        if isinstance(field, str) and _BARE.fullmatch(field):
            named.add(field)
    return sorted(named - set(RUN_COLUMNS))


#: What every row of runs has beside params, metrics and tags.
RUN_COLUMNS = ("id", "name", "experiment", "status", "started")
_BARE = re.compile(r"[^\W_][\w-]*")
#: Anything else that Vega-Lite takes as a field is its own way into what lies deeper.
_PLAIN = re.compile(r"(?:params|metrics|tags)\.[\w-]+")


def _about(meta: object, place: str, name: str) -> tuple[str, str | None]:
    """What `usermeta.gitrack` says; what it says to other programs is left to them."""
    ours = meta.get("gitrack", {}) if isinstance(meta, dict) else {}
    if not isinstance(ours, dict):
        raise ConfigError(
            f"{place}: usermeta.gitrack is no map", hint="write {title: …, filter: …}"
        )
    for key, value in ours.items():
        if key not in ("title", "filter") or not isinstance(value, str):
            raise ConfigError(
                f"{place}: usermeta.gitrack has {key!r}: {value!r}",
                hint="write title and filter, both texts",
            )
    filter = ours.get("filter")
    if filter:
        try:
            parse(filter)
        except InvalidFilter as error:
            raise ConfigError(
                f"{place}: usermeta.gitrack.filter: {error.message}", hint=error.hint
            ) from error
    return ours.get("title") or name, filter or None


def _asked(whole: dict[str, Any], place: str) -> Iterator[str]:
    """The names of data of ours; raises for what it may not be made of."""
    own = whole.get("datasets")
    known = set(own) if isinstance(own, dict) else set()
    if taken := known & {RUNS, CURVES}:
        raise ConfigError(
            f"{place} has data of its own called {sorted(taken)[0]!r}", hint="call them otherwise"
        )
    for part in _maps(whole, place):
        data = part.get("data")
        if isinstance(data, dict):
            if "url" in data:
                raise ConfigError(
                    f"{place} takes data from {data['url']!r}",
                    hint='pages fetch nothing: write {"name": "runs"} or {"name": "curves"}',
                )
            if (name := data.get("name")) is not None and "values" not in data:
                if name not in known | {RUNS, CURVES} and "sequence" not in data:
                    raise ConfigError(
                        f"{place} asks for data {name!r}", hint="the site has runs and curves"
                    )
                if name in (RUNS, CURVES):
                    yield name
            _check_sequence(data.get("sequence"), place)
        mark = part.get("mark")
        kind = mark.get("type") if isinstance(mark, dict) else mark
        if kind == "image":
            raise ConfigError(
                f"{place} draws pictures", hint="pages fetch nothing: use other marks"
            )


def _check_sequence(made: object, place: str) -> None:
    if not isinstance(made, dict):
        return
    start, stop, step = (made.get(key, other) for key, other in _SEQUENCE)
    try:
        count = abs((stop - start) / step)
    except (TypeError, ZeroDivisionError, OverflowError):
        count = _MOST_MADE + 1
    if not count <= _MOST_MADE:
        raise ConfigError(
            f"{place} makes a sequence without end", hint=f"make at most {_MOST_MADE:,} numbers"
        )


_SEQUENCE = (("start", 0), ("stop", 0), ("step", 1))


def _maps(value: object, place: str, depth: int = 0) -> Iterator[dict[str, Any]]:
    """All maps inside, rows of data left out."""
    if depth > _DEEPEST:
        raise ConfigError(f"{place} is nested too deeply", hint="write it flatter")
    if isinstance(value, dict):
        yield value
        for key, inside in value.items():
            if key not in ("values", "datasets"):
                yield from _maps(inside, place, depth + 1)
    elif isinstance(value, list):
        for inside in value:
            yield from _maps(inside, place, depth + 1)


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from _words(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _words(inside)
