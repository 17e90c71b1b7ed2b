"""Detectors that find what words name, by `transformers`, which is an optional requirement."""
