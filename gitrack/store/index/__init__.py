"""A disposable columnar cache of all runs, keyed by git object ids."""
