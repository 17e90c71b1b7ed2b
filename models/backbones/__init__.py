"""Networks that several croppers are built on."""
