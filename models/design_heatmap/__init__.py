"""The heatmap network of "Image Cropping under Design Constraints"."""
