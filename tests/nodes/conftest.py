"""Nodes called as ComfyUI calls them, in a stand-in host (see comfy_stub; tests/host has the real one)."""

from typing import Any

import pytest


@pytest.fixture
def run(nodes):
    """Call a node by its short name, its widgets at their defaults; returns what it puts on its outputs.

    Where the node takes lists, a value that is no list is put into one.
    """
    return lambda node_name, /, **given: _execute(nodes, node_name, given).result


@pytest.fixture
def panel(nodes):
    """Call a node as `run` does; returns the content of its panel."""

    def call(node_name: str, /, **given: Any) -> dict[str, Any]:
        (content,) = _execute(nodes, node_name, given).ui["salient_crop"]
        return content

    return call


def _execute(nodes, node_name, given):
    node = nodes[f"SalientCrop_{node_name}"]
    schema = node.define_schema()
    values = {each.id: each.default for each in schema.inputs if hasattr(each, "default")} | given
    if getattr(schema, "is_input_list", False):
        values = {key: value if isinstance(value, list) else [value] for key, value in values.items()}
    return node.execute(**values)


@pytest.fixture
def smartcrop(run):
    """The cropper that is quickest to look at a picture's content."""
    (cropper,) = run("LoadCropper", cropper="smartcrop")
    return cropper
