"""Heavy files: bytes in the DVC cache, real DVC pointers for the branch."""

from __future__ import annotations

from gitrack.artifacts.branch_files import branch_files_for_new_branch, check_remote, day_files
from gitrack.artifacts.cache import Cache
from gitrack.artifacts.keep import Kept, keep
from gitrack.artifacts.names import check_name
from gitrack.artifacts.pointers import Pointer, dump_pointer, load_pointer
from gitrack.artifacts.project import cache_of
from gitrack.artifacts.transfer import deliver

__all__ = [
    "Cache",
    "Kept",
    "Pointer",
    "branch_files_for_new_branch",
    "cache_of",
    "check_name",
    "check_remote",
    "day_files",
    "deliver",
    "dump_pointer",
    "keep",
    "load_pointer",
]
