"""The services of ComfyUI that nodes use while they work: where results go, progress, interruption."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

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


def show_progress_text(node_id: str | None, text: str) -> None:
    """Shows a line of text on a node while it works; None for a node that is called without a host."""
    if node_id is not None:
        PromptServer.instance.send_progress_text(text, node_id)


def track_progress(items: Iterable[T], count: int) -> Iterator[T]:
    """The `count` items one by one; moves the node's progress bar, and stops where the user interrupts."""
    bar = comfy.utils.ProgressBar(count)
    for item in items:
        stop_if_interrupted()
        yield item
        bar.update(1)
