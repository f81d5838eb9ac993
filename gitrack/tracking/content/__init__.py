"""Objects of other libraries turned into bytes and records: figures, tables, data, predictions."""

from __future__ import annotations

from gitrack.tracking.content.datasets import describe_dataset
from gitrack.tracking.content.figures import figure_bytes
from gitrack.tracking.content.frames import frame_bytes
from gitrack.tracking.content.plain import dict_bytes
from gitrack.tracking.content.predictions import predictions_bytes

__all__ = ["describe_dataset", "dict_bytes", "figure_bytes", "frame_bytes", "predictions_bytes"]
