"""Runs and heavy files between clones: the branch by git, the bytes by DVC's remotes."""
