"""A bundle for an auditor: a page, JSON, tables, and the very files that they are about."""

from __future__ import annotations

from gitrack.registry.audit.export.bundle import Exported, export_bundle

__all__ = ["Exported", "export_bundle"]
