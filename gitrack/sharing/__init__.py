"""Runs and heavy files beyond one clone: exchanged with others, collected when nobody needs them."""
