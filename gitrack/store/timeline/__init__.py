"""What stood in each stage when, from the history of the tracking branch."""

from gitrack.store.timeline.timeline import CutHistory, RecordChange, StageChange, Timeline

__all__ = ["CutHistory", "RecordChange", "StageChange", "Timeline"]
