"""A patch, line by line, for people to read."""

from __future__ import annotations

import msgspec

_LINES = 1_500
_WIDTH = 600


class Line(msgspec.Struct, frozen=True):
    """One line of a file's change; numbers are those in the old and the new file."""

    kind: str
    text: str
    old: int | None = None
    new: int | None = None


class FileDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed in one file."""

    path: str
    added: int
    removed: int
    lines: tuple[Line, ...]


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """A whole patch, perhaps cut."""

    files: tuple[FileDiff, ...]
    added: int
    removed: int
    cut: bool


def read_diff(text: str) -> Diff:
    """Read a git patch; anything unexpected stays as plain lines, nothing is dropped silently."""
    files: list[FileDiff] = []
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    found: list[Line] = []
    path, old, new = "", 0, 0

    def close() -> None:
        if found:
            files.append(
                FileDiff(
                    path=path or "patch",
                    added=sum(line.kind == "added" for line in found),
                    removed=sum(line.kind == "removed" for line in found),
                    lines=tuple(found),
                )
            )

    in_hunk = False
    for raw in lines[:_LINES]:
        line = raw if len(raw) <= _WIDTH else raw[:_WIDTH] + " …"
        if line.startswith("diff --git "):
            close()
            found, in_hunk = [], False
            path = line.rpartition(" b/")[2] or line
        elif line.startswith("@@"):
            old, new = _start(line)
            in_hunk = True
            found.append(Line("hunk", line))
        elif not in_hunk and line.startswith(
            ("--- ", "+++ ", "index ", "new file", "deleted file")
        ):
            if line.startswith("+++ b/"):
                path = line[6:]
            if line.startswith(("new file", "deleted file")):
                found.append(Line("note", line))
        elif in_hunk and line.startswith("+"):
            found.append(Line("added", line[1:], None, new))
            new += 1
        elif in_hunk and line.startswith("-"):
            found.append(Line("removed", line[1:], old, None))
            old += 1
        elif in_hunk and (not line or line.startswith((" ", "\t"))):
            found.append(Line("same", line[1:], old, new))
            old, new = old + 1, new + 1
        else:
            found.append(Line("note", line))
    close()
    return Diff(
        files=tuple(files),
        added=sum(file.added for file in files),
        removed=sum(file.removed for file in files),
        cut=len(lines) > _LINES,
    )


def _start(line: str) -> tuple[int, int]:
    """First line numbers of `@@ -12,7 +12,9 @@`."""
    numbers = []
    for part in line.split(" ")[1:3]:
        digits = part.lstrip("-+").partition(",")[0]
        numbers.append(
            int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
        )
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
