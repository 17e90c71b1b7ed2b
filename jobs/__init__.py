"""A folder of pictures through every stage: in parallel, in order, resumable, in memory that does not grow."""
