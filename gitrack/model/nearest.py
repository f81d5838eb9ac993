"""The name that was meant by one that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: Names beyond which the last ones are compared only: it takes a second for some ten thousands.
_MOST = 2_000


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, if any is like it."""
    import difflib  # only for those who mistyped

    names = known if isinstance(known, Sequence) else list(known)
    return next(iter(difflib.get_close_matches(name, names[-_MOST:], n=1)), None)
