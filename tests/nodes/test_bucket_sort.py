"""Bucket Sort in a stand-in host."""

import pytest
import torch
from wires import SIZES, as_box, sort_pictures


def test_every_picture_leaves_at_exactly_its_bucket_in_full_batches_and_in_step(run, smartcrop):
    images, captions, masks, buckets, indices, boxes, names, report, chart = sort_pictures(run, smartcrop)
    assert sorted(indices) == list(range(8))
    assert captions == [f"caption {i}" for i in indices]
    assert names == [f"n{i}.jpg" for i in indices]
    seen = 0
    for image, mask, bucket, index, box in zip(images, masks, buckets, indices, boxes, strict=True):
        width, height = map(int, bucket.split("x"))
        assert image.shape == (1, height, width, 3)
        assert mask.shape == (1, height, width)
        # The mask shows the same square as the picture does, so both were cut alike.
        inside = mask[0] > 0.99
        if not inside.any():  # smartcrop sees more in edges than in this square
            continue
        seen += 1
        assert (image[0][inside][:, 0] - 0.8).abs().max() < 0.1  # what resizing rings
        assert box["x"] >= 0 and box["x"] + box["width"] <= SIZES[index][0]
    assert seen >= 6
    assert all(buckets.count(each) % 4 == 0 for each in set(buckets))
    assert buckets == sorted(buckets, key=ratio_of)
    assert "8 pictures in 2 buckets" in report
    assert chart.shape[0] == 1 and chart.shape[3] == 3


def ratio_of(bucket):
    width, height = map(int, bucket.split("x"))
    return width / height


def test_pictures_can_keep_their_order_and_repeat_to_fill_a_batch(run, smartcrop):
    images, *_, indices, _, _, report, _ = sort_pictures(
        run, smartcrop, order="source", batch_size=5, remainder="repeat", buckets="auto:2"
    )
    assert indices == sorted(indices)
    assert len(indices) == 10
    assert set(indices) == set(range(8))
    assert report.count("used 2 times") == 2


def test_what_is_dropped_is_named(run, smartcrop):
    *_, indices, _, names, report, _ = sort_pictures(run, smartcrop, batch_size=3, remainder="drop", buckets="auto:2")
    assert len(indices) == 6
    gone = {f"n{i}.jpg" for i in range(8)} - set(names)
    assert all(f"left out: {name}: the number of pictures is no multiple of the batch size" in report for name in gone)


def test_a_misspelt_grid_is_refused_by_name(run, smartcrop):
    with pytest.raises(ValueError, match="buckets: 'autos:3' is no bucket grid"):
        sort_pictures(run, smartcrop, buckets="autos:3")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image": []}, "^image: an empty list"),
        ({"caption": ["a", "b"]}, "^caption: 2 values for 8 pictures"),
        ({"name": ["a"] * 7}, "^name: 7 values for 8 pictures"),
        ({"mask": [torch.zeros(3, 4, 4)]}, "^mask: 3 values for 8 pictures"),
        ({"heatmap": [torch.zeros(3, 4, 4)]}, "^heatmap: 3 values for 8 pictures"),
        ({"subjects": [as_box(0, 0, 9, 9)] * 3}, "^subjects: 3 values for 8 pictures"),
        ({"buckets": ["auto:2", "auto:3"]}, "^buckets: 2 values are connected"),
        ({"on_cut": ["keep", "drop"]}, "^on_cut: 2 values are connected"),
        ({"order": ["bucket", "source"]}, "^order: 2 values are connected"),
    ],
)
def test_lists_that_do_not_fit_are_refused_by_the_name_of_their_socket(run, smartcrop, given, message):
    with pytest.raises(ValueError, match=message):
        sort_pictures(run, smartcrop, **given)


def test_names_are_numbers_and_captions_empty_where_none_is_connected(run, smartcrop):
    _, captions, masks, _, indices, _, names, *_ = sort_pictures(
        run, smartcrop, caption=[], name=[], mask=[], order="source", buckets="448x576,576x448"
    )
    assert names == [str(index) for index in indices]
    assert set(captions) == {""}
    assert not any(mask.any() for mask in masks)


def test_one_caption_serves_all_pictures(run, smartcrop):
    _, captions, *_ = sort_pictures(run, smartcrop, caption="a square", buckets="448x576,576x448")
    assert captions == ["a square"] * 8


def test_warnings_of_crops_are_in_the_boxes_and_in_the_report(run, smartcrop):
    (whole,) = run("Constraint", keep=torch.ones(1, 4, 4))
    *_, indices, boxes, names, report, _ = sort_pictures(run, smartcrop, constraint=whole, buckets="512x512")
    cut = [name for name, box in zip(names, boxes, strict=True) if box["metadata"]["warnings"]]
    assert 0 < len(cut) < 8  # the squares among them are whole
    for index, box in zip(indices, boxes, strict=True):
        codes = [each["code"] for each in box["metadata"]["warnings"]]
        assert codes == ([] if SIZES[index][0] == SIZES[index][1] else ["keep-given-up"])
    assert sorted(cut) == sorted(line.split(": ")[1] for line in report.splitlines() if "check the crop" in line)
    assert "the region to keep" in report


def test_a_picture_that_fits_no_bucket_is_named_by_its_place(run, smartcrop):
    (whole,) = run("Constraint", policy="error", keep=torch.ones(1, 4, 4))
    with pytest.raises(ValueError, match=r"^picture 0 \(600×400\): .*keep"):
        sort_pictures(run, smartcrop, constraint=whole, buckets="512x512")


GREY = torch.full((1, 300, 300, 3), 0.5)
TALL_HEAD = as_box(90, 30, 60, 210, label="head")  # 210 rows, where a crop of 2:1 has 150


@pytest.fixture
def sort_heads(run):
    """Bucket Sort of two pictures, the first of which has such a head."""

    def sort(buckets="512x256", subjects=(TALL_HEAD, []), **more):
        given = {"image": [GREY] * 2, "heatmap": [torch.ones(1, 4, 4)], "smallest": 1, "order": "source"}
        return run("BucketSort", buckets=buckets, subjects=list(subjects), **given, **more)

    return sort


def test_a_picture_goes_to_the_bucket_in_which_its_head_is_whole(sort_heads):
    *_, buckets, indices, boxes, _, report, _ = sort_heads("512x256,256x512", [TALL_HEAD, TALL_HEAD])
    assert (buckets, indices) == (["256x512"] * 2, [0, 1])
    assert "\nhead cut off: " not in report and all(box["metadata"]["warnings"] == [] for box in boxes)


def test_a_head_that_has_to_be_cut_off_is_in_the_report_and_in_the_box(sort_heads):
    *_, indices, boxes, _, report, _ = sort_heads()
    assert indices == [0, 1]
    assert [[each["code"] for each in box["metadata"]["warnings"]] for box in boxes] == [["head-cut"], []]
    assert all(0 <= box["metadata"]["confidence"] <= 1 for box in boxes)
    assert "\nhead cut off: 0: a head in the middle is cut off: 29 % of it is outside the crop" in report
    assert "check the" not in report


def test_a_picture_that_every_bucket_beheads_is_left_out_and_named(sort_heads):
    images, *_, indices, _, names, report, _ = sort_heads(on_cut="drop")
    assert (len(images), indices, names) == (1, [1], ["1"])
    assert "\nleft out: 0: a head would be cut off in every crop that was asked for" in report
    with pytest.raises(
        ValueError, match="(?s)^no picture could be placed in any bucket:.*left out: 1: a head would be"
    ):
        sort_heads(subjects=[TALL_HEAD], on_cut="drop")


def test_a_canvas_is_extended_for_a_head_in_its_bucket(sort_heads):
    images, *_, boxes, _, _, _ = sort_heads(on_cut="pad")
    # With air the head has 244 rows, and so 487 columns around it, where the picture has 300.
    assert [boxes[0][name] for name in ("width", "height")] == [487, 244]
    assert boxes[0]["x"] < 0 and boxes[1]["x"] == 0
    assert images[0].shape == (1, 256, 512, 3)
    assert (images[0][0, :, [0, -1]] == 1).all() and not (images[1][0] == 1).any()


def test_the_panel_draws_the_buckets_and_every_picture_in_its_own(panel):
    images = [torch.rand(1, 64, 96, 3), torch.rand(1, 96, 64, 3), torch.rand(1, 60, 96, 3)]
    content = panel("BucketSort", image=images, buckets="64x96,96x64", smallest=1, name=["a", "b", "c"])
    planned = {each["label"]: each["value"] for each in content["bars"] if each["value"]}
    assert planned == {"64x96": 1, "96x64": 2}
    assert content["words"].startswith("3 pictures in 2 buckets: loses ")
    assert [each["name"] for each in content["tiles"]] == ["64x96   b", "96x64   a", "96x64   c"]
    assert all(each["picture"] and each["box"] for each in content["tiles"])


def test_a_chart_that_nobody_looks_at_is_not_drawn(run, nodes, host):
    host.running.append((0, "id", {"7": {"inputs": {}}, "8": {"inputs": {"mask": ["7", 0]}}}, {}, []))
    *_, chart = run("BucketSort", image=[torch.rand(1, 64, 96, 3)], buckets="96x64", smallest=1)
    assert chart is None
    assert nodes["SalientCrop_BucketSort"].define_schema().outputs[8].id == "chart"


def test_pictures_without_anything_are_left_out_of_the_buckets_and_named(run, smartcrop):
    boxes = [[as_box(10, 10, 80, 80)] if index % 4 else [] for index in range(8)]
    *_, indices, _, _, report, _ = sort_pictures(run, smartcrop, subjects=boxes, nothing="skip", batch_size=1)
    assert sorted(indices) == [1, 2, 3, 5, 6, 7]
    assert "n0.jpg: neither subjects nor focus hold anything for it" in report
    *_, indices, _, _, report, _ = sort_pictures(run, smartcrop, subjects=boxes, batch_size=1)
    assert sorted(indices) == list(range(8))
    with pytest.raises(ValueError, match="^nothing: every picture was left out"):
        sort_pictures(run, smartcrop, subjects=[[]] * 8, nothing="skip")
    with pytest.raises(ValueError, match="^picture 0: neither subjects nor focus"):
        sort_pictures(run, smartcrop, subjects=boxes, nothing="error")
