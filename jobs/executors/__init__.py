"""How the work on many pictures is spread: over threads, in batches."""
