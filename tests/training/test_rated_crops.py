"""Data sets of rated crops: both shapes, their parts, and their faults by name."""

from __future__ import annotations

import json

import pytest
import rated_folders

from salient_crop.training.rated_crops import RatedPicture, rating_scale, read_rated_pictures


def test_both_shapes_of_folder_hold_the_same(tmp_path):
    from_text = read_rated_pictures(rated_folders.gaicd(tmp_path / "gaicd"))
    from_json = read_rated_pictures(rated_folders.cpc(tmp_path / "cpc"))
    assert [each.path.name for each in from_text] == [f"p{number}.png" for number in range(6)]
    for one, other in zip(from_text, from_json, strict=True):
        assert [box for box, _ in one.crops] == [box for box, _ in other.crops]
        assert [rating for _, rating in one.crops] == pytest.approx([rating for _, rating in other.crops], abs=1e-3)
        assert len(one.crops) == 14, "-2 is not a rating"


def test_parts_of_a_data_set(tmp_path):
    folder = rated_folders.cpc(tmp_path)
    (folder / "data_split.json").write_text(json.dumps({"train": ["p0.png", "p3.png"], "test": ["p1.png"]}))
    assert [each.path.stem for each in read_rated_pictures(folder, "train")] == ["p0", "p3"]
    with pytest.raises(ValueError, match="no part 'val', only train, test"):
        read_rated_pictures(folder, "val")


def test_faults_of_a_data_set_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither image_crop.json nor annotations"):
        read_rated_pictures(tmp_path)
    folder = rated_folders.gaicd(tmp_path, count=2)
    (folder / "images" / "train" / "p1.png").unlink()
    with pytest.raises(FileNotFoundError, match="picture 'p1'"):
        read_rated_pictures(folder)
    (folder / "annotations" / "train" / "p0.txt").write_text("1 2 3 4 5\n1 2 three 4 5\n")
    with pytest.raises(ValueError, match=r"p0\.txt, line 2"):
        read_rated_pictures(folder)
    (folder / "image_crop.json").write_text('{"p0.png": {"bbox": [[1, 2, 3, 4]], "score": []}}')
    with pytest.raises(ValueError, match="image_crop.json does not map"):
        read_rated_pictures(folder)


def test_rating_scale_of_equal_ratings_divides_by_one(tmp_path):
    picture = RatedPicture(tmp_path / "a.png", (((0, 0, 1, 1), 3.0), ((0, 0, 2, 2), 3.0)))
    assert rating_scale([picture]) == (3.0, 1.0)


def test_ratings_are_scaled_by_mean_and_deviation_of_all_pictures(tmp_path):
    box = (0.0, 0.0, 1.0, 1.0)
    pictures = [
        RatedPicture(tmp_path / "a.png", ((box, 1.0), (box, 3.0))),
        RatedPicture(tmp_path / "b.png", ((box, 5.0),)),
    ]
    assert rating_scale(pictures) == (3.0, pytest.approx((8 / 3) ** 0.5))
