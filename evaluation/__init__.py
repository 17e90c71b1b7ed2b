"""Benchmarks: how crops, rankings and heatmaps compare with what people chose. See `salient-crop evaluate`."""
