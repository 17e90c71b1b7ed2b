"""What the nodes ask of ComfyUI while they work: where results go, progress, interruption."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import comfy.model_management
import comfy.utils
from server import PromptServer
from torch import Tensor

Item = TypeVar("Item")


def to_host(tensor: Tensor) -> Tensor:
    """The tensor where ComfyUI keeps what travels between nodes, in the precision it keeps it in."""
    return tensor.to(
        device=comfy.model_management.intermediate_device(), dtype=comfy.model_management.intermediate_dtype()
    )


def stop_if_interrupted() -> None:
    comfy.model_management.throw_exception_if_processing_interrupted()


def tell(node_id: str | None, text: str) -> None:
    """Shows a line on a node while it works."""
    if node_id is not None:
        PromptServer.instance.send_progress_text(text, node_id)


def in_turn(items: Iterable[Item], count: int) -> Iterator[Item]:
    """The `count` items one by one, moving the node's progress bar and stopping where the user interrupts."""
    bar = comfy.utils.ProgressBar(count)
    for item in items:
        stop_if_interrupted()
        yield item
        bar.update(1)
