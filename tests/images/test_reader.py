"""Pictures that nobody vouches for: the same pixels as ever, or a reason, within the memory and time that there is."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hostile_pictures import gif_of_comments, jpeg_of_scans, run_length_bmp, tiff_of_tile, webp_of_one_colour
from PIL import Image, features

from salient_crop.images import reader as module
from salient_crop.images.cost import opening_bytes
from salient_crop.images.decode import Picture, Terms
from salient_crop.images.errors import PictureError
from salient_crop.images.header import read_structure
from salient_crop.images.isolated import IsolatedPicture
from salient_crop.images.process import DecoderProcess, ProcessLostError
from salient_crop.images.reader import PictureReader

MB, GB = 10**6, 10**9
KINDS = [
    ("RGB", "tiff", {}),
    ("RGB", "tiff", {"turned": 6}),
    ("F", "tiff", {"compression": "raw"}),
    ("I;16", "tiff", {"compression": "raw"}),
    ("CMYK", "tiff", {"compression": "raw"}),
    ("LAB", "tiff", {"compression": "raw"}),
    ("RGBA", "tiff", {}),
    ("P", "gif", {}),
    *([("RGBA", "avif", {"turned": 8})] if features.check("avif") else []),
]


def drawn(mode: str, size: tuple[int, int]) -> Image.Image:
    coarse = np.random.default_rng(len(mode)).integers(0, 255, (6, 9, 4), np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    if mode in ("F", "I;16"):
        return Image.fromarray(np.asarray(image.convert("L")).astype({"F": np.float32, "I;16": np.uint16}[mode]))
    return Image.frombytes("LAB", size, image.convert("RGB").tobytes()) if mode == "LAB" else image.convert(mode)


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def saved(path: Path, mode: str = "RGB", size=(180, 120), turned=1, **options) -> Path:
    """A picture; a TIFF is compressed, so that it is decoded in a process, and a GIF has many comments."""
    if path.suffix == ".tiff":
        options.setdefault("compression", "tiff_lzw")
    drawn(mode, size).save(path, **options, **({} if turned == 1 else {"exif": exif_of(turned)}))
    if path.suffix == ".gif":
        path.write_bytes(gif_of_comments(path.read_bytes(), 1001))
    return path


@pytest.fixture(scope="module")
def reader():
    with PictureReader(GB) as made:
        yield made


@pytest.mark.parametrize(("mode", "extension", "options"), KINDS)
def test_another_process_gives_the_same_pixels(tmp_path, reader, mode, extension, options):
    path = saved(tmp_path / f"a.{extension}", mode, **options)
    here = Picture(path)
    with reader.open(path) as there:
        assert isinstance(there, IsolatedPicture)
        assert (there.info, there.info.cost) == (here.info, here.info.cost)
        for background in ((255, 255, 255), (1, 2, 3)):
            assert (there.small(50, background) == here.small(50, background)).all()
        box = (-5, 10, 90, 60)
        for size in (None, (45, 30), (200, 90)):
            for background in ((9, 9, 9), None):
                assert (there.crop(box, size, background) == here.crop(box, size, background)).all()


def test_ordinary_pictures_are_decoded_here(tmp_path, reader, monkeypatch):
    monkeypatch.setattr(module, "DecoderProcess", None)
    for name in ("a.jpg", "a.png", "a.webp", "a.bmp", "a.tif", "turned.tif", "paletted.tif", "a.gif"):
        image = drawn("P" if name == "paletted.tif" else "RGB", (180, 120))
        path = tmp_path / name
        image.save(path, **({"exif": exif_of(6)} if name == "turned.tif" else {}))
        with PictureReader(GB).open(path) as picture:
            assert type(picture) is Picture
            assert picture.small(60).shape == ((90, 60, 3) if name == "turned.tif" else (60, 90, 3))


def test_bytes_are_read_as_their_file_is(tmp_path, reader):
    for path in (saved(tmp_path / "a.tiff"), saved(tmp_path / "a.jpg")):
        with reader.open("upload", path.read_bytes()) as picture:
            assert (picture.small(60) == Picture(path).small(60)).all()


def test_a_jpeg_of_many_scans_is_decoded_small_in_its_process_too(tmp_path, reader):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_of_scans(40, (1600, 1200)))
    with reader.open(path) as picture:
        assert isinstance(picture, IsolatedPicture)
        assert (picture.small(100) == Picture(path).small(100)).all()
        assert (picture.crop((0, 0, 800, 600)) == Picture(path).crop((0, 0, 800, 600))).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"II*\0\x08\0\0\0\0\0", "not a picture"),
        (tiff_of_tile(40, 30, 1000)[:-30], None),
        (b"\0\0\0\x1cftypavif" + bytes(90), "not a picture" if features.check("avif") else "an AVIF picture"),
    ],
)
def test_what_cannot_be_read_has_the_same_reason_in_every_process(tmp_path, reader, content, reason):
    path = tmp_path / "a.tiff"
    path.write_bytes(content)

    def reason_of(opened):
        with pytest.raises(PictureError) as error, opened as picture:
            picture.small(20)
        assert error.value.path == path
        return error.value.reason

    class Here:
        def __enter__(self):
            return Picture(path)

        def __exit__(self, *_):
            pass

    found = reason_of(reader.open(path))
    assert found == reason_of(Here())
    assert reason is None or found.startswith(reason)


def test_a_file_that_changes_between_two_looks_is_refused(tmp_path, reader):
    path = saved(tmp_path / "a.tiff")
    with reader.open(path) as picture:
        saved(path, size=(10, 20))
        with pytest.raises(PictureError, match="it changed while it was being read"):
            picture.small(10)


def test_a_picture_that_takes_too_long_fails_alone(tmp_path):
    (tmp_path / "slow.bmp").write_bytes(run_length_bmp(8000, 7500))
    good = saved(tmp_path / "a.tiff")
    with PictureReader(GB, seconds=1.5) as reader:
        with reader.open(tmp_path / "slow.bmp") as picture:
            for _ in range(2):
                with pytest.raises(PictureError, match="slow.bmp: decoding it takes longer than 1.5 s"):
                    picture.small(60)
        with reader.open(good) as picture:
            assert picture.small(60).shape == (60, 90, 3)


@pytest.mark.parametrize(
    ("name", "content", "need"),
    [
        ("a.webp", webp_of_one_colour(13_000, 13_000), "1.5"),
        ("a.bmp", run_length_bmp(13_000, 13_000), "1.4"),
        ("a.tiff", tiff_of_tile(64, 64, 24_000), "2.5"),
    ],
)
def test_a_small_file_that_would_take_all_memory_is_refused_by_name(tmp_path, reader, name, content, need):
    (tmp_path / name).write_bytes(content)
    assert len(content) < 60_000
    refused = pytest.raises(PictureError, match=f"{name}: it needs about {need} GB of memory, and all .* take 1.0 GB")
    with refused, reader.open(tmp_path / name) as picture:
        picture.small(512)
    with reader.open(saved(tmp_path / "b.tiff")) as picture:
        picture.small(10)


def test_less_of_a_jpeg_needs_less_memory(tmp_path):
    path = saved(tmp_path / "a.jpg", size=(1600, 1200))
    with PictureReader(12 * MB).open(path) as picture:
        assert picture.small(100).shape == (100, 133, 3)
        assert picture.crop((0, 0, 1600, 1200), (200, 150)).shape == (150, 200, 3)
        with pytest.raises(PictureError, match="it needs about 50 MB of memory"):
            picture.crop((0, 0, 1600, 1200))


def test_a_canvas_that_fits_nowhere_is_refused(tmp_path):
    with PictureReader(GB).open(saved(tmp_path / "a.png")) as picture:
        with pytest.raises(PictureError, match="it needs about 2.0 GB of memory"):
            picture.crop((0, 0, 180, 9000), (1800, 90_000))
        assert picture.crop((0, 0, 180, 1000)).shape == (1000, 180, 3)


def test_the_format_of_the_crops_counts(tmp_path):
    path = saved(tmp_path / "a.png", size=(1000, 800))
    for encoding, fits in (("jpg", True), ("webp", False)):
        with PictureReader(30 * MB, encoding=encoding).open(path) as picture:
            if fits:
                picture.crop((0, 0, 1000, 800))
            else:
                with pytest.raises(PictureError, match="it needs about 4[0-9] MB"):
                    picture.crop((0, 0, 1000, 800))


@pytest.mark.parametrize("extension", ["png", "tiff", "jpg"])
def test_what_was_forgotten_for_want_of_memory_is_read_again_to_the_same_byte(tmp_path, extension):
    """A picture and its mask that do not fit into memory together."""
    path, mask = (
        saved(tmp_path / f"a.{extension}", size=(640, 480)),
        saved(tmp_path / f"m.{extension}", size=(640, 480)),
    )
    wanted = [(0, 0, 640, 480), (0, 0, 320, 240), (10, 20, 30, 40)]
    roomy, tight = Picture(path), PictureReader(18 * MB)
    with tight, tight.open(path) as picture:
        beside = picture.open_beside(mask)
        assert (picture.small(60) == roomy.small(60)).all()
        for box in wanted:
            size = (box[2] // 8, box[3] // 8)
            assert (picture.crop(box, size) == roomy.crop(box, size)).all()
            assert (beside.crop(box) == Picture(mask).crop(box)).all()
        assert (picture.crop(wanted[0]) == roomy.crop(wanted[0])).all()
        assert (picture.crop(wanted[0], (80, 60)) == roomy.crop(wanted[0], (80, 60))).all()


def test_all_memory_is_given_back(tmp_path, reader):
    good, bad = saved(tmp_path / "a.tiff"), tmp_path / "bad.tiff"
    bad.write_bytes(good.read_bytes()[:-2000])
    for path in (good, bad, good):
        try:
            with reader.open(path) as picture:
                picture.small(50)
        except PictureError:
            pass
    assert reader._budget._taken == 0


def test_processes_are_kept_in_a_context_and_end_with_it(tmp_path):
    path = saved(tmp_path / "a.tiff")
    reader = PictureReader(GB)
    with reader:
        with reader.open(path) as first, reader.open(path) as second:
            number = second._process.id
            assert first._process.id != number
        with reader, reader.open(path) as picture:  # a context within the context ends nothing
            assert picture._process.id in (number, first._process.id)
        assert len(reader._idle) == 2
    assert not reader._idle
    assert first._process.lost
    assert second._process.lost
    with reader.open(path) as picture:
        assert picture.small(60).shape == (60, 90, 3)
    assert picture._process.lost


def test_a_picture_that_cannot_be_opened_costs_no_process(tmp_path, monkeypatch):
    started = []

    class Counted(DecoderProcess):
        def __init__(self):
            super().__init__()
            started.append(self)

    monkeypatch.setattr(module, "DecoderProcess", Counted)
    (tmp_path / "a.tiff").write_bytes(b"II*\0" + bytes(60))
    with PictureReader(GB) as reader:
        for _ in range(3):
            with pytest.raises(PictureError, match="not a picture"), reader.open(tmp_path / "a.tiff"):
                pass
    assert len(started) == 1


def test_what_is_abandoned_fails_at_once_until_the_next_context(tmp_path):
    (tmp_path / "slow.bmp").write_bytes(run_length_bmp(8000, 7500))
    good = saved(tmp_path / "a.tiff")
    reader = PictureReader(GB)
    with reader, reader.open(tmp_path / "slow.bmp") as picture:
        timer = threading.Timer(0.3, reader.abandon)
        timer.start()
        begun = time.monotonic()
        with pytest.raises(PictureError, match="slow.bmp: its decoder crashed"):
            picture.small(60)
        assert time.monotonic() - begun < 10
        with pytest.raises(PictureError, match="a.tiff: its run was stopped"), reader.open(good):
            pass
    with reader, reader.open(good) as picture:
        assert picture.small(60).shape == (60, 90, 3)


def test_where_no_process_can_be_started_the_picture_fails(tmp_path, monkeypatch):
    class Refused:
        def __init__(self):
            raise ProcessLostError("no process could be started to decode it: no more")

    monkeypatch.setattr(module, "DecoderProcess", Refused)
    refused = pytest.raises(PictureError, match="a.tiff: no process could be started to decode it: no more")
    with refused, PictureReader(GB).open(saved(tmp_path / "a.tiff")):
        pass


# Estimates


class Noted:
    """A share that gives what it is asked for, and notes the most."""

    most = 0

    def cover(self, owner, need):
        self.most = max(self.most, need)


def resident(number: int, name: str) -> int:
    """Bytes of memory of a process."""
    lines = Path(f"/proc/{number}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


@pytest.fixture(scope="module")
def process():
    made = DecoderProcess()
    made.resident = resident(made.id, "VmRSS")
    yield made
    made.end()


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux, which tells the peak of a process")
@pytest.mark.parametrize(
    ("mode", "extension", "options"),
    [
        ("RGB", "jpg", {}),
        ("RGB", "jpg", {"progressive": True, "turned": 6}),
        ("P", "png", {}),
        ("RGBA", "png", {"turned": 5}),
        ("RGB", "webp", {}),
        ("RGBA", "webp", {"lossless": True, "quality": 0, "method": 0}),
        ("RGB", "tiff", {"compression": "tiff_lzw", "turned": 6}),
        ("RGB", "tiff", {"compression": "raw", "turned": 6}),
        ("F", "tiff", {"compression": "tiff_lzw"}),
        ("P", "gif", {}),
        *([("RGBA", "avif", {"speed": 10})] if features.check("avif") else []),
    ],
)
def test_no_picture_takes_more_than_is_estimated(tmp_path, process, mode, extension, options):
    """See benchmarks/decoding.py for all of them."""
    width, height = 2100, 1400
    path = saved(tmp_path / f"a.{extension}", mode, (width, height), **options)
    noted, structure = Noted(), read_structure(path)
    Path(f"/proc/{process.id}/clear_refs").write_text("5")  # forgets the peak so far
    picture = IsolatedPicture(path, structure, process, 60, Terms(noted, Picture, "jpg"))
    picture.small(256)
    picture.crop((0, 0, *picture.info.size))
    picture.forget()
    assert width * height * 4 < resident(process.id, "VmHWM") - process.resident < noted.most
    assert opening_bytes(structure) < noted.most
