"""The lineage of a branch as one picture: what of it is drawn, and where."""
