"""From which library an object comes, found out without importing that library."""

from __future__ import annotations

from pathlib import PurePosixPath


def library_of(value: object) -> frozenset[str]:
    """The top-level modules of the object's classes: `{"matplotlib", "builtins"}`."""
    return frozenset(cls.__module__.partition(".")[0] for cls in type(value).__mro__)


def suffix_of(name: str) -> str:
    """`.png` of `plots/ROC.PNG`; empty without one."""
    return PurePosixPath(name).suffix.lower()


def described(value: object) -> str:
    """A type as an error names it."""
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"
