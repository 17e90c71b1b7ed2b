"""The folder of a model of `transformers`: what is refused of it before anything is loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

CONFIG = "config.json"
_LARGEST_CONFIG = 1 << 20  # bytes
_CHUNK = 1 << 22
_WEIGHTS = "*.safetensors"
_TEXTS = ("*.json", "*.txt")
_BY_OTHERS = ("auto_map", "custom_pipelines")
_FETCHED = ("use_pretrained_backbone", "use_timm_backbone")


def read_config(folder: Path) -> dict[str, Any]:
    """The configuration of the model in a folder.

    Raises:
        ValueError: when there is none; when there are no weights as safetensors; when it names code of its own, or
            weights that would have to be downloaded.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: not a folder; name the one that holds a model's {CONFIG} and model.safetensors")
    config = _read_json(folder / CONFIG)
    if not any(folder.glob(_WEIGHTS)):
        raise ValueError(f"{folder}: no weights as safetensors in it; pickled ones are not read")
    for file in sorted(folder.glob("*.json")):
        if file.name != CONFIG and file.stat().st_size > _LARGEST_CONFIG:
            continue  # a tokenizer's vocabulary, which is only data
        value = config if file.name == CONFIG else _read_json(file)
        for name in _BY_OTHERS:
            if name in value:
                raise ValueError(f"{file}: {name}: it asks for code of its own, which is never run")
    if isinstance(config.get("backbone"), str):
        raise ValueError(f"{folder / CONFIG}: backbone: it asks for a network of somewhere else; none is downloaded")
    for each in (config, config.get("backbone_config")):
        asked = [name for name in _FETCHED if isinstance(each, dict) and each.get(name)]
        if asked:
            raise ValueError(
                f"{folder / CONFIG}: {asked[0]}: it asks for weights of somewhere else; none are downloaded"
            )
    return config


def hash_folder(folder: Path) -> str:
    """SHA-256 of the files of a model that say what it finds: weights, configuration, tokenizer.

    Raises:
        OSError: when one cannot be read.
    """
    state = hashlib.sha256()
    files = {file for pattern in (_WEIGHTS, *_TEXTS) for file in folder.glob(pattern) if file.is_file()}
    for file in sorted(files):
        state.update(f"{file.name}\0{file.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                state.update(chunk)
    return state.hexdigest()


def _read_json(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_CONFIG + 1)
        if len(content) > _LARGEST_CONFIG:
            raise ValueError(f"more than {_LARGEST_CONFIG} bytes")
        value = json.loads(content)
    except FileNotFoundError:
        raise ValueError(f"{file}: there is none; name the folder of a model of transformers") from None
    except (OSError, RecursionError, ValueError) as error:
        raise ValueError(f"{file}: not the configuration of a model ({error})") from None
    if not isinstance(value, dict):
        raise ValueError(f"{file}: not the configuration of a model")
    return value
