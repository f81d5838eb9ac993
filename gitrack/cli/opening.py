"""Whether a file may be opened by the system's own program for it, and whether one is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: Opening one of these runs it, on some system or other.
_PROGRAMS = frozenset(
    (
        *(".app", ".bat", ".cmd", ".com", ".command", ".cpl", ".desktop", ".exe", ".hta"),
        *(".jar", ".js", ".jse", ".lnk", ".msi", ".pif", ".pl", ".ps1", ".py", ".pyw", ".rb"),
        *(".reg", ".run", ".scr", ".sh", ".url", ".vb", ".vbe", ".vbs", ".wsf", ".wsh"),
        *(".docm", ".dotm", ".pptm", ".xlam", ".xlsm", ".xltm"),
        *(".pkl", ".pickle", ".ipynb"),
    )
)
_MAGIC = (b"#!", b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa")
#: A browser shows these, and runs the scripts in them.
_PAGES = frozenset((".htm", ".html", ".svg", ".xhtml", ".xml"))


def may_run(place: Path) -> str | None:
    """Why opening this would run something, or None."""
    if place.is_dir():
        return "is an application" if place.suffix.lower() == ".app" else None
    if place.suffix.lower() in _PROGRAMS:
        return f"may run what is in it, as {place.suffix.lower()} files do"
    with place.open("rb") as file:
        if file.read(4).startswith(_MAGIC):
            return "is a program"
    return None


def is_page(place: Path) -> bool:
    """True for what a browser shows, with its scripts."""
    return place.suffix.lower() in _PAGES


def has_display() -> bool:
    """False where no window could appear: over SSH, in a container."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
