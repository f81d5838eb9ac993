"""Questions over many runs: search, comparison, explanation."""
