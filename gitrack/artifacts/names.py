"""Names of artifacts: a relative path that every system, git and DVC can hold."""

from __future__ import annotations

import re
import unicodedata

from gitrack.errors import InvalidName

#: A pointer adds `.dvc`, and file systems stop at 255 bytes a name.
_LONGEST_PART = 240
_LONGEST = 600

_FORBIDDEN = re.compile(r'[<>:"|?*\\]')
#: Direction marks reorder what people read; line separators and controls break listings.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)
#: Files that git or DVC would obey instead of keep.
_OBEYED = frozenset(
    {
        ".git",
        ".gitignore",
        ".gitattributes",
        ".gitmodules",
        ".dvc",
        ".dvcignore",
        "dvc.yaml",
        "dvc.lock",
    }
)


def fault_of_part(part: str) -> str | None:
    """Why one component of a path cannot be kept as a file's name, or None."""
    if part in ("", ".", ".."):
        return "has an empty, '.' or '..' component"
    if _INVISIBLE.search(part):
        return "holds control or direction characters"
    if _FORBIDDEN.search(part):
        return "holds a character that some systems forbid in file names"
    if part[-1] in ". ":
        return "has a component that ends in a dot or a space"
    if part[0] == " ":
        return "has a component that begins with a space"
    if _DEVICES.match(part):
        return "has a component that is a device on Windows"
    lower = part.casefold()
    if lower in _OBEYED or lower.endswith(".dvc"):
        return "is a name that git or DVC would obey"
    try:
        length = len(part.encode("utf-8"))
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if length > _LONGEST_PART:
        return f"has a component of more than {_LONGEST_PART} bytes"
    return None


def fault_of(name: str) -> str | None:
    """Why `name` cannot be an artifact's path, or None."""
    if not name:
        return "is empty"
    if name.startswith("/"):
        return "is an absolute path"
    for part in name.split("/"):
        why = fault_of_part(part)
        if why is not None:
            return why
    if len(name.encode("utf-8")) > _LONGEST:
        return f"is longer than {_LONGEST} bytes"
    return None


def check_name(name: object) -> str:
    """`name` itself, or InvalidName that proposes one."""
    if not isinstance(name, str):
        raise InvalidName("artifact name", name, "is not a text")
    why = fault_of(name)
    if why is None:
        return name
    proposal = _mended(name)
    hint = f"use a relative path such as {proposal!r}" if proposal else "use a relative path"
    raise InvalidName("artifact name", name, why, hint=hint)


def _mended(name: str) -> str | None:
    """The nearest name that can be kept, if there is one."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    parts = []
    for part in text.replace("\\", "/").split("/"):
        part = _FORBIDDEN.sub("-", _INVISIBLE.sub("", part)).strip(" ").rstrip(". ")[:60]
        if part in ("", ".", ".."):
            continue
        if fault_of_part(part) is not None:
            part = f"{part.strip('.').replace('.', '-')}.txt"
        parts.append(part)
    mended = "/".join(parts)[:200]
    return mended if mended and fault_of(mended) is None else None
