"""The little of ComfyUI that the nodes touch, so that they can be tested without one.

It is as strict as the real thing about names: an argument that ComfyUI 0.25 does not know is a TypeError here too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import torch


class Interrupted(Exception):
    """What ComfyUI raises where the user stops a run."""


class Stub:
    """The stand-in host, and the knobs that tests turn."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.dtype = torch.float32
        self.interrupt_after: int | None = None
        self.loaded: list[object] = []
        self.steps: list[int] = []
        self.running: list[tuple] = []
        self.sent: list[tuple] = []
        self.folders: dict[str, tuple[list[str], set[str]]] = {}
        for name in ("input", "output", "temp", "models"):
            (base / name).mkdir(parents=True, exist_ok=True)

    def reset(self) -> None:
        self.dtype, self.interrupt_after = torch.float32, None
        self.loaded.clear()
        self.steps.clear()
        self.running.clear()
        self.sent.clear()

    def modules(self) -> dict[str, ModuleType]:
        management = _module(
            "comfy.model_management",
            get_torch_device=lambda: torch.device("cpu"),
            unet_offload_device=lambda: torch.device("cpu"),
            intermediate_device=lambda: torch.device("cpu"),
            intermediate_dtype=lambda: self.dtype,
            load_model_gpu=self.loaded.append,
            throw_exception_if_processing_interrupted=self._check,
        )
        patcher = _module("comfy.model_patcher", CoreModelPatcher=_patcher)
        utils = _module("comfy.utils", ProgressBar=self._bar)
        latest = _module("comfy_api.latest", io=_io(), ComfyExtension=object)
        comfy = _module("comfy", model_management=management, model_patcher=patcher, utils=utils)
        folders = _module(
            "folder_paths",
            models_dir=str(self.base / "models"),
            folder_names_and_paths=self.folders,
            add_model_folder_path=self._add_model_folder,
            get_filename_list=self._filenames,
            get_full_path_or_raise=lambda name, file: os.path.join(self.folders[name][0][0], file),
            get_input_directory=lambda: str(self.base / "input"),
            get_output_directory=lambda: str(self.base / "output"),
            get_temp_directory=lambda: str(self.base / "temp"),
        )
        queue = SimpleNamespace(get_current_queue_volatile=lambda: (self.running, []))
        instance = SimpleNamespace(
            send_sync=lambda event, data, client: self.sent.append((event, data)),
            client_id="tab",
            prompt_queue=queue,
        )
        server = _module("server", PromptServer=SimpleNamespace(instance=instance))
        every = [management, patcher, utils, latest, comfy, folders, server, _module("comfy_api", latest=latest)]
        return {module.__name__: module for module in every}

    def install(self) -> None:
        sys.modules.update(self.modules())

    def _bar(self, total: int) -> SimpleNamespace:
        return SimpleNamespace(update=self.steps.append, update_absolute=lambda done, total: self.steps.append(done))

    def _check(self) -> None:
        if self.interrupt_after is not None and len(self.steps) >= self.interrupt_after:
            raise Interrupted

    def _add_model_folder(self, name: str, path: str, is_default: bool = False) -> None:
        self.folders[name] = ([path], set())

    def _filenames(self, name: str) -> list[str]:
        paths, suffixes = self.folders.get(name, ([], set()))
        return sorted(
            file.name
            for path in paths
            if os.path.isdir(path)
            for file in Path(path).iterdir()
            if file.suffix in suffixes
        )


def _module(name: str, **contents: object) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(contents)
    return module


def _patcher(model: torch.nn.Module, load_device: torch.device, offload_device: torch.device, size: int = 0) -> object:
    return SimpleNamespace(model=model, load_device=load_device, offload_device=offload_device)


# comfy_api.latest.io

_SOCKET = frozenset({"display_name", "optional", "tooltip", "lazy", "extra_dict", "raw_link", "advanced"})
_WIDGET = _SOCKET | {"default", "socketless", "force_input"}
_INPUTS = {
    "Image": ("IMAGE", _SOCKET),
    "Mask": ("MASK", _SOCKET),
    "BoundingBox": ("BOUNDING_BOX", (_WIDGET | {"component"}) - {"lazy", "extra_dict", "raw_link", "advanced"}),
    "String": ("STRING", _WIDGET | {"multiline", "placeholder", "dynamic_prompts"}),
    "Boolean": ("BOOLEAN", _WIDGET | {"label_on", "label_off"}),
    "Int": ("INT", _WIDGET | {"min", "max", "step", "control_after_generate", "display_mode"}),
    "Float": ("FLOAT", _WIDGET | {"min", "max", "step", "round", "display_mode", "gradient_stops"}),
    "Combo": ("COMBO", _WIDGET | {"options", "control_after_generate", "upload", "image_folder", "remote"}),
}
_OUTPUT = frozenset({"display_name", "tooltip", "is_output_list"})
_SCHEMA = frozenset(
    ["node_id", "display_name", "category", "inputs", "outputs", "hidden", "description", "search_aliases"]
    + ["is_input_list", "is_output_node", "is_deprecated", "is_experimental", "is_dev_only", "not_idempotent"]
    + ["enable_expand", "accept_all_inputs", "essentials_category", "has_intermediate_output"]
)


class NodeOutput:
    def __init__(self, *args: object, ui: object = None) -> None:
        self.result = args
        self.ui = ui


def _io() -> SimpleNamespace:
    types = {name: _type(io_type, allowed) for name, (io_type, allowed) in _INPUTS.items()}
    return SimpleNamespace(
        **types,
        Custom=lambda io_type: _type(io_type, _SOCKET),
        Schema=lambda **fields: _record("Schema", _SCHEMA, fields),
        ComfyNode=type("ComfyNode", (), {"hidden": SimpleNamespace(unique_id="7")}),
        NodeOutput=NodeOutput,
        Hidden=SimpleNamespace(unique_id="UNIQUE_ID"),
    )


def _type(io_type: str, allowed: frozenset[str] | set[str]) -> SimpleNamespace:
    def make_input(id: str, **fields: object) -> SimpleNamespace:
        return _record(f"{io_type} input", allowed, fields, id=id, io_type=io_type)

    def make_output(id: str, **fields: object) -> SimpleNamespace:
        return _record(f"{io_type} output", _OUTPUT, fields, id=id, io_type=io_type)

    # Callable and, in annotations, usable as a class.
    return SimpleNamespace(Input=make_input, Output=make_output)


def _record(
    what: str, allowed: frozenset[str] | set[str], fields: dict[str, object], **more: object
) -> SimpleNamespace:
    unknown = set(fields) - set(allowed)
    if unknown:
        raise TypeError(f"{what}: ComfyUI knows no {', '.join(sorted(unknown))}")
    return SimpleNamespace(**{"optional": False, "tooltip": None, **fields, **more})
