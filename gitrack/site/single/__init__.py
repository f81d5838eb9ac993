"""The site as one file without scripts, which can be sent by mail and opened from there."""

from __future__ import annotations

from gitrack.site.single.build import LARGE, Single, build_single
from gitrack.site.single.only import Only
from gitrack.site.single.target import check_writable

__all__ = ["LARGE", "Only", "Single", "build_single", "check_writable"]
