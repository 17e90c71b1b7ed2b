"""ComfyUI's nodes, one file a node: parse, call, wrap."""
