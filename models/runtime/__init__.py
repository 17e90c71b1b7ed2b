"""What runs the networks of croppers: PyTorch, or on a CPU OpenVINO."""
