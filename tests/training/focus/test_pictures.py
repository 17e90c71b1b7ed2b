"""Training pictures and where their labels come from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.training.focus.pictures import GROUPS, HandLabels, is_held_out, read_pictures


def test_pictures_have_the_best_labels_there_are(data: Path) -> None:
    pictures = {each.path.name: each for each in read_pictures(data, data / "labels")}
    assert len(pictures) == 4
    crowd, person = pictures["crowd_0.jpg"], pictures["p.jpg"]
    assert crowd.heads == (pytest.approx((10 / 64, 10 / 48, 22 / 64, 24 / 48)),)
    assert crowd.fixations == ((16 / 64, 17 / 48), (50 / 64, 30 / 48))
    assert (crowd.group, crowd.mask_weight, crowd.mask) == ("crowd", 0.4, data / "labels" / "masks" / "crowd_0.png")
    assert person.heads == ((0.3, 0.1, 0.6, 0.5),)
    assert person.uncertain_heads == ((0, 0, 0.1, 0.1),)
    assert (person.group, person.mask_weight, person.mask) == ("people", 1.0, data / "people" / "masks" / "p.png")


def test_heads_that_we_drew_replace_the_teachers(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drawn = {"people": {"p": [[30, 10, 60, 50]]}, "animals": {"scene_1": [[40, 30, 60, 50], [10, 10, 30, 40]]}}
    (tmp_path / "drawn.json").write_text(json.dumps(drawn))
    monkeypatch.setattr("salient_crop.training.focus.pictures.HEADS_BY_HAND", tmp_path / "drawn.json")
    add_fixations(data, "scene_1.jpg", "scene_2.jpg")
    taken_for_people = [[0.41, 0.31, 0.59, 0.49, 0.9], [0.12, 0.1, 0.28, 0.4, 0.6]]  # in front of the animals' heads
    person = [0.7, 0.1, 0.8, 0.3, 0.9]
    labels = {name: [*taken_for_people, person] for name in ("scene_1.jpg", "scene_2.jpg")}
    (data / "labels" / "heads.json").write_text(json.dumps(labels))
    pictures = {each.path.name: each for each in read_pictures(data, data / "labels")}
    assert (pictures["p.jpg"].heads, pictures["p.jpg"].uncertain_heads) == (((0.3, 0.1, 0.6, 0.5),), ())
    scene, other = pictures["scene_1.jpg"], pictures["scene_2.jpg"]
    assert scene.animal_heads == ((0.4, 0.3, 0.6, 0.5), (0.1, 0.1, 0.3, 0.4))
    assert (scene.heads, scene.uncertain_heads) == ((tuple(person[:4]),), ())
    assert scene.all_heads == (*scene.heads, *scene.animal_heads)
    assert (len(other.heads), len(other.uncertain_heads), other.animal_heads) == (2, 1, ())


def test_animals_that_we_drew_are_known_without_a_teacher_too(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "drawn.json").write_text(json.dumps({"people": {}, "animals": {"scene_1": [[40, 30, 60, 50]]}}))
    monkeypatch.setattr("salient_crop.training.focus.pictures.HEADS_BY_HAND", data / "drawn.json")
    add_fixations(data, "scene_1.jpg")
    pictures = {each.path.name: each for each in read_pictures(data, data / "labels")}
    assert pictures["scene_1.jpg"].heads is None
    assert pictures["scene_1.jpg"].all_heads == ((0.4, 0.3, 0.6, 0.5),)


def add_fixations(data: Path, *names: str) -> None:
    entries = [{"image": name, "width": 64, "height": 48, "fixations": [[[16, 17]]]} for name in names]
    (data / "gaze" / "fixations.json").write_text(json.dumps(entries))


def test_the_boxes_that_we_drew_are_boxes_of_a_picture() -> None:
    hand = HandLabels.read()
    assert len(hand.people) > 100
    assert len(hand.animals) > 50
    for boxes in [*hand.people.values(), *hand.animals.values()]:
        assert all(0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1 for x1, y1, x2, y2 in boxes)


def test_pets_have_masks_and_some_have_a_head(with_animals: Path) -> None:
    pictures = {each.path.name: each for each in read_pictures(with_animals, with_animals / "labels")}
    cat, dog, photo = pictures["cat.jpg"], pictures["dog.jpg"], pictures["f.jpg"]
    assert cat.animal_heads == cat.all_heads == ((0.125, 0.25, 0.625, 0.75),)
    assert (cat.heads, dog.heads, dog.animal_heads) == ((), None, ()), "no people, and not known"
    assert (cat.group, cat.mask_weight, cat.mask) == ("pets", 1.0, with_animals / "pets" / "masks" / "cat.png")
    assert (photo.group, photo.heads, photo.mask) == ("flms", None, with_animals / "labels" / "masks" / "f.png")
    assert {each.group for each in pictures.values()} <= set(GROUPS)


def test_without_a_teacher_nothing_is_known_of_heads(data: Path) -> None:
    (data / "labels" / "heads.json").unlink()
    pictures = {each.path.name: each for each in read_pictures(data, data / "labels")}
    assert pictures["p.jpg"].heads is None
    assert pictures["crowd_0.jpg"].heads is not None


def test_other_photographs_are_found_at_any_depth(data: Path) -> None:
    folder = data / "photos" / "a" / "b"
    folder.mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "x.PNG")
    (folder / "notes.txt").write_text("no photograph")
    photos = [each for each in read_pictures(data, data / "labels", data / "photos") if each.group == "photo"]
    assert [each.path.name for each in photos] == ["x.PNG"]


def test_a_tenth_is_held_out_by_name() -> None:
    share = np.mean([is_held_out(f"{number}.jpg") for number in range(2000)])
    assert share == pytest.approx(0.1, abs=0.02)
    assert [name for name in map("{}.jpg".format, range(40)) if is_held_out(name)] == ["18.jpg", "24.jpg"], "for ever"
