"""Pixels in and out: decode, orient, colour, cut, encode. Writes no file."""
