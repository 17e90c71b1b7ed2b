"""One picture from Python: any source, any argument, and a crop that reads well."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import salient_crop
from salient_crop.datasets.manifest import read_manifest

ROOT = Path(salient_crop.__file__).parent


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """A photograph as a file without loss."""
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.open(ROOT / "samples" / "astronaut.jpg").convert("RGB").save(path)
    return path


@pytest.fixture(scope="module")
def from_file(photo):
    return salient_crop.crop(photo, "2:3")


@pytest.mark.parametrize(
    "convert",
    [
        str,
        Path.read_bytes,
        Image.open,
        lambda path: np.asarray(Image.open(path)),
        lambda path: torch.from_numpy(np.array(Image.open(path))).float() / 255,
        lambda path: torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1).float() / 255,
    ],
    ids=["str", "bytes", "PIL", "array", "tensor [H, W, C]", "tensor [C, H, W]"],
)
def test_the_same_picture_gives_the_same_crop_from_any_source(photo, from_file, convert):
    found = salient_crop.crop(convert(photo), "2:3")
    assert found.crop == from_file.crop
    assert np.array_equal(np.asarray(found.image), np.asarray(from_file.image))


@pytest.mark.parametrize("name", ["smartcrop"])
def test_python_and_the_command_agree(tmp_path, name):
    from salient_crop.cli.main import main

    folder = tmp_path / "in"
    folder.mkdir()
    for sample in ("coffee.jpg", "rocket.jpg"):
        (folder / sample).write_bytes((ROOT / "samples" / sample).read_bytes())
    words = ["--ratios", "3:2,9:16", "--resolution", "256", "--cropper", name, "--format", "png"]
    assert main(["crop", str(folder), "--out", str(tmp_path / "out"), *words]) == 0
    for record in read_manifest(tmp_path / "out" / "manifest.jsonl"):
        (listed,) = record.crops
        found = salient_crop.crop(folder / record.source, "3:2,9:16", cropper=name, resolution=256)
        assert (str(found.ratio), tuple(found.box.as_list())) == (listed.ratio, listed.box)
        assert found.source_size == record.size
        assert found.score == pytest.approx(listed.score, abs=1e-5)
        with Image.open(tmp_path / "out" / listed.file) as written:
            assert np.array_equal(np.asarray(written), np.asarray(found.image))


def test_a_crop_reads_well(from_file):
    assert str(from_file) == (
        f"341×512 at 2:3: box x={from_file.box.x} y=0 width=341 height=512 of 512×512,"
        f" score {from_file.score:.2f}, keeps {from_file.kept:.0%} of the heat"
    )
    assert repr(from_file) == f"<CroppedPicture {from_file}>"
    assert from_file.ratio == salient_crop.Ratio(2, 3)
    assert from_file.terms["size"] == 1
    assert from_file.image.mode == "RGB"


GREY = np.full((40, 60, 3), 90, np.uint8)


def test_warnings_are_read_with_the_crop(from_file):
    warnings = [salient_crop.CropWarning("head-cut", f"the head {where} is cut") for where in ("left", "right")]
    warned = replace(from_file, crop=replace(from_file.crop, warnings=tuple(warnings)))
    assert warned.warnings == tuple(warnings)
    assert str(warned) == f"{from_file}\n  warning: the head left is cut\n  warning: the head right is cut"
    assert repr(warned) == f"<CroppedPicture {from_file}; warnings: head-cut>"


def test_a_crop_without_its_subject_warns(samples):
    found = salient_crop.crop(samples / "astronaut.jpg", "21:9")
    assert "subject-left-out" in {each.code for each in found.warnings}
    assert str(found).count("\n  warning: ") == len(found.warnings)


def test_ratios_and_constraint_and_cropper():
    crop = salient_crop.crop
    assert crop(GREY, cropper="centre").ratio == salient_crop.Ratio(3, 2)  # the picture's own
    narrow = salient_crop.Constraint(ratios=(salient_crop.Ratio(1, 2),), keep=((0.9, 0.0, 1.0, 0.1),))
    found = crop(GREY, cropper="centre", constraint=narrow)
    assert found.ratio == salient_crop.Ratio(1, 2)
    assert found.box.right == 60
    found = crop(GREY, salient_crop.Ratio(1, 1), cropper=salient_crop.load_cropper("centre"), constraint=narrow)
    assert found.box.as_list() == [20, 0, 40, 40]
    with pytest.raises(salient_crop.UnsatisfiableError, match="^no 1:4 crop of a 60×40 picture"):
        tall = salient_crop.Constraint(keep=((0.0, 0.0, 1.0, 1.0),), policy="error")
        crop(GREY, "1:4", cropper="centre", constraint=tall)


# A head 48 pixels wide in 60, where a square has 40.
CLOSE = salient_crop.Subject(0.1, 0.2, 0.9, 0.8, kind="face")


def test_what_becomes_of_a_picture_whose_head_no_crop_holds(scripted):
    cropper = scripted(subjects=[CLOSE])
    kept = salient_crop.crop(GREY, "1:1", cropper=cropper)
    assert (kept.box.as_list(), [each.code for each in kept.warnings]) == ([10, 0, 40, 40], ["head-cut"])
    assert str(kept).endswith("\n  warning: a head in the middle is cut off: 17 % of it is outside the crop")
    with pytest.raises(salient_crop.HeadCutError, match="^a head in the middle is cut off: 17 % of it"):
        salient_crop.crop(GREY, "1:1", cropper=cropper, on_cut="drop")
    padded = salient_crop.crop(GREY, "1:1", cropper=cropper, on_cut="pad", background=(1, 2, 3))
    # With air the head goes from 2.2 to 57.8 across; 56 pixels around rows 6 to 34.
    assert (padded.box.as_list(), padded.confidence) == ([2, -8, 56, 56], 1.0)
    assert [each.words for each in padded.warnings] == ["29 % of the crop is canvas added at the top and bottom"]
    pixels = np.asarray(padded.image)
    assert (pixels[:8] == (1, 2, 3)).all() and (pixels[48:] == (1, 2, 3)).all() and (pixels[8:48] == 90).all()


def test_where_a_head_fits_on_cut_changes_nothing(scripted):
    cropper = scripted(subjects=[CLOSE])
    found = [salient_crop.crop(GREY, "3:2", cropper=cropper, on_cut=each) for each in ("keep", "drop", "pad")]
    assert found[0].crop == found[1].crop == found[2].crop


def test_resolution_and_background():
    clear = np.dstack([GREY, np.zeros((40, 60), np.uint8)])
    assert salient_crop.crop(clear, "1:1", cropper="centre", resolution=64).image.size == (64, 64)
    for background, pixel in (("white", (255, 255, 255)), ("#010203", (1, 2, 3)), ((4, 5, 6), (4, 5, 6))):
        assert salient_crop.crop(clear, "1:1", cropper="centre", background=background).image.getpixel((5, 5)) == pixel
    kept = salient_crop.crop(clear, "1:1", cropper="centre", background=None).image
    assert kept.mode == "RGBA"
    assert kept.getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"picture": 5}, TypeError, "picture"),
        ({"picture": GREY.astype(float)}, ValueError, "picture"),
        ({"picture": "nowhere.jpg"}, salient_crop.PictureError, "nowhere.jpg"),
        ({"picture": b"nothing"}, salient_crop.PictureError, "picture"),
        ({"ratio": "2:0"}, ValueError, "2:0"),
        ({"ratio": ""}, ValueError, "ratio"),
        ({"ratio": []}, ValueError, "ratio"),
        ({"ratio": 1.5}, TypeError, "ratio"),
        ({"ratio": [(2, 3)]}, TypeError, "ratio"),
        ({"cropper": "nonesuch"}, FileNotFoundError, "nonesuch"),
        ({"cropper": 7}, TypeError, "cropper"),
        ({"picture": ""}, ValueError, "picture: the path is empty"),
        ({"ratio": "1e99999999"}, ValueError, "1e99999999"),
        ({"ratio": float("nan")}, TypeError, "ratio"),
        ({"constraint": 0}, TypeError, "constraint must be of the type Constraint, got 0"),
        ({"constraint": "2:3"}, TypeError, "constraint must be of the type Constraint"),
        ({"objective": None}, TypeError, "objective must be of the type Objective, got None"),
        ({"objective": "people"}, TypeError, "objective must be of the type Objective"),
        ({"on_cut": "ignore"}, ValueError, "on_cut must be one of"),
        ({"on_cut": []}, ValueError, "on_cut must be one of"),
        ({"resolution": 512.0}, TypeError, "resolution must be a whole number, got 512.0"),
        ({"resolution": float("nan")}, TypeError, "resolution must be a whole number"),
        ({"resolution": "512"}, TypeError, "resolution must be a whole number"),
        ({"resolution": True}, TypeError, "resolution must be a whole number"),
        ({"resolution": 10**6}, ValueError, "resolution must be at most 16384"),
        ({"cropper": "a" * 5000}, FileNotFoundError, "neither a file nor a bundled cropper"),
        ({"resolution": 4}, ValueError, "resolution"),
        ({"on_cut": "skip"}, ValueError, "on_cut must be one of keep, drop, pad, got 'skip'"),
        ({"background": "nocolour"}, ValueError, "nocolour"),
        ({"background": (1, 2)}, TypeError, "background"),
        ({"background": (0, 0, 256)}, ValueError, "background"),
        ({"device": "tpu"}, ValueError, "device"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(arguments, kind, words):
    given = {"picture": GREY, "ratio": "1:1", "cropper": "centre", **arguments}
    with pytest.raises(kind, match=words):
        salient_crop.crop(given.pop("picture"), given.pop("ratio"), **given)
