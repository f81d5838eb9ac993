"""Stages change here: planned, judged, and written as one commit on a branch for review."""
