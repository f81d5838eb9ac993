"""What was promoted, on whose word, and whether anybody has changed the record since."""

from __future__ import annotations

from gitrack.registry.audit.looking import audit

__all__ = ["audit"]
