"""Which picture goes to which bucket: the exact planner."""
