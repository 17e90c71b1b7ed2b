"""The services of ComfyUI that nodes use while they work: where results go, progress, interruption."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import comfy.model_management
import comfy.utils
from server import PromptServer
from torch import Tensor

T = TypeVar("T")


def to_host(tensor: Tensor) -> Tensor:
    """The tensor where ComfyUI keeps what travels between nodes, in the precision it keeps it in."""
    return tensor.to(
        device=comfy.model_management.intermediate_device(), dtype=comfy.model_management.intermediate_dtype()
    )


def stop_if_interrupted() -> None:
    """Raises the host's own exception where the user has interrupted the run."""
    comfy.model_management.throw_exception_if_processing_interrupted()


def send_panel(node_id: str | None, key: str, content: Mapping[str, Any]) -> None:
    """Shows something on the panel of a node while it works; None for a node that is called without a host."""
    if node_id is not None:
        server = PromptServer.instance
        server.send_sync(key, {"node": node_id, "content": content}, server.client_id)


def connected_outputs(node_id: str | None) -> frozenset[int] | None:
    """The numbers of the node's outputs that are connected in the workflow that runs now; None where nobody knows.

    Both `execute` and `fingerprint_inputs` may ask: what is left out because it is not connected has to be made once it
    is, although no input has changed.
    """
    queue = getattr(PromptServer.instance, "prompt_queue", None)
    if queue is None or node_id is None:
        return None
    running, _ = queue.get_current_queue_volatile()
    workflows = [item[2] for item in running if node_id in item[2]]
    if not workflows:  # a node that another one has made while it ran
        return None
    values = [each for flow in workflows for node in flow.values() for each in node["inputs"].values()]
    links = (each for each in values if isinstance(each, list) and len(each) == 2)
    return frozenset(number for source, number in links if source == node_id)


def is_connected(node_id: str | None, output: int) -> bool:
    """Whether an output may be read by another node."""
    connected = connected_outputs(node_id)
    return connected is None or output in connected


def track_progress(items: Iterable[T], count: int) -> Iterator[T]:
    """The `count` items one by one; moves the node's progress bar, and stops where the user interrupts."""
    bar = comfy.utils.ProgressBar(count)
    for item in items:
        stop_if_interrupted()
        yield item
        bar.update(1)
