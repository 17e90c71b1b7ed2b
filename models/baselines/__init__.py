"""Croppers without a network, or with simple rules on top of one: what the others are compared with."""
