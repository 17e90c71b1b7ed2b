"""What a header says before anything is decoded."""

import io

import pytest
from PIL import Image

from salient_crop.images.header import PictureInfo, read_header

ORIENTATION = 0x0112


def content(kind="PNG", mode="RGB", orientation=None):
    file = io.BytesIO()
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    Image.new(mode, (40, 30)).save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "info"),
    [
        (content(), PictureInfo((40, 30), "PNG", "RGB", 1)),
        (content("PNG", "LA"), PictureInfo((40, 30), "PNG", "LA", 1)),
        (content("JPEG", "CMYK"), PictureInfo((40, 30), "JPEG", "CMYK", 1)),
        (content("JPEG", "L", 3), PictureInfo((40, 30), "JPEG", "L", 3)),
        (content("JPEG", "RGB", 6), PictureInfo((30, 40), "JPEG", "RGB", 6)),
        (content("WEBP", "RGB", 8), PictureInfo((30, 40), "WEBP", "RGB", 8)),
        (content("TIFF", "RGB", 6), PictureInfo((30, 40), "TIFF", "RGB", 1)),  # Pillow turns it when it decodes it
        (content("JPEG", "RGB", 0), PictureInfo((40, 30), "JPEG", "RGB", 1)),
        (content("JPEG", "RGB", 9), PictureInfo((40, 30), "JPEG", "RGB", 1)),
    ],
)
def test_size_as_displayed_format_and_orientation(tmp_path, data, info):
    (tmp_path / "photo").write_bytes(data)
    assert read_header(tmp_path / "photo") == info
    assert read_header("upload", content=data) == info
