"""From a reference to bytes: what `flights:v2` or `runs:/7k3f9q/model` means, and where it is."""

from __future__ import annotations

from gitrack.retrieval.obtain import obtain
from gitrack.retrieval.resolve import Located, locate

__all__ = ["Located", "locate", "obtain"]
