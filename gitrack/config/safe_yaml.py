"""YAML from strangers: read by PyYAML's C parser, without anything that surprises or explodes.

Anchors, aliases, tags, merge keys, duplicate keys, second documents, big files and deep nesting
are refused, each with the line it stands on. Scalars are read as PyYAML's safe loader reads them,
except that dates stay text: a record knows no dates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from gitrack.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable

#: A record is a few kB; whatever is larger than this is not one, and is not even parsed.
MAX_BYTES = 1 << 20
MAX_DEPTH = 20
_MAX_NUMBER = 400

Path = tuple[str | int, ...]

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")


class Lines:
    """Where in a file each value stands, counted from 1."""

    def __init__(self, known: dict[Path, int]) -> None:
        self._known = known

    def at(self, path: str | Path) -> int | None:
        """The line of a path, or of the nearest thing around it that the file does hold.

        A path is a tuple of keys and positions, or text as msgspec writes it in its errors:
        `$.tags.required[0]`, where `[...]` stands for some entry of a map.
        """
        steps = _steps(path) if isinstance(path, str) else tuple(path)
        while steps and steps not in self._known:
            steps = steps[:-1]
        return self._known.get(steps)

    def span(self, path: Path) -> tuple[int, int] | None:
        """The first and the last line on which something of a path begins; None without any."""
        inside = [line for one, line in self._known.items() if one[: len(path)] == path]
        return (min(inside), max(inside)) if inside else None


def _steps(path: str) -> Path:
    steps: list[str | int] = []
    for name, position, some in _STEP.findall(path.removeprefix("$")):
        if some:
            break
        steps.append(int(position) if position else name)
    return tuple(steps)


def load(
    text: bytes | str,
    *,
    name: str,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
) -> tuple[Any, Lines]:
    """The value that a document holds, and where its parts stand. Raises UnreadableFile."""
    return _Reader(name, decode(text, name=name, max_bytes=max_bytes), max_depth).document()


def decode(text: bytes | str, *, name: str, max_bytes: int = MAX_BYTES) -> str:
    """UTF-8 to text, after the size was found bearable. A leading byte order mark is dropped."""
    size = len(text)
    if size > max_bytes:
        raise UnreadableFile(
            name,
            f"{size:,} bytes are too many for a record (at most {max_bytes:,})",
            hint="keep large content in an artifact",
        )
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(
            name, f"line {line}: not UTF-8 text", hint="save the file as UTF-8"
        ) from None


class _Open:
    """A map or list that is being read, and the key that waits for its value."""

    __slots__ = ("key", "path", "value")

    def __init__(self, value: dict[str, Any] | list[Any], path: Path) -> None:
        self.value = value
        self.path = path
        self.key: str | None = None


class _Reader:
    """Builds a value from the parser's events with a stack of its own: depth is no danger."""

    def __init__(self, name: str, text: str, max_depth: int) -> None:
        import yaml  # 19 ms: only files that we did not write ourselves come here

        self.yaml = yaml
        self.name = name
        self.text = text
        self.max_depth = max_depth
        self.lines: dict[Path, int] = {}
        self.open: list[_Open] = []
        self.root: Any = None
        self.scalar = _scalars()

    def document(self) -> tuple[Any, Lines]:
        yaml = self.yaml
        documents = 0
        try:
            for event in yaml.parse(self.text, Loader=yaml.CSafeLoader):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self.refuse(
                            event, "a second document begins here", "keep one document in a file"
                        )
                elif isinstance(event, yaml.NodeEvent):
                    self.node(event)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self.close(event)
        except yaml.YAMLError as error:
            raise self.broken(error) from None
        return self.root, Lines(self.lines)

    def node(self, event: Any) -> None:
        yaml = self.yaml
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, f"an alias (*{event.anchor}) is not allowed", "write the value out")
        if event.anchor is not None:
            self.refuse(event, f"an anchor (&{event.anchor}) is not allowed", "write the value out")
        if event.tag is not None and event.tag != "!":
            self.refuse(event, f"a tag ({event.tag}) is not allowed", "leave the tag away")
        if isinstance(event, yaml.ScalarEvent):
            self.put(event, self.value_of(event))
            return
        if len(self.open) >= self.max_depth:
            self.refuse(
                event, f"nested deeper than {self.max_depth} levels", "flatten the document"
            )
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self.put(event, value)
        self.open.append(_Open(value, path))

    def put(self, event: Any, value: Any) -> Path:
        """Give a value its place: as a key, under the waiting key, or at the end of a list."""
        line = event.start_mark.line + 1
        if not self.open:
            self.root = value
            self.lines[()] = line
            return ()
        top = self.open[-1]
        if isinstance(top.value, list):
            path = (*top.path, len(top.value))
            top.value.append(value)
        elif top.key is None:
            path = self.begin_key(event, top, value)
        else:
            path = (*top.path, top.key)
            top.value[top.key] = value
            top.key = None
            return path
        self.lines[path] = line
        return path

    def begin_key(self, event: Any, top: _Open, key: Any) -> Path:
        if isinstance(key, dict | list):
            self.refuse(event, "a map or a list stands where a key belongs", "use text as the key")
        if not isinstance(key, str):
            self.refuse(
                event,
                f"the key {event.value[:80]} is not text to YAML",
                f'put it in quotes: "{event.value}"',
            )
        if key in top.value:
            self.refuse(
                event, f"the key {key[:80]!r} stands here a second time", "remove one of them"
            )
        top.key = key
        return (*top.path, key)

    def close(self, event: Any) -> None:
        self.open.pop()

    def value_of(self, event: Any) -> Any:
        if not event.implicit[0]:
            return event.value
        try:
            return self.scalar(event.value)
        except ValueError:
            self.refuse(
                event, f"the value {event.value[:80]!r} cannot be read", "put text in quotes"
            )

    def refuse(self, event: Any, what: str, hint: str) -> NoReturn:
        raise UnreadableFile(self.name, f"{_place(event.start_mark)}: {what}", hint=hint)

    def broken(self, error: Exception) -> UnreadableFile:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark is not None:
            why = f"{_place(mark)}: {getattr(error, 'problem', None) or 'not valid YAML'}"
        else:
            where = getattr(error, "position", 0)
            line = self.text.count("\n", 0, where) + 1
            why = f"line {line}: a character that YAML does not allow"
        return UnreadableFile(self.name, why, hint="mend the line, or restore the file from git")


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _scalars() -> Callable[[str], Any]:
    """A function that reads a plain scalar as PyYAML's safe loader does."""
    import yaml

    resolver = yaml.resolver.Resolver()
    constructor = yaml.constructor.SafeConstructor()
    prefix = "tag:yaml.org,2002:"
    makers: dict[str, Callable[[yaml.ScalarNode], Any]] = {
        prefix + "null": constructor.construct_yaml_null,
        prefix + "bool": constructor.construct_yaml_bool,
        prefix + "int": constructor.construct_yaml_int,
        prefix + "float": constructor.construct_yaml_float,
    }

    def scalar(text: str) -> Any:
        tag = resolver.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # not in the stubs
        make = makers.get(tag)
        # a number of a million digits, or in base 60, would take minutes; `<<` is a merge key
        if tag == prefix + "merge" or (make is not None and len(text) > _MAX_NUMBER):
            raise ValueError(text)
        return text if make is None else make(yaml.ScalarNode(tag, text))

    return scalar
