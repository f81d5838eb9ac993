"""Callbacks and autolog for training libraries."""
