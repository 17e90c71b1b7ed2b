"""smartcrop.js."""
