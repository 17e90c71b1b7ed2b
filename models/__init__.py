"""Croppers: the networks, their bundled weights, and the registry that recognises a checkpoint by its keys."""
