"""Grid Anchor based Image Cropping (Zeng et al.)."""
