"""Cards of bundled weights: true for the files that they stand beside, and refused when malformed."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from safetensors.torch import load_file

from salient_crop.models.backbones.imagenet import MEAN, STD
from salient_crop.models.card import FOLDER, list_cards, load_card, read_card
from salient_crop.models.focus.network import STRIDE
from salient_crop.models.focus.preprocess import working_size

WEIGHTS = sorted(FOLDER.rglob("*.safetensors"))


def test_all_bundled_weights_have_a_card() -> None:
    assert WEIGHTS
    assert [load_card(name).path for name in list_cards()] == WEIGHTS


@pytest.mark.parametrize("name", list_cards())
def test_a_card_tells_the_truth_about_its_file(name: str) -> None:
    card = load_card(name)
    content = card.path.read_bytes()
    assert (card.sha256, card.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert card.parameters == sum(each.numel() for each in load_file(card.path).values())
    assert card.name == card.path.parent.name == name
    assert re.fullmatch(r"20\d{6}", card.tag)


@pytest.mark.parametrize("name", list_cards())
def test_the_prose_beside_a_card_holds_every_figure(name: str) -> None:
    prose = (FOLDER / name / "card.md").read_text(encoding="utf-8")
    numbers = {float(number) for number in re.findall(r"(?<![\d.])\d*\.?\d+", prose.replace(",", ""))}
    assert [each for each in load_card(name).figures if each.value not in numbers] == []


@pytest.mark.parametrize("name", list_cards())
def test_the_recipe_of_a_card_names_a_module_that_is_there(name: str, root: Path) -> None:
    for command in load_card(name).recipe:
        (module,) = re.findall(r"-m salient_crop\.(\S+)", command)
        assert (root / module.replace(".", "/")).with_suffix(".py").is_file()


def test_the_card_of_focus_describes_its_preprocessing() -> None:
    given = load_card("focus").input
    assert given is not None
    assert (given.mean, given.std, given.multiple) == (MEAN, STD, STRIDE)
    assert working_size(*given.size) == given.size


def test_a_card_is_found_by_the_name_of_its_weights_too() -> None:
    card = load_card("focus")
    assert load_card(card.weights_name) == card
    with pytest.raises(ValueError, match=rf"are {re.escape(card.weights_name)}, not focus\.19990101"):
        load_card("focus.19990101")


@pytest.mark.parametrize("name", ["", "smartcrop", "../models/focus", "backbones"])
def test_an_unknown_name_says_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match="composition, crop_choice, focus, landmarks, region_choice, size_prior"):
        load_card(name)


def test_a_description_gives_name_size_licence_data_and_only_fair_figures() -> None:
    text = load_card("focus").describe()
    for word in ("focus.20261126", "2,057,774 parameters", "4,131 kB", "MIT", "448×352", "OSIE", "0.51"):
        assert word in text
    assert "99.3" not in text, "measured on photographs that were trained on"


def changed(tmp_path: Path, **fields: object) -> Path:
    entry = json.loads((FOLDER / "focus" / "card.json").read_text(encoding="utf-8")) | fields
    path = tmp_path / "card.json"
    path.write_text(json.dumps({name: value for name, value in entry.items() if value != "REMOVED"}))
    return path


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"tag": "REMOVED"}, r"lacks \['tag'\]"),
        ({"colour": "red"}, r"unknown \['colour'\]"),
        ({"tag": 7}, "tag 7"),
        ({"parameters": "7"}, "parameters '7'"),
        ({"parameters": True}, "parameters True"),
        ({"parameters": 7.0}, r"parameters 7\.0"),
        ({"file": None}, "file None"),
        ({"figures": {}}, "figures {}"),
        ({"figures": [7]}, r"figures\[0\] must be an object"),
        ({"figures": [{"name": "NSS"}]}, r"figures\[0\] lacks .*'value'"),
        ({"data": [{}]}, r"data\[0\] lacks"),
        ({"limits": [7]}, "limits must be a list of str"),
        ({"recipe": "python"}, "recipe 'python'"),
        ({"input": []}, r"input \[\]"),
        ({"input": {}}, "input lacks"),
    ],
)
def test_a_malformed_card_is_refused_by_file_and_field(tmp_path: Path, fields: dict, complaint: str) -> None:
    path = changed(tmp_path, **fields)
    with pytest.raises(ValueError, match=complaint) as caught:
        read_card(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [("size", [448]), ("size", [448.5, 352]), ("mean", [0.5, 0.5]), ("std", ["a", "b", "c"])]
)
def test_a_malformed_input_is_refused_by_its_field(tmp_path: Path, name: str, value: object) -> None:
    given = json.loads((FOLDER / "focus" / "card.json").read_text(encoding="utf-8"))["input"] | {name: value}
    with pytest.raises(ValueError, match=rf"input\.{name} must"):
        read_card(changed(tmp_path, input=given))


def test_a_card_without_an_input_and_whole_numbers_as_figures_are_fine(tmp_path: Path) -> None:
    figure = {"name": "found", "value": 80, "data": "crowds", "count": None, "trained_on": False}
    card = read_card(changed(tmp_path, input=None, figures=[figure]))
    assert (card.input, card.figures[0].value) == (None, 80)
    assert "takes pictures" not in card.describe()
