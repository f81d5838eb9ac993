"""Calls one function with what it reads from standard input; the last line it prints answers.

Run as `python -m gitrack.registry.gates.called package.module:function`.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import traceback
from typing import Any

#: Only the end of what is printed is read.
_LONGEST = 1_000


def main(target: str) -> str:
    """The line that answers."""
    version = json.load(sys.stdin)
    module, _, name = target.partition(":")
    try:
        function: Any = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError) as error:
        return _answer(None, f"{target} cannot be imported: {error}")
    try:
        given: Any = function(version)
    except Exception as error:  # noqa: BLE001 - somebody else's code
        traceback.print_exc()
        return _answer(None, f"{target} raised {type(error).__name__}: {error}")
    passed, says = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if not isinstance(passed, bool) or not (says is None or isinstance(says, str)):
        shown = f"{given!r:.100}"
        return _answer(None, f"{target} gave {shown}, neither True, False nor (passed, sentence)")
    return _answer(passed, says)


def _answer(passed: bool | None, says: str | None) -> str:
    said = None if says is None else says[:_LONGEST]
    return "gitrack-answer:" + json.dumps({"passed": passed, "says": said})


if __name__ == "__main__":
    line = main(sys.argv[1])
    print(f"\n{line}", flush=True)
