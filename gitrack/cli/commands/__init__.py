"""One file per command, named as typed."""
