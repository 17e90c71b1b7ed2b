"""The `salient-crop` command: the only room that parses arguments."""
