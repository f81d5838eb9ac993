"""The data sets of a branch, as its runs speak of them."""
