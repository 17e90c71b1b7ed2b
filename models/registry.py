"""Which croppers there are: the bundled ones by name, and any checkpoint by its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor

from ..cropping.checks import show
from .base import Architecture, Cropper
from .baselines.centre import CentreCropper
from .baselines.saliency_edge import saliency_edge_factory
from .checkpoint import load_state
from .design_heatmap import loading as design_heatmap
from .focus import loading as focus
from .gaic import loading as gaic
from .runtime.choice import AUTO, FLOAT32, check_runtime, find_runtime
from .smartcrop.cropper import SmartcropCropper
from .transalnet import loading as transalnet

BUNDLED: Mapping[str, Callable[[], Cropper]] = MappingProxyType(
    {
        "focus": focus.load_bundled,
        "smartcrop": SmartcropCropper,
        "centre": CentreCropper,
        "saliency-short-edge": saliency_edge_factory(focus.load_bundled, "short"),
        "saliency-long-edge": saliency_edge_factory(focus.load_bundled, "long"),
    }
)
"""Name → factory of the croppers that need no file; the first is the default."""

ARCHITECTURES: tuple[Architecture, ...] = (
    focus.ARCHITECTURE,
    gaic.ARCHITECTURE,
    design_heatmap.ARCHITECTURE,
    transalnet.ARCHITECTURE,
)


def load_cropper(
    name_or_path: str | Path,
    device: str | torch.device = "cpu",
    runtime: str = AUTO,
    precision: str = FLOAT32,
) -> Cropper:
    """A bundled cropper by its name, or one from a checkpoint.

    Args:
        name_or_path: a name of `BUNDLED`, or a `.safetensors`, `.pth` or `.pt` file.
        device: to put the weights on.
        runtime: what runs its network while it is on a CPU: `torch`, `openvino`, or `auto`, see `find_runtime`.
        precision: of the network's arithmetic there: `float32`, or `bfloat16`, which is faster where the processor has
            it, and moves one box in four.

    Raises:
        TypeError: when it is no name and no path.
        FileNotFoundError: when it is neither a bundled name nor a file.
        ValueError: when the file cannot be read as a plain state dict, no architecture detects its keys, or it is torn;
            or when there is no such device or runtime, or no network for a precision that is less.
    """
    if not isinstance(name_or_path, str | PathLike):
        raise TypeError(f"name_or_path must be a name or a path, got {show(name_or_path)}")
    device, found = _find_device(device), find_runtime(runtime, precision)
    if str(name_or_path) in BUNDLED:
        cropper = BUNDLED[str(name_or_path)]()
    else:
        path = Path(name_or_path)
        if not _is_file(path):
            raise FileNotFoundError(f"{path} is neither a file nor a bundled cropper ({', '.join(BUNDLED)})")
        cropper = build_cropper(load_state(path), str(path))
    if cropper.module is not None:
        cropper.module.to(device)
    cropper.check_precision(device, precision)
    if cropper.network_pass is not None:
        cropper.network_pass.runtime = found
    return cropper


def check_loaded(cropper: Cropper, runtime: str, precision: str) -> None:
    """Refuses a runtime or a precision that a cropper which is loaded does not have; `auto` and `float32` ask for none.

    Raises:
        ValueError: naming it.
    """
    check_runtime(runtime, precision)
    cropper.check_precision(cropper.device or "cpu", precision)
    if cropper.network_pass is None:
        return
    has = cropper.network_pass.runtime
    if runtime not in (AUTO, has.name):
        raise ValueError(f"runtime: {runtime}: this cropper was loaded for {has.name}; load_cropper(runtime=) decides")
    if precision not in (FLOAT32, has.precision):
        raise ValueError(
            f"precision: {precision}: this cropper was loaded for {has.precision}; load_cropper(precision=) decides"
        )


def _find_device(device: str | torch.device) -> torch.device:
    """The device, should PyTorch be able to put weights on it.

    Raises:
        ValueError: when it is not known, or not there.
    """
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except Exception as error:  # each kind of device fails in its own way where there is none
        raise ValueError(f"device: {show(device)} is not known, or not there") from error
    if found.type == "meta":
        raise ValueError("device: weights on meta are none; use cpu or cuda")
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long
        return False


def build_cropper(state: dict[str, Tensor], source: str) -> Cropper:
    """A cropper of the architecture that detects the keys of a state dict.

    Args:
        state: tensors by name.
        source: names the state dict in errors.

    Raises:
        ValueError: when no architecture detects the keys, or a tensor is missing or has the wrong shape.
    """
    for architecture in ARCHITECTURES:
        if architecture.detect(state):
            try:
                _load_shapes(architecture, state)
                return architecture.load(state)
            except ValueError as error:
                raise ValueError(f"{source}: {error}") from error
    known = ", ".join(each.name for each in ARCHITECTURES) or "none"
    raise ValueError(
        f"{source}: no known architecture has these keys (e.g. {next(iter(state), 'none')!r}); known: {known}."
        " It is a checkpoint of something else; choose one of these"
    )


def _load_shapes(architecture: Architecture, state: dict[str, Tensor]) -> None:
    """Loads the shapes of a state dict alone, which takes no memory.

    Hyper-parameters are read from shapes, and small tensors can ask for a layer of any size. Such a network differs
    from the state dict, which is found out here before it is made.

    Raises:
        ValueError: when a tensor is missing or has the wrong shape.
    """
    shapes = {name: torch.empty(each.shape, dtype=each.dtype, device="meta") for name, each in state.items()}
    try:
        with torch.device("meta"):
            architecture.load(shapes)
    except ValueError:
        raise
    except Exception as error:  # no layer can have these sizes
        raise ValueError(f"its shapes make no {architecture.name} network; is the file whole?") from error
