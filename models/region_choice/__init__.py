"""Where and how large people crop a photograph when the ratio is given and a region has to be held."""
