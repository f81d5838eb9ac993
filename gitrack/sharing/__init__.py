"""Runs and heavy files beyond one clone: exchanged with others, collected when no longer needed."""
