"""Experiment tracking and a model registry without a server."""

from __future__ import annotations

__version__ = "0.1.0"
