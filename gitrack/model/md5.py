"""What names contents: an md5 as DVC writes it."""

from __future__ import annotations

import re
from typing import TypeGuard

_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?\Z", re.ASCII)


def is_md5(value: object) -> TypeGuard[str]:
    """Whether this is an md5 of a file, or with `.dir` behind it of a folder's list.

    An md5 becomes a path in caches and on remotes, and records and pointers may be anybody's:
    nothing else may.
    """
    return isinstance(value, str) and _MD5.match(value) is not None
