"""The journals of a live run: written by each process, folded into one when it ends."""
