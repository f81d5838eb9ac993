"""Which names are kept as they are, and which are refused at once with the mend.

Two kinds. **Places** (experiments, models, artifacts) become folders and files in git, in DVC and
on every system that checks the branch out, so they are strict. **Labels** (runs, params, metrics,
tags) only stand in files: quotes, emoji, right-to-left text and markup are kept as given, and
whoever shows them sees to it that they do no harm.

Every name is brought to Unicode's composed form (NFC), so that names that look alike are alike.
"""

from __future__ import annotations

import re
import unicodedata

from gitrack.errors import InvalidName

#: Characters of a label; what MLflow allows for a key.
MAX_LABEL = 250
#: Bytes of one folder or file name: leaves room for `.dvc` and temporary suffixes below 255.
MAX_PART = 120
#: Bytes of an artifact's whole path below its run: with the run's folder it stays portable.
MAX_PATH = 400

#: Printable ASCII that some system, shell or DVC reads as something else in a file name.
_UNSAFE = frozenset('<>:"|?*\\%`')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?\Z", re.IGNORECASE)
#: A version, or what would be taken for one.
_VERSION = re.compile(r"[vV]?\d+\Z")
#: As the names of evidence that a run logs.
_EVIDENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z", re.ASCII)
#: What git itself refuses to check out, in its spellings on Windows and macOS.
_GIT = re.compile(r"\.?git(?:~[0-9]+)?\Z", re.IGNORECASE)


def run_name(name: object) -> str:
    """A label for people; two runs may share one."""
    return _label("run name", name)


def param_name(name: object) -> str:
    """The key of a param; nested dictionaries come flattened with dots."""
    return _label("param name", name)


def metric_name(name: object) -> str:
    """The key of a metric: `val/auc_roc`, `test_f1`."""
    return _label("metric name", name)


def tag_name(name: object) -> str:
    """The key of a tag."""
    return _label("tag name", name)


def experiment_name(name: object) -> str:
    """A folder below `runs/`: one path part, at most 120 bytes."""
    return _part("experiment name", _text("experiment name", name))


def model_name(name: object) -> str:
    """A folder below `registry/`: one path part, at most 120 bytes, without `@`."""
    kind = "model name"
    text = _part(kind, _text(kind, name))
    if "@" in text:
        hint = f"write {text.replace('@', '-')!r}"
        raise InvalidName(kind, text, "holds '@', which comes before a version", hint=hint)
    return text


def artifact_name(name: object) -> str:
    """What runs share a named artifact by, a folder below `artifacts/`: one part, 120 bytes."""
    kind = "artifact name"
    text = _text(kind, name)
    before, colon, after = text.partition(":")
    if colon and before and after:
        hint = f"name it {before!r} and give aliases=({after!r},)"
        raise InvalidName(kind, text, "holds a ':', which comes before a version", hint=hint)
    return _part(kind, text)


def alias_name(name: object) -> str:
    """A pointer to a version: one path part that nobody takes for a version."""
    kind = "alias"
    text = _part(kind, _text(kind, name))
    if text.casefold() == "latest":
        hint = "leave it out: 'latest' always is the highest version"
        raise InvalidName(kind, text, "cannot be set", hint=hint)
    if text.casefold() == "dvc":
        hint = "call it 'in-dvc'"
        raise InvalidName(kind, text, "would be a file dvc.yaml, which DVC obeys", hint=hint)
    if _VERSION.match(text):
        hint = f"write {f'release-{text}'!r}"
        raise InvalidName(kind, text, "looks like the number of a version", hint=hint)
    if "@" in text:
        raise InvalidName(kind, text, "holds '@', which comes before an alias", hint="leave it out")
    return text


def evidence_kind(kind: object) -> str:
    """What evidence is about, a file's name in the registry: `unit-tests`, `shadow-mode`."""
    what = "evidence"
    text = _part(what, _text(what, kind))
    hint = "use letters, digits, dots and dashes, as in no-leakage"
    if not _EVIDENCE.match(text):
        raise InvalidName(what, text, "cannot be kept", hint=hint)
    if text.casefold() == "dvc":
        raise InvalidName(what, text, "would be a file dvc.yaml, which DVC obeys", hint=hint)
    return text


def artifact_path(path: object) -> str:
    """A path below `artifacts/`, parts joined by `/`: relative, inside, safe on every system."""
    kind = "artifact path"
    text = _text(kind, path)
    if len(text.encode()) > MAX_PATH:
        raise InvalidName(kind, text, f"is longer than {MAX_PATH} bytes", hint="use a shorter path")
    if text.startswith("/"):
        raise InvalidName(kind, text, "is absolute", hint=f"write {text.lstrip('/')!r}")
    if text.endswith(".dvc"):
        raise InvalidName(
            kind,
            text,
            "ends in .dvc, the ending of pointers to heavy files",
            hint="log the file that it points to, or give it another ending",
        )
    return "/".join(_part(kind, part, whole=text) for part in text.split("/"))


def _label(kind: str, name: object) -> str:
    text = _text(kind, name)
    if len(text) > MAX_LABEL:
        raise InvalidName(
            kind,
            text,
            f"has {len(text)} characters, {MAX_LABEL} are the most",
            hint="shorten it; long text belongs into a tag's value or the notes",
        )
    if text != text.strip():
        raise InvalidName(kind, text, "begins or ends with a space", hint=f"write {text.strip()!r}")
    return text


def _text(kind: str, name: object) -> str:
    if not isinstance(name, str):
        raise InvalidName(kind, name, "is not text", hint="give a str")
    if not name.strip():
        raise InvalidName(kind, name, "is empty", hint="give it at least one letter")
    for character in name:
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            raise InvalidName(
                kind,
                name,
                f"holds {_named(character)}",
                hint="keep it on one line, without control characters",
            )
        if category == "Cs":
            raise InvalidName(
                kind, name, f"holds {_named(character)}, half a character", hint="use UTF-8 text"
            )
    return unicodedata.normalize("NFC", name)


def _part(kind: str, part: str, *, whole: str | None = None) -> str:
    """One folder or file name. `whole` is the path that an error shows."""

    def refuse(why: str, mend: str) -> InvalidName:
        inside = f"has the part {part!r}, which " if whole is not None and whole != part else ""
        return InvalidName(kind, whole if whole is not None else part, inside + why, hint=mend)

    if part in ("", ".", ".."):
        raise refuse("leads nowhere or elsewhere", "name each folder once, without '.' and '..'")
    if len(part.encode()) > MAX_PART:
        raise refuse(f"is longer than {MAX_PART} bytes", "use a shorter name")
    if "/" in part:
        raise refuse("holds a slash", f"write {part.replace('/', '-').strip('-.')!r}")
    for character in part:
        if character in _UNSAFE:
            raise refuse(
                f"holds {_named(character)}", "use letters, digits, dashes and underscores"
            )
        if unicodedata.category(character) in ("Cf", "Co", "Cn") or (
            character != " " and unicodedata.category(character) == "Zs"
        ):
            raise refuse(f"holds {_named(character)}, which nobody sees", "type it without that")
    if part[0] in "-. " or part[-1] in ". ":
        mend = part.lstrip("-. ").rstrip(". ")
        raise refuse(
            "begins with a dash, dot or space, or ends with a dot or space",
            f"write {mend!r}" if mend else "begin it with a letter",
        )
    if _RESERVED.match(part) or _GIT.match(part):
        raise refuse("is a name that Windows or git keeps for itself", f"write {part + '-1'!r}")
    return part


def _named(character: str) -> str:
    """A character as an error can show it: `'<'`, `U+202E right-to-left override`."""
    if character.isprintable():
        return repr(character)
    name = unicodedata.name(character, "").lower()
    known = {"\n": "a newline", "\t": "a tab", "\r": "a carriage return", "\0": "a NUL"}
    return known.get(character) or f"U+{ord(character):04X} {name}".strip()
