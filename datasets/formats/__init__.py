"""What trainers expect of a folder."""
