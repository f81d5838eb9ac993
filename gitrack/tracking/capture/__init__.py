"""What a run captures by itself: code, environment, console, system; and the secret scan."""

from __future__ import annotations

from gitrack.tracking.capture.captured import Captured, load_captured
from gitrack.tracking.capture.session import Capture

__all__ = ["Capture", "Captured", "load_captured"]
