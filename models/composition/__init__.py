"""How people rate crops, learned from where the subjects lie."""
