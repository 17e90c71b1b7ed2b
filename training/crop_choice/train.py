"""Trains the crop choice on people's crops of photographs, as `salient-crop evaluate boxes` reads them (FLMS).

    pip install lightgbm
    python -m salient_crop.training.crop_choice.train crops.json --images FOLDER --out crop_choice.safetensors
    python -m salient_crop.training.crop_choice.train crops.json --images FOLDER --folds 5 --seed 1

The target of a box is its intersection over union with the most similar of people's crops of the photograph. Each box
is used as it is and mirrored. With `--folds`, no weights are written: the photographs are split into parts, and trees
trained on the other parts choose for each photograph: a box of 2,401 (`best of the list`), and a crop with the whole
search, in the ratio of that box (`search`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ...cropping.objective import Objective
from ...evaluation.boxes import find_crop_of
from ...models.crop_choice.choice import CropChoice
from ...models.crop_choice.features import list_features, mirror
from ...models.crop_choice.free import list_boxes
from ...models.crop_choice.picture import PictureTables
from ...models.crop_choice.trees import Trees, load_trees
from ...models.focus.loading import load_bundled
from ...models.region_choice.choice import load_bundled_region_choice
from ...models.region_choice.chooser import PeoplesChoice
from ...models.size_prior.framing import as_people_crop
from ..choice_command import parse_choice_arguments
from ..weights import write_weights
from .samples import (
    COMPONENTS,
    Photograph,
    best_overlap,
    measure_features,
    principal_components,
    read_photographs,
)

BOXES = 150  # of each photograph that are learned from
ROUNDS = 240
PARAMETERS = {
    "objective": "regression",
    "learning_rate": 0.06,
    "num_leaves": 31,
    "max_depth": 6,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.4,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "num_threads": 1,
    "deterministic": True,
    "verbosity": -1,
}


def train(photographs: Sequence[Photograph], network: str, seed: int = 0) -> CropChoice:
    """Trees for pictures that the network with this digest saw."""
    mean, components = principal_components(
        [each.analysis.impression for each in photographs if each.analysis.impression]
    )
    generator = torch.Generator().manual_seed(seed)
    rows, targets = [], []
    for photograph in photographs:
        boxes = list_boxes()
        boxes = boxes[torch.randperm(len(boxes), generator=generator)[:BOXES]]
        rows.append(measure_features(_tables(photograph, mean, components), boxes))
        targets.append(best_overlap(boxes, photograph.crops))
    trees = fit_trees(torch.cat(rows), torch.cat(targets), seed)
    return CropChoice(mean, components, torch.tensor(list(bytes.fromhex(network)), dtype=torch.uint8), trees)


def fit_trees(features: Tensor, targets: Tensor, seed: int = 0) -> Trees:
    """Boosted trees for features `[N, F]` and targets `[N]`, with the mirror image of every row."""
    import lightgbm

    twin, sign = mirror(list_features(COMPONENTS))
    rows = torch.cat([features, features[:, twin] * sign])
    data = lightgbm.Dataset(rows.numpy(), torch.cat([targets, targets]).numpy())
    booster = lightgbm.train({**PARAMETERS, "seed": seed}, data, ROUNDS)
    return read_trees(booster.dump_model(), features.shape[1])


def read_trees(model: Mapping[str, Any], features: int) -> Trees:
    """The trees of a model that LightGBM dumped."""
    trees = [list(_list_nodes(each["tree_structure"])) for each in model["tree_info"]]
    shape = len(trees), max(map(len, trees))
    state = {name: value.clone() for name, value in Trees(*shape).state_dict().items()}
    for row, nodes in enumerate(trees):
        for index, (feature, threshold, children, value, depth) in enumerate(nodes):
            state["feature"][row, index], state["threshold"][row, index] = feature, threshold
            state["child"][row, 2 * index : 2 * index + 2] = torch.tensor(children or (index, index))
            state["value"][row, index] = value
            state["depth"][0] = max(int(state["depth"]), depth)
    return load_trees(state, features, "the model")


def _list_nodes(root: Mapping[str, Any]) -> Iterator[tuple[int, float, tuple[int, int] | None, float, int]]:
    """Feature, threshold, the children's places in this list, value and depth of every node, level by level."""
    level, depth, count = [root], 0, 1
    while level:
        below: list[Mapping[str, Any]] = []
        for node in level:
            if "leaf_value" in node:
                yield 0, 0.0, None, node["leaf_value"], depth
                continue
            yield node["split_feature"], node["threshold"], (count, count + 1), 0.0, depth
            below += [node["left_child"], node["right_child"]]
            count += 2
        level, depth = below, depth + 1


def cross_validate(photographs: Sequence[Photograph], network: str, folds: int, seed: int = 0) -> Iterator[Tensor]:
    """For each part of the photographs, how much the boxes chosen from the list, and those found by the search, overlap
    people's crops: `[N, 2]`.
    """
    order = torch.randperm(len(photographs), generator=torch.Generator().manual_seed(seed)).tolist()
    boxes, people = list_boxes(), as_people_crop()
    for fold in range(folds):
        others = [photographs[index] for place, index in enumerate(order) if place % folds != fold]
        choice = train(others, network, seed)
        objective = replace(people, chooser=PeoplesChoice(choice, load_bundled_region_choice()))
        part = [photographs[index] for place, index in enumerate(order) if place % folds == fold]
        yield torch.stack([_measure_choice(choice, each, boxes, objective) for each in part])


def _measure_choice(choice: CropChoice, photograph: Photograph, boxes: Tensor, objective: Objective) -> Tensor:
    tables = _tables(photograph, choice.mean, choice.components)
    chosen = boxes[choice.value(tables, boxes).argmax()]
    edges = torch.from_numpy(find_crop_of(photograph.analysis, photograph.size, objective))
    found = edges / torch.tensor([*photograph.size, *photograph.size])
    return best_overlap(torch.stack([chosen, found]), photograph.crops)


def format_overlaps(overlaps: Tensor) -> str:
    """Of one row a photograph, as `cross_validate` gives them."""
    best, search = overlaps.mean(0).tolist()
    return f"IoU best of the list {best:.4f}, search {search:.4f}"


def _tables(photograph: Photograph, mean: Tensor, components: Tensor) -> PictureTables:
    analysis = photograph.analysis
    assert analysis.impression is not None
    return PictureTables.of(analysis.impression, analysis.subjects, photograph.size, components, mean)


def main(arguments: Sequence[str] | None = None) -> None:
    given = parse_choice_arguments(
        arguments, __doc__, "photographs and crops as `salient-crop evaluate boxes` reads them"
    )
    cropper = load_bundled()
    photographs = read_photographs(given.file, given.images, cropper)
    if given.folds:
        parts = []
        for number, part in enumerate(cross_validate(photographs, cropper.digest, given.folds, given.seed), start=1):
            print(f"part {number} of {given.folds}: {format_overlaps(part)}", flush=True)
            parts.append(part)
        print(f"all {len(photographs)} photographs: {format_overlaps(torch.cat(parts))}")
    else:
        write_weights(train(photographs, cropper.digest, given.seed).state(), given.out)


if __name__ == "__main__":
    main()
