"""A table of all runs, kept in a cache that can be deleted at any time."""

from gitrack.store.index.cache import Index
from gitrack.store.index.table import RunTable

__all__ = ["Index", "RunTable"]
