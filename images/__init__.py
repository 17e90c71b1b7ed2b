"""Everything that touches a file: decode, orient, colour, encode, captions, manifest."""
