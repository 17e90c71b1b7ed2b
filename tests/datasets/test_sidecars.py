"""What belongs to pictures: captions beside them or in one file for all, and masks."""

import json
import os

import pytest
from PIL import Image

from salient_crop.datasets import sidecars as module
from salient_crop.datasets.caption_index import CAPTION_INDEX_NAMES
from salient_crop.datasets.sidecars import Sidecars
from salient_crop.images.decode import Picture
from salient_crop.images.errors import PictureError


def picture(path, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)
    return path


def index(folder, name="metadata.jsonl", **captions):
    """A caption index of pictures `NAME.jpg`."""
    folder.mkdir(parents=True, exist_ok=True)
    if name.endswith(".jsonl"):
        lines = [{"file_name": f"{stem}.jpg", "text": text} for stem, text in captions.items()]
        (folder / name).write_text("\n".join(map(json.dumps, lines)), "utf-8")
    else:
        (folder / name).write_text(json.dumps({stem: {"caption": text} for stem, text in captions.items()}), "utf-8")
    return folder / name


def test_a_picture_without_sidecars(tmp_path):
    sidecars, photo = Sidecars(tmp_path), picture(tmp_path / "a.jpg")
    assert (sidecars.list_files(photo), sidecars.read_caption(photo), sidecars.find_mask(photo)) == ([], "", None)
    assert sidecars.open_mask(Picture(photo)) is None
    assert sidecars.read_captions(photo) == {}


def test_a_caption_that_is_longer_than_any_is_not_read_whole(tmp_path):
    photo = picture(tmp_path / "a.jpg")
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(1 << 36)  # takes no room on most disks
    for read in (Sidecars(tmp_path).read_caption, Sidecars(tmp_path).read_captions):
        with pytest.raises(PictureError, match="a caption of more than 4 MB"):
            read(photo)


def test_a_caption_file_of_its_own_goes_before_the_index(tmp_path):
    photo, file = tmp_path / "a.jpg", index(tmp_path, a="index")
    assert (Sidecars(tmp_path).read_caption(photo), Sidecars(tmp_path).list_files(photo)) == ("index", [file])
    (tmp_path / "a.caption").write_text("own")
    (tmp_path / "a.txt").write_text("")
    assert Sidecars(tmp_path).read_caption(photo) == ""  # an empty caption is one
    assert Sidecars(tmp_path).list_files(photo) == [tmp_path / "a.txt", tmp_path / "a.caption"]


def test_the_nearest_index_counts_and_none_above_the_folder(tmp_path):
    photo = tmp_path / "in" / "deep" / "a.jpg"
    index(tmp_path, a="too high")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "in/deep/a.jpg", "text": "too high"}')
    assert Sidecars(tmp_path / "in").read_caption(photo) == ""
    assert Sidecars(tmp_path / "in" / "deep").read_caption(photo) == ""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "metadata.jsonl").write_text('{"file_name": "deep/a.jpg", "text": "of the folder"}')
    assert Sidecars(tmp_path / "in").read_caption(photo) == "of the folder"
    assert Sidecars(tmp_path / "in" / "deep").read_caption(photo) == ""
    low = tmp_path / "in" / "deep" / "deeper" / "b.jpg"
    (tmp_path / "in" / "metadata.jsonl").write_text('{"file_name": "deep/deeper/b.jpg", "text": "two folders up"}')
    assert Sidecars(tmp_path / "in").read_caption(low) == "two folders up"
    index(tmp_path / "in" / "deep", a="nearest")
    assert Sidecars(tmp_path / "in").read_caption(photo) == "nearest"


def test_the_order_of_index_files(tmp_path):
    for name in reversed(CAPTION_INDEX_NAMES):
        index(tmp_path, name, a=name)
        assert Sidecars(tmp_path).read_caption(tmp_path / "a.jpg") == name
    assert CAPTION_INDEX_NAMES[0] == "metadata.jsonl"
    assert set(CAPTION_INDEX_NAMES[1:]) == {f"meta_{step}.json" for step in ("lat", "clean", "cap_dd", "cap")}


def test_captions_are_taken_from_wherever_they_are(tmp_path):
    index(tmp_path, a="ein Häuschen", c="")
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbfb\r\n")
    (tmp_path / "b.caption").write_bytes(b"\x00\xff")
    sidecars = Sidecars(tmp_path)
    assert {stem: sidecars.read_captions(tmp_path / f"{stem}.jpg") for stem in "abc"} == {
        "a": {".txt": "ein Häuschen\n".encode()},
        "b": {".txt": b"\xef\xbb\xbfb\r\n", ".caption": b"\x00\xff"},
        "c": {},
    }


def test_of_several_caption_files_the_first_counts(tmp_path):
    for name, caption in (("a.caption", "caption"), ("a.txt", "txt"), ("a.jpg.txt", "jpg.txt")):
        (tmp_path / name).write_text(f" {caption}\n")
        assert Sidecars(tmp_path).read_caption(tmp_path / "a.jpg") == caption


def test_a_caption_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("a")

    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(module, "open_inside", refuse)
    for read in (Sidecars(tmp_path).read_caption, Sidecars(tmp_path).read_captions):
        with pytest.raises(PictureError, match=r"a\.txt: no permission to read it"):
            read(tmp_path / "a.jpg")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("name", ["a.txt", "a.caption", "a.jpg.txt", "metadata.jsonl", "a-masklabel.png"])
def test_what_lies_behind_a_link_out_of_the_folder_is_read_only_when_asked(tmp_path, name):
    photo = picture(tmp_path / "in" / "a.jpg")
    secret = picture(tmp_path / "secret.png") if name.endswith(".png") else tmp_path / "secret"
    if not name.endswith(".png"):
        secret.write_text('{"file_name": "a.jpg", "text": "b"}')
    (tmp_path / "in" / name).symlink_to(secret)

    def read(sidecars):
        return sidecars.read_caption(photo), sidecars.open_mask(Picture(photo))

    with pytest.raises(PictureError, match="a link that leads out of the folder") as error:
        read(Sidecars(tmp_path / "in"))
    assert error.value.path == tmp_path / "in" / name
    assert any(read(Sidecars(tmp_path / "in", follow_links=True)))
    assert any(read(Sidecars(tmp_path / "in", follow_links=True)))


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_mask_may_not_lie_behind_a_link_out_of_the_folder_of_masks(tmp_path):
    photo, outside = picture(tmp_path / "in" / "a.jpg"), picture(tmp_path / "in" / "b.png")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").symlink_to(outside)
    with pytest.raises(PictureError, match="a link that leads out of the folder"):
        Sidecars(tmp_path / "in", tmp_path / "masks").open_mask(Picture(photo))


def test_a_damaged_index_fails_the_pictures_that_need_it(tmp_path):
    (tmp_path / "meta_lat.json").write_text("{", "utf-8")
    (tmp_path / "b.txt").write_text("own")
    with pytest.raises(PictureError, match=r"meta_lat\.json: damaged") as error:
        Sidecars(tmp_path).read_caption(tmp_path / "a.jpg")
    assert error.value.reason_for(tmp_path / "a.jpg").startswith("meta_lat.json: damaged")
    assert Sidecars(tmp_path).read_caption(tmp_path / "b.jpg") == "own"


def test_masks_lie_beside_their_pictures_or_in_a_folder_of_the_same_tree(tmp_path):
    a, b, c = (picture(tmp_path / "in" / name) for name in ("a.jpg", "deep/b.jpg", "c.jpg"))
    beside = picture(tmp_path / "in" / "a-masklabel.png")
    picture(tmp_path / "masks" / "a.png")
    png, same = picture(tmp_path / "masks" / "deep" / "b.png"), picture(tmp_path / "masks" / "c.jpg")
    sidecars = Sidecars(tmp_path / "in", tmp_path / "masks")
    assert [sidecars.find_mask(each) for each in (a, b, c)] == [beside, png, same]
    assert sidecars.list_files(b) == [png]
    picture(tmp_path / "masks" / "c.png")
    assert sidecars.find_mask(c) == tmp_path / "masks" / "c.png"
    assert [Sidecars(tmp_path / "in").find_mask(each) for each in (a, b, c)] == [beside, None, None]
    assert sidecars.open_mask(Picture(a)).path == beside


@pytest.mark.parametrize("size", [(30, 40), (40, 31), (39, 30)])
def test_a_mask_of_another_size_is_refused(tmp_path, size):
    photo, mask = picture(tmp_path / "a.jpg"), picture(tmp_path / "a-masklabel.png", size)
    with pytest.raises(PictureError, match=f"a mask of {size[0]}×{size[1]}, but its picture has 40×30") as error:
        Sidecars(tmp_path).open_mask(Picture(photo))
    assert error.value.path == mask
