"""A folder of annotations: what belongs to which picture, told by content, and what is wrong with it."""

import json
import os

import numpy as np
import pytest
from made_pictures import save_picture
from PIL import Image

from salient_crop.datasets.annotations.folder import AnnotationFolder
from salient_crop.images.decode import Picture
from salient_crop.images.errors import PictureError

LINE = {"source": "a.jpg", "boxes": [{"region": [0, 0, 0.5, 0.5], "label": "line"}]}
LABELME = {"shapes": [{"label": "shape", "points": [[0, 0], [10, 10]], "shape_type": "rectangle"}]}
COCO = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 120, "height": 80}],
    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10]}],
    "categories": [{"id": 1, "name": "coco"}],
}


@pytest.fixture
def photos(tmp_path):
    for name in ("a.jpg", "b.jpg", "trip/a.jpg"):
        save_picture(tmp_path / "photos" / name)
    return tmp_path / "photos"


@pytest.fixture
def notes(tmp_path):
    (tmp_path / "notes" / "trip").mkdir(parents=True)
    return tmp_path / "notes"


def save(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def labels(folder, photos, source="a.jpg"):
    return [each.label for each in folder.read(Picture(photos / source), source).boxes]


def test_an_empty_folder_has_nothing(photos, notes):
    folder = AnnotationFolder(notes, photos)
    assert labels(folder, photos) == []
    assert not folder.has("a.jpg")
    assert folder.faults == []


@pytest.mark.parametrize(
    ("name", "content", "label"),
    [
        ("a.json", LABELME, "shape"),
        ("a.json", COCO, "coco"),
        ("a.json", LINE, "line"),
        ("a.txt", "0 0.5 0.5 0.1 0.1", "0"),
        ("all.json", COCO, "coco"),
        ("whatever.jsonl", LINE, "line"),
        ("all.json", LINE, "line"),
        ("two.json", json.dumps(LINE) + "\n" + json.dumps({**LINE, "source": "b.jpg"}), "line"),
        ("with-mark.jsonl", "\ufeff" + json.dumps(LINE), "line"),
        ("all.json", json.dumps(LINE, indent=2), "line"),
    ],
)
def test_the_format_is_told_by_the_content(photos, notes, name, content, label):
    save(notes / name, content)
    folder = AnnotationFolder(notes, photos)
    assert labels(folder, photos) == [label]
    assert folder.has("a.jpg") and not folder.has("trip/b.jpg")


def test_all_that_there_is_for_a_picture_counts_together(photos, notes):
    save(notes / "a.txt", "0 0.5 0.5 0.1 0.1")
    save(notes / "a.json", LABELME)
    save(notes / "one.jsonl", LINE)
    save(notes / "two.json", COCO)
    assert sorted(labels(AnnotationFolder(notes, photos), photos)) == ["0", "coco", "line", "shape"]


def test_folders_below_are_mirrored(photos, notes):
    save(notes / "trip" / "a.txt", "1 0.5 0.5 0.1 0.1")
    save(notes / "classes.txt", "cat\ndog\n")
    folder = AnnotationFolder(notes, photos)
    assert labels(folder, photos, "trip/a.jpg") == ["dog"]
    assert labels(folder, photos, "a.jpg") == []


def test_classes_beside_the_folder_of_labels_are_found(photos, notes, tmp_path):
    save(tmp_path / "data.yaml", "names: [cat, dog]\n")
    save(notes / "a.txt", "1 0.5 0.5 0.1 0.1")
    assert labels(AnnotationFolder(notes, photos), photos) == ["dog"]


def test_one_file_may_be_named_instead_of_a_folder(photos, notes):
    save(notes / "a.txt", "1 0.5 0.5 0.1 0.1")
    assert labels(AnnotationFolder(save(notes / "all.json", COCO), photos), photos) == ["coco"]


@pytest.mark.parametrize("content", [LABELME, {"some": "thing"}, "[]", "{", "", "\0"])
def test_one_file_of_another_kind_is_refused(photos, notes, content):
    with pytest.raises(PictureError, match="all.json"):
        labels(AnnotationFolder(save(notes / "all.json", content), photos), photos)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "{", "no JSON"),
        ("a.json", "[" * 100_000, "no JSON"),
        ("a.json", {"some": "thing"}, "neither COCO's nor LabelMe's"),
        ("a.json", {"shapes": [{}]}, r"shapes\[0\]"),
        ("a.txt", "a caption", "line 1"),
        ("all.json", '{"images": [', "no JSON"),
        ("all.json", {"images": [], "annotations": {}}, "annotations: must be a list"),
        ("lines.jsonl", {**LINE, "boxes": [{}]}, "line 1"),
    ],
)
def test_a_malformed_file_is_named(photos, notes, name, content, words):
    save(notes / name, content)
    with pytest.raises(PictureError, match=words) as error:
        labels(AnnotationFolder(notes, photos), photos)
    assert error.value.path == notes / name


def test_a_file_that_is_no_text_is_named(photos, notes):
    (notes / "a.txt").write_bytes(b"0 0.5 \xff")
    with pytest.raises(PictureError, match="a.txt: no text in UTF-8"):
        labels(AnnotationFolder(notes, photos), photos)


def test_another_json_file_beside_is_left_out_and_told(photos, notes):
    save(notes / "info.json", {"licence": "MIT"})
    save(notes / "gone.json", LABELME)  # of a picture that is not there
    save(notes / "a.json", LABELME)
    folder = AnnotationFolder(notes, photos)
    assert labels(folder, photos) == ["shape"]
    (fault,) = folder.faults
    assert fault.startswith("info.json: neither COCO's")


def test_boxes_measured_on_another_picture_fail_theirs(photos, notes):
    save(notes / "a.json", {**LABELME, "imageWidth": 80, "imageHeight": 80})
    with pytest.raises(PictureError, match="measured on 80×80, but its picture has 120×80"):
        labels(AnnotationFolder(notes, photos), photos)


def test_in_the_folder_of_the_pictures_captions_and_pictures_are_neither_boxes_nor_masks(photos):
    save(photos / "a.txt", "a photo of a cat")
    save_picture(photos / "b.png")
    save(photos / "metadata.jsonl", {"file_name": "a.jpg", "text": "a photo"})
    save(photos / "captions.json", '{"a.jpg": ')
    save(photos / "b.json", LABELME)
    folder = AnnotationFolder(photos, photos)
    assert labels(folder, photos) == []
    assert folder.read(Picture(photos / "a.jpg"), "a.jpg").mask is None
    assert labels(folder, photos, "b.jpg") == ["shape"]
    assert folder.read(Picture(photos / "b.jpg"), "b.jpg").mask is None
    assert folder.faults == []


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a-masklabel.png", "a.webp"])
def test_a_mask_has_the_name_of_its_picture(photos, notes, name):
    Image.fromarray(np.zeros((80, 120), np.uint8)).save(notes / name)
    found = AnnotationFolder(notes, photos).read(Picture(photos / "a.jpg"), "a.jpg")
    assert found.mask == notes / name


def test_a_state_changes_with_the_files_of_a_picture_and_its_part_of_a_file_for_all(photos, notes):
    sources = ("a.jpg", "b.jpg", "trip/a.jpg")

    def states():
        return [AnnotationFolder(notes, photos).state(each) for each in sources]

    before = states()
    save(notes / "trip" / "a.txt", "0 0.5 0.5 0.1 0.1")
    with_own = states()
    assert with_own[:2] == before[:2] and with_own[2] != before[2]
    save(notes / "classes.txt", "cat")
    with_classes = states()
    assert with_classes[:2] == before[:2] and with_classes[2] != with_own[2]
    save(notes / "all.jsonl", {**LINE, "source": "b.jpg"})
    with_line = states()
    assert [a == b for a, b in zip(with_line, with_classes, strict=True)] == [True, False, True]
    save(notes / "all.jsonl", {**LINE, "source": "b.jpg", "boxes": [{}]})
    assert [a == b for a, b in zip(states(), with_line, strict=True)] == [True, False, True]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="the system has no links")
@pytest.mark.parametrize("name", ["a.json", "all.json"])
def test_files_behind_links_out_of_the_folder_are_read_only_when_asked(photos, notes, tmp_path, name):
    save(tmp_path / "elsewhere.json", COCO)
    (notes / name).symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(PictureError, match="a link that leads out of the folder"):
        labels(AnnotationFolder(notes, photos), photos)
    assert labels(AnnotationFolder(notes, photos, follow_links=True), photos) == ["coco"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_pipe_is_not_waited_for(photos, notes):
    os.mkfifo(notes / "all.jsonl")
    assert labels(AnnotationFolder(notes, photos), photos) == []
