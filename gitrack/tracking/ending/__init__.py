"""The end of a run: from its folder in the outbox to one commit on the branch."""
