"""smartcrop.js's method, in tensors: its maps, its boxes and its score."""
