"""COCO's annotations: boxes by picture, and files that somebody else has written."""

from pathlib import Path

import pytest

from salient_crop.datasets.annotations.coco import is_coco, read_coco
from salient_crop.datasets.json_values import MalformedValue
from salient_crop.images.errors import PictureError

FILE = Path("instances.json")


def coco(annotations, images=None, categories=None):
    return {
        "images": images or [{"id": 7, "file_name": "a.jpg", "width": 200, "height": 100}],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "shoe"}] if categories is None else categories,
    }


def only(annotation, **more):
    return {"image_id": 7, "category_id": 1, "bbox": [10, 20, 30, 40], **annotation, **more}


def test_boxes_have_the_labels_of_their_categories_and_the_size_that_they_were_measured_on():
    found = read_coco(FILE, coco([only({}), only({"bbox": [0, 0, 5, 5], "score": 0.5, "weight": 3})])).find("a.jpg")
    assert found.size == (200, 100)
    assert [(each.edges, each.is_relative, each.label) for each in found.boxes] == [
        ((10, 20, 40, 60), False, "shoe"),
        ((0, 0, 5, 5), False, "shoe"),
    ]
    assert [(each.weight, each.confidence) for each in found.boxes] == [(1, 1), (3, 0.5)]


def test_where_there_is_no_box_the_polygons_have_bounds():
    polygons = [[10, 10, 20, 10, 20, 30], [0, 15, 5, 15, 5, 20]]
    found = read_coco(FILE, coco([{"image_id": 7, "category_id": 1, "segmentation": polygons}])).find("a.jpg")
    assert [each.edges for each in found.boxes] == [(0, 10, 20, 30)]


def test_a_picture_without_annotations_has_no_boxes_and_one_that_is_not_named_nothing():
    index = read_coco(FILE, coco([]))
    assert index.find("a.jpg").boxes == ()
    assert index.find("b.jpg") is None


def test_without_categories_the_numbers_are_the_labels():
    assert read_coco(FILE, coco([only({})], categories=[])).find("a.jpg").boxes[0].label == "1"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (only({"bbox": [1, 2, 3]}), "annotations[0].bbox"),
        (only({"bbox": [1, 2, -3, 4]}), "annotations[0].bbox"),
        (only({"bbox": [1, 2, float("nan"), 4]}), "annotations[0].bbox[2]"),
        (only({"bbox": [1, 2, True, 4]}), "annotations[0].bbox[2]"),
        (only({"bbox": [1e9, 2, 3, 4]}), "annotations[0].bbox[0]"),
        (only({"bbox": "1 2 3 4"}), "annotations[0].bbox"),
        (only({"category_id": 9}), "annotations[0].category_id"),
        (only({"weight": -1}), "annotations[0].weight"),
        (only({"weight": 1e300}), "annotations[0].weight"),
        (only({"score": 2}), "annotations[0].score"),
        ({"image_id": 7, "category_id": 1}, "annotations[0].bbox"),
        ({"image_id": 7, "category_id": 1, "segmentation": {"counts": "xx", "size": [1, 1]}}, "segmentation"),
        ({"image_id": 7, "category_id": 1, "segmentation": [[1, 2, 3]]}, "annotations[0].segmentation"),
    ],
)
def test_what_is_wrong_with_an_annotation_is_told_of_its_picture_alone(value, place):
    images = [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}]
    index = read_coco(FILE, coco([value, only({"image_id": 8})], images))
    assert len(index.find("b.jpg").boxes) == 1
    with pytest.raises(PictureError, match="instances.json: ") as error:
        index.find("a.jpg")
    assert place in str(error.value)


@pytest.mark.parametrize("image", [9, None, True, [7], {"id": 7}, 7.0, "7"])
def test_annotations_of_no_picture_are_told_and_the_rest_counts(image):
    index = read_coco(FILE, coco([only({"image_id": image}), only({})]))
    assert len(index.find("a.jpg").boxes) == 1
    (fault,) = index.faults
    assert fault.startswith("annotations[0].image_id: no image has it")


def test_only_the_first_of_many_faults_are_named():
    index = read_coco(FILE, coco([only({"image_id": number}) for number in range(100, 150)]))
    assert len(index.faults) == 4 and index.faults[-1] == "47 more like these"


def test_pictures_of_one_number_are_told_apart_by_nobody():
    images = [{"id": 7, "file_name": "a.jpg"}, {"id": 7, "file_name": "b.jpg"}]
    with pytest.raises(PictureError, match=r"images\[0\]\.id: several images have it"):
        read_coco(FILE, coco([only({})], images)).find("a.jpg")


def test_a_picture_without_a_name_is_told():
    images = [{"id": 7}, {"id": 8, "file_name": 3}, {"file_name": "c.jpg"}]
    index = read_coco(FILE, coco([], images))
    assert [each.partition(":")[0] for each in index.faults] == ["images[0].file_name", "images[1].file_name"]
    with pytest.raises(PictureError, match=r"images\[2\]\.id"):
        index.find("c.jpg")


@pytest.mark.parametrize(
    "value",
    [
        {"images": [], "annotations": {}},
        {"images": [3], "annotations": []},
        {"images": [], "annotations": [3]},
        {"images": [], "annotations": [], "categories": [{"id": 1}]},
        {"images": [], "annotations": [], "categories": {"1": "shoe"}},
    ],
)
def test_a_file_of_another_form_is_refused_as_a_whole(value):
    assert is_coco(value)
    with pytest.raises(MalformedValue):
        read_coco(FILE, value)


def test_more_boxes_than_a_search_can_weigh_fail_the_picture():
    with pytest.raises(PictureError, match="1001 boxes on one picture, over the limit of 1000"):
        read_coco(FILE, coco([only({})] * 1001)).find("a.jpg")
