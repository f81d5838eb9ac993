"""The shapes of other tools."""
