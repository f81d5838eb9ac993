"""The last look before anything is written: secrets are cut out, or refused.

A secret found in one place is looked for in all the others: a key given as a param is often in
the command line and in the output too.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from gitrack.errors import SecretFound
from gitrack.model.run import Run
from gitrack.tracking.capture.secret_names import kind_by_name
from gitrack.tracking.capture.secret_patterns import SHORTEST, Match, known_patterns, matches

Mode = Literal["redact", "refuse", "off"]

#: The fields of a run that people and programs fill. The others are ours: ids, times, hashes.
_FREE = (
    "name",
    "experiment",
    "author",
    "command",
    "notes",
    "error",
    "params",
    "tags",
    "code",
    "data",
    "environment",
    "evidence",
)
#: Fields below those that hold hashes.
_NEVER = frozenset({"commit", "patch", "packages", "dvc", "md5", "revision"})

_LARGEST_CACHED = 4_000
_ALLOWED = re.compile(r"pragma:?\s*(?:allow|white)list[ -]secret", re.IGNORECASE)

#: `password = "…"`, `"api_key": "…"`; the name before it is looked at afterwards.
_QUOTED = re.compile(r"[\"']?[ \t]{0,20}(?::=|=>|=|:)\s{0,20}[rbf]?([\"'])([^\"'\n]{4,500})\1")
_NAME_BEFORE = re.compile(r"[\w.-]+\Z")
#: `DB_PASSWORD=…`, and `api_key: …` with a digit in it.
_SHELL = re.compile(r"\b([A-Z][A-Z0-9_]*)=([^\s\"'`;&|<>()]{4,500})")
_YAML = re.compile(
    r"(?m)^[+ -]?[ \t]*([\w.-]+):[ \t]++([^\s\"'#()\d]{0,200}\d[^\s\"'#()]{0,300}+)[ \t]*$"
)
#: `--api-key=…`, `--token …`, and `db.password=…` as some command lines have it.
_FLAG = re.compile(
    r"(?P<dash>--?)?(?P<name>[\w.-]+)(?P<gap>=|\s+)(?P<value>'[^']*'|\"[^\"]*\"|[^\s'\"]+)"
)


class _Cleaned(NamedTuple):
    """A text without its secrets: what they were, and in which line each kind was found."""

    text: str
    secrets: tuple[tuple[str, str], ...] = ()
    found: tuple[tuple[int, str], ...] = ()


class Scanner:
    """Cleans one run and its files. Ask `findings` what was found where, never what it was."""

    def __init__(self, mode: Mode = "redact") -> None:
        self.mode = mode
        self.findings: list[str] = []
        self._known: dict[str, str] = {}

    def clean_run(self, run: Run) -> Run:
        """The run without secrets; the same object if there were none."""
        if self.mode == "off":
            return run
        plain = {name: getattr(run, name) for name in _FREE}
        plain["code"], plain["environment"] = msgspec.to_builtins((run.code, run.environment))
        plain["data"], plain["evidence"] = msgspec.to_builtins((run.data, run.evidence))
        plain["artifacts"] = [_typed(one, ("description", "uri")) for one in run.artifacts]
        plain["uses"] = [_typed(one, ("uri",)) for one in run.uses]
        cleaned = {name: self._clean(name, value) for name, value in plain.items()}
        if self._known:
            # found late, written early: a second look for what is known by now
            cleaned = {name: self._without_known(name, value) for name, value in cleaned.items()}
        changed = {name: value for name, value in cleaned.items() if value != plain[name]}
        if not changed:
            return run
        for name in {"artifacts", "uses"} & changed.keys():
            whole = msgspec.to_builtins(getattr(run, name))
            changed[name] = [{**a, **b} for a, b in zip(whole, changed[name], strict=True)]
        return msgspec.convert({**msgspec.to_builtins(run), **changed}, Run)

    def clean_bytes(self, path: str, data: bytes) -> bytes:
        """A file's bytes without secrets. Pictures and other binary files stay as they are."""
        if self.mode == "off":
            return data
        text, encoding = _decoded(data)
        if text is None:
            return data
        cleaned = _clean_file(hashlib.sha256(data).digest(), text)
        for secret, kind in cleaned.secrets:
            self._remember(secret, kind)
        for line, kind in cleaned.found:
            self._report(f"{path}:{line}", kind)
        clean = self._without_known(path, cleaned.text)
        return data if clean == text else clean.encode(encoding, "surrogateescape")

    def clean(self, where: str, value: Any) -> Any:
        """A text, or a dict or list of them, without secrets."""
        return value if self.mode == "off" else self._clean(where, value)

    def _clean(self, where: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._clean_text(where, value)
        if isinstance(value, dict):
            return {
                self._clean_text(f"{where}: a name", key): self._clean_entry(where, key, entry)
                for key, entry in value.items()
            }
        if isinstance(value, list):
            return [self._clean(f"{where}[{at}]", entry) for at, entry in enumerate(value)]
        return value

    def _clean_entry(self, where: str, key: str, value: Any) -> Any:
        if where in ("code", "environment") or where.startswith("data["):
            return value if key in _NEVER else self._clean(f"{where}.{key}", value)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            kind = kind_by_name(key, str(value))
            # a number is a password only where the name leaves no doubt
            if kind and (isinstance(value, str) or kind == "password"):
                self._remember(str(value), kind)
                self._report(f"{where}.{key}", kind)
                return redacted(kind)
        return self._clean(f"{where}.{key}", value)

    def _clean_text(self, where: str, text: str) -> str:
        if len(text) < SHORTEST and "://" not in text and where != "command":
            return text
        short = len(text) <= _LARGEST_CACHED
        clean = _clean_string if short else _clean_string.__wrapped__
        cleaned = clean(text, where == "command")
        for secret, kind in cleaned.secrets:
            self._remember(secret, kind)
            self._report(where, kind)
        return cleaned.text

    def _without_known(self, where: str, value: Any) -> Any:
        if isinstance(value, str):
            for secret, kind in self._known.items():
                if secret in value:
                    self._report(where, kind)
                    value = value.replace(secret, redacted(kind))
            return value
        if isinstance(value, dict):
            return {
                self._without_known(where, key): self._without_known(f"{where}.{key}", entry)
                for key, entry in value.items()
            }
        if isinstance(value, list):
            return [self._without_known(where, entry) for entry in value]
        return value

    def _remember(self, secret: str, kind: str) -> None:
        if "\n" not in secret and _telling(secret):
            self._known.setdefault(secret, kind)

    def _report(self, where: str, kind: str) -> None:
        finding = f"{where}: {kind}"
        if self.mode == "refuse":
            raise SecretFound(
                f"{finding} must not reach history",
                hint="set  capture: {secrets: redact}  in .tracking/config.yaml, or do not log it",
            )
        if finding not in self.findings:
            self.findings.append(finding)


def _telling(secret: str) -> bool:
    """Whether to look for it elsewhere: a short word would be hidden in many harmless places."""
    mixed = not secret.isalpha() or (secret.lower() != secret and secret.upper() != secret)
    return len(secret) >= (8 if mixed else 16)


def redacted(kind: str) -> str:
    """What stands where a secret was."""
    return f"[redacted: {kind}]"


def preload() -> None:
    """Pay for the import now, where nobody waits for it."""
    known_patterns()


@functools.lru_cache(maxsize=8192)
def _clean_string(text: str, command: bool) -> _Cleaned:
    found = list(matches(text))
    if command:
        found += _flags(text)
    return _cut_out(text, found)


_files: OrderedDict[bytes, _Cleaned] = OrderedDict()


def _clean_file(digest: bytes, text: str) -> _Cleaned:
    """Cached by content: all runs of a process share their patch and their list of packages."""
    cached = _files.get(digest)
    if cached is None:
        cached = _cut_out(text, [*matches(text), *_assignments(text)])
        _files[digest] = cached
        while len(_files) > 16:
            _files.popitem(last=False)
    return cached


def _assignments(text: str) -> Iterator[Match]:
    for match in _QUOTED.finditer(text):
        name = _NAME_BEFORE.search(text, max(match.start() - 100, 0), match.start())
        if name is not None:
            yield from _judged(name[0], match, 2)
    for pattern in (_SHELL, _YAML):
        for match in pattern.finditer(text):
            yield from _judged(match[1], match, 2)


def _judged(name: str, match: re.Match[str], group: int) -> Iterator[Match]:
    kind = kind_by_name(name, match[group])
    if kind:
        yield Match(match.start(group), match.end(group), kind)


def _flags(command: str) -> list[Match]:
    found: list[Match] = []
    at = 0
    while match := _FLAG.search(command, at):
        at = match.end()
        value = match["value"]
        if match["gap"] != "=" and (not match["dash"] or value.startswith("-")):
            at = match.end("name")
            continue
        bare = value[1:-1] if value[0] in "'\"" else value
        kind = kind_by_name(match["name"], bare)
        if kind:
            start = match.start("value") + (1 if bare != value else 0)
            found.append(Match(start, start + len(bare), kind))
    return found


def _cut_out(text: str, found: list[Match]) -> _Cleaned:
    if not found:
        return _Cleaned(text)
    parts: list[str] = []
    secrets: list[tuple[str, str]] = []
    lines: list[tuple[int, str]] = []
    at = 0
    for match in _merged(found):
        secret = text[match.start : match.end]
        if _ALLOWED.search(_line_around(text, match)) or secret.startswith("[redacted:"):
            continue
        parts += [text[at : match.start], _in_place_of(secret, match.kind)]
        secrets.append((secret, match.kind))
        lines.append((text.count("\n", 0, match.start) + 1, match.kind))
        at = match.end
    return _Cleaned("".join([*parts, text[at:]]), tuple(secrets), tuple(lines))


def _merged(found: list[Match]) -> list[Match]:
    merged: list[Match] = []
    for match in sorted(found, key=lambda match: (match.start, -match.end)):
        if merged and match.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Match(last.start, max(last.end, match.end), last.kind)
        elif match.end > match.start:
            merged.append(match)
    return merged


def _in_place_of(secret: str, kind: str) -> str:
    """As many lines as before, each with its mark of a patch, so that the patch still applies."""
    _first, *more = secret.split("\n")
    marks = (line[0] if line[:1] in ("+", "-", " ") else "" for line in more)
    return "\n".join([redacted(kind), *(f"{mark}{redacted(kind)}" for mark in marks)])


def _line_around(text: str, match: Match) -> str:
    start = text.rfind("\n", 0, match.start) + 1
    end = text.find("\n", match.end)
    return text[max(start, match.start - 500) : end if end >= 0 else len(text)][:2000]


def _decoded(data: bytes) -> tuple[str | None, str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError:
            return None, ""
    try:
        return data.decode(), "utf-8"
    except UnicodeDecodeError:
        # text in an older encoding is looked at too; what has a NUL is no text
        return (None, "") if b"\0" in data else (data.decode("utf-8", "surrogateescape"), "utf-8")


def forget() -> None:
    """Look at everything anew."""
    _clean_string.cache_clear()
    _files.clear()


def _typed(record: msgspec.Struct, names: tuple[str, ...]) -> dict[str, str]:
    """What somebody has typed of a record; its md5 looks like a secret and is none."""
    return {name: text for name in names if (text := getattr(record, name)) is not None}
