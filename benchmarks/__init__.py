"""What gitrack costs, measured: `python -m benchmarks`."""
