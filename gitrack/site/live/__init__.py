"""Runs that are being written, for whoever has the site served: no file of the site is changed."""

from gitrack.site.live.answers import Answer, Live
from gitrack.site.live.watching import Watch

__all__ = ["Answer", "Live", "Watch"]
