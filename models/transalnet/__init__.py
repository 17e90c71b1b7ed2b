"""TranSalNet, a saliency network."""
