"""Putting a checkpoint's tensors into a network, with an error that a user can act on."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

_COUNTER = "num_batches_tracked"  # not written by old versions of PyTorch, and of no use when judging


def load_named(network: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Loads all of `state`, and nothing else, into the network.

    Raises:
        ValueError: when names are missing or left over, or a shape differs; says `what` and names some of them.
    """
    own = network.state_dict()
    missing = [name for name in own if name not in state and not name.endswith(_COUNTER)]
    unknown = [name for name in state if name not in own]
    wrong = [name for name in state if name in own and state[name].shape != own[name].shape]
    for names, fault in ((missing, "lacks"), (unknown, "has unknown"), (wrong, "has the wrong shape of")):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise ValueError(f"{what} {fault} {', '.join(names[:3])}{more}; is the file whole?")
    network.load_state_dict(state, strict=False)
