"""The static website of one commit of the tracking branch."""

from __future__ import annotations

from gitrack.site.build import Report, build_site
from gitrack.site.goals import Goals
from gitrack.site.hiding.rules import Hide

__all__ = ["Goals", "Hide", "Report", "build_site"]
