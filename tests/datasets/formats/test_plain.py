"""Plain: the tree of the sources, captions byte for byte."""

from salient_crop.datasets.formats.plain import Plain
from salient_crop.datasets.output_folder import OutputFolder
from salient_crop.datasets.sidecars import Sidecars


def test_paths_follow_the_sources():
    assert Plain().crop_path("a/b", "jpg") == "a/b.jpg"
    assert Plain().mask_path("a/b.jpg") == "masks/a/b.png"
    assert not Plain().reads_all_pictures


def test_caption_files_are_copied_byte_for_byte(tmp_path):
    picture = tmp_path / "in" / "a.jpg"
    picture.parent.mkdir()
    content = {".txt": b"\xef\xbb\xbf a cat \r\n", ".caption": b"\xff\xfe"}
    for extension, each in content.items():
        picture.with_suffix(extension).write_bytes(each)
    Plain().write_captions(OutputFolder(tmp_path / "out"), ["1.png", "deep/2.png"], picture, Sidecars(picture.parent))
    for stem in ("1", "deep/2"):
        assert {each: (tmp_path / "out" / f"{stem}{each}").read_bytes() for each in content} == content


def test_any_concept_and_any_size_are_taken():
    assert Plain(concept="a/b", repeats=5).crop_path("a", "png") == "a.png"
    assert Plain().recropped_size((7, 1001), 512) is None
    assert Plain().trainer_settings([(7, 1001)], 512) == []
