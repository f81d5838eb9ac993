"""Regular expressions whose time grows with the text alone, whatever pattern and text are.

Neither the texts on a branch nor a pattern in a link are to be trusted, and Python's `re` needs
minutes for some short patterns on some short texts. RE2 never does; it has no look-around and no
backreferences, and its `\\w`, `\\d`, `\\s` and `\\b` know ASCII only, as JavaScript's do.
"""

from __future__ import annotations

#: Bytes that one compiled pattern may take.
_MAX_MEMORY = 1 << 20


class BadRegex(ValueError):
    """What is wrong with a pattern."""


class Regex:
    """A pattern that `found_in` searches for anywhere in a text."""

    def __init__(self, pattern: str) -> None:
        """Raises BadRegex."""
        import re2

        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MAX_MEMORY
        try:
            self._search = re2.compile(pattern, options).search
        except re2.error as error:
            why = error.args[0]
            raise BadRegex(why.decode("utf-8") if isinstance(why, bytes) else str(why)) from None

    def found_in(self, text: str) -> bool:
        """Does the pattern match somewhere in the text?"""
        return self._search(text) is not None
