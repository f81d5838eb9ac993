"""The registry on the branch: where its files lie, and how they are read."""

from gitrack.store.registry.reader import Registry

__all__ = ["Registry"]
