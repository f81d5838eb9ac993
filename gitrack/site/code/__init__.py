"""The code from which runs were started, as far as two of them can be compared by it."""
