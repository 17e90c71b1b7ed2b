"""What nodes ask of the host."""

from importlib import import_module

import pytest
import torch
from comfy_stub import Interrupted


@pytest.fixture
def services(host):
    return import_module("salient_crop.nodes.host")


def test_tensors_travel_in_the_hosts_precision(services, host):
    host.dtype = torch.bfloat16
    assert services.to_host(torch.ones(2)).dtype == torch.bfloat16


def test_the_bar_moves_with_every_item_and_an_interrupt_stops_before_the_next(services, host):
    items = iter("abcd")
    host.interrupt_after = 2
    done = []
    with pytest.raises(Interrupted):
        done.extend(services.track_progress(items, 4))
    assert host.steps == [1, 1]
    assert list(items) == ["d"]
    host.reset()
    assert list(services.track_progress([], 0)) == []


def test_a_panel_is_sent_to_a_node_of_a_host_only(services, host):
    services.send_panel("7", "key", {"words": "3 of 5"})
    services.send_panel(None, "key", {"words": "4 of 5"})
    assert host.sent == [("key", {"node": "7", "content": {"words": "3 of 5"}})]


def test_an_output_is_connected_where_a_node_of_the_running_workflow_reads_it(services, host):
    assert services.connected_outputs("7") is None  # nothing runs: nobody knows
    flow = {
        "7": {"class_type": "A", "inputs": {"image": ["3", 1], "sizes": [4, 5]}},
        "8": {"class_type": "B", "inputs": {"image": ["7", 0], "mask": ["7", 2], "ratio": "7"}},
    }
    host.running.append((0, "id", flow, {}, ["8"]))
    assert services.connected_outputs("7") == {0, 2}
    assert services.connected_outputs("8") == set()
    assert services.connected_outputs("9") is None  # made by another node while it ran
    assert [services.is_connected("7", each) for each in range(3)] == [True, False, True]
    assert services.is_connected(None, 5)
