"""Bucket Sort in a stand-in host."""

import pytest
from wires import SIZES, sort_pictures


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
