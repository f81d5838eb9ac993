"""The check of a pull request to the tracking branch: what it changes, and whether it may."""
