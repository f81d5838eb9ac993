"""Live runs: from `start_run` through the outbox to one commit."""
