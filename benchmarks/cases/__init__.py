"""One module for each benchmark: `run(bench)` yields its results. It is found by being there."""
