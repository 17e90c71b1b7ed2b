"""Bucket grids and the planner that fills them; pure, no pixels."""
