"""The nodes as a whole: what shared workflows rely on."""

import json
import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "nodes.json"
NODES = json.loads(GOLDEN.read_text(encoding="utf-8"))
INPUT_FIELDS = ("optional", "default", "options", "min", "max", "step", "force_input", "socketless", "advanced")


def contract(schema):
    """What a saved workflow depends on."""
    return {
        "is_input_list": getattr(schema, "is_input_list", False),
        "is_output_node": getattr(schema, "is_output_node", False),
        "inputs": [
            {"id": each.id, "type": each.io_type}
            | {name: getattr(each, name) for name in INPUT_FIELDS if hasattr(each, name)}
            for each in schema.inputs
        ],
        "outputs": [
            {"id": each.id, "type": each.io_type, "is_output_list": getattr(each, "is_output_list", False)}
            for each in schema.outputs
        ],
    }


def test_the_list_of_nodes_is_in_the_golden_file(nodes):
    assert list(nodes) == list(NODES)


@pytest.mark.parametrize("node_id", NODES)
def test_ids_inputs_and_outputs_are_as_shared_workflows_know_them(nodes, node_id):
    """Values of saved widgets are read by their place, links by the place of their output: so the order counts too.

    What is added at the end keeps old workflows working, and then belongs into the golden file.
    """
    assert contract(nodes[node_id].define_schema()) == NODES[node_id]


def test_every_node_can_be_found_and_explains_its_sockets(nodes):
    for node_id, node in nodes.items():
        schema = node.define_schema()
        assert schema.category == "Salient Crop"
        assert schema.display_name
        assert schema.description
        assert schema.search_aliases
        missing = [each.id for each in [*schema.inputs, *schema.outputs] if not each.tooltip]
        assert not missing, f"{node_id}: no tooltip on {missing}"


def test_the_model_folder_takes_checkpoints_only(nodes, host):
    paths, suffixes = host.folders["croppers"]
    assert suffixes == {".safetensors", ".pth", ".pt"}
    assert os.path.commonpath([paths[0], host.base / "models"]) == str(host.base / "models")
