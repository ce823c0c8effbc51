"""How fast it is, as ratios measured in one run: ``python -m benchmarks`` prints each figure beside its limit."""
