"""How large people make a crop."""
