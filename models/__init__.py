"""Croppers: the networks, their bundled weights, and the registry that tells a checkpoint by its keys."""
