"""Benchmarks: what a crop, a ranking or a heatmap is worth beside people's own."""
