"""Every kind of file, made on the fly, comes out as the same oriented 8-bit sRGB."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from salient_crop.images.decode import Picture, decode
from salient_crop.images.errors import PictureError
from salient_crop.images.header import read_header

ORIENTATION = 0x0112
# How a camera stores a picture so that the tag of that number shows it upright.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
EXIF_FORMATS = ["jpg", "png", "webp", "tiff", *(["avif"] if features.check("avif") else [])]


def scene(width=96, height=64) -> Image.Image:
    """Every corner its own colour, and smooth in between, so that no codec and no filter blurs it much."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return Image.fromarray((np.stack([x, y, 1 - x * y], axis=-1) * 255).round().astype(np.uint8))


def close(pixels: np.ndarray, expected: np.ndarray | Image.Image, levels: float = 6) -> bool:
    expected = np.asarray(expected, dtype=float)
    return pixels.shape == expected.shape and np.abs(pixels - expected).max() <= levels


def saved(image: Image.Image, path: Path, **options) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("extension", EXIF_FORMATS)
def test_every_orientation_of_every_format(tmp_path, extension, orientation):
    upright = scene()
    turn = STORED[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    best = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}, "avif": {"quality": 100}}
    stored = upright if turn is None else upright.transpose(turn)
    path = saved(stored, tmp_path / f"a.{extension}", exif=exif, **best.get(extension, {}))

    assert read_header(path).size == (96, 64)
    assert close(decode(path), upright)
    assert close(Picture(path).crop((10, 5, 40, 30)), np.asarray(upright)[5:35, 10:50])
    assert close(Picture(path).small(32), upright.resize((48, 32), Image.Resampling.BILINEAR))


def test_a_damaged_exif_block_does_not_cost_the_picture(tmp_path):
    path = saved(scene(), tmp_path / "a.jpg", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff nonsense", quality=100)
    assert decode(path).shape == (64, 96, 3)


@pytest.mark.parametrize("extension", ["png", "tiff"])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path, extension):
    ramp = np.linspace(0, 65535, 96 * 64).astype(np.uint16).reshape(64, 96)
    path = saved(Image.fromarray(ramp), tmp_path / f"a.{extension}")
    expected = np.repeat((ramp / 257)[..., None], 3, axis=2)
    assert close(decode(path), expected, 1)
    assert close(Picture(path).crop((0, 32, 96, 32), (48, 16))[0, :, 0:1], expected[32:34].mean((0, 2))[::2, None], 2)


def test_sixteen_bit_colour(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(sixteen_bit_png(np.asarray(scene()).astype(np.uint16) * 257))
    assert close(decode(path), scene(), 1)


def test_float_tiff(tmp_path):
    ramp = np.linspace(0, 1, 96 * 64, dtype=np.float32).reshape(64, 96)
    path = saved(Image.fromarray(ramp), tmp_path / "a.tiff")
    assert close(decode(path), np.repeat(ramp[..., None] * 255, 3, axis=2), 1)


@pytest.mark.parametrize(
    ("mode", "name"), [("L", "a.png"), ("1", "a.png"), ("1", "a.tiff"), ("L", "a.jpg"), ("P", "a.gif"), ("P", "a.bmp")]
)
def test_modes_without_alpha(tmp_path, mode, name):
    image = scene().convert(mode)
    options = {"quality": 100} if name.endswith("jpg") else {}
    path = saved(image, tmp_path / name, **options)
    assert close(decode(path), image.convert("RGB"))


def test_cmyk_with_and_without_adobe_inversion(tmp_path):
    image = scene().convert("CMYK")
    for name in ("a.jpg", "a.tiff"):  # Pillow writes CMYK JPEGs inverted, as Adobe does; TIFFs straight
        path = saved(image, tmp_path / name, **({"quality": 100} if name.endswith("jpg") else {}))
        assert close(decode(path), scene(), 8)


def test_lab_tiff(tmp_path):
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    path = saved(ImageCms.applyTransform(scene(), to_lab), tmp_path / "a.tiff")
    # Eight bits of Lab are coarse at the gamut's edge.
    assert np.abs(decode(path).astype(float) - np.asarray(scene())).mean() < 3


def half_transparent() -> Image.Image:
    image = Image.new("RGBA", (40, 20), (255, 0, 0, 255))
    image.paste((0, 0, 255, 0), (20, 0, 40, 20))
    return image


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.png", "RGBA"), ("a.webp", "RGBA"), ("a.tiff", "RGBA"), ("a.png", "P"), ("a.gif", "RGBA"), ("a.png", "LA")],
)
def test_what_hides_under_transparency_never_shows(tmp_path, name, mode):
    image = half_transparent()
    if mode == "P":
        image = image.quantize(8)
    elif mode == "LA":
        image = image.convert("LA")
    path = saved(image, tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    white, green, kept = decode(path), decode(path, background=(0, 255, 0)), decode(path, background=None)
    assert (white[:, 20:] == 255).all()
    assert (green[:, 20:] == (0, 255, 0)).all()
    assert kept.shape[2] == 4
    assert (kept[:, 20:, 3] == 0).all()
    assert (kept[:, :20, 3] == 255).all()
    # Resized, the hidden blue must not bleed into the red either.
    small = Picture(path).crop((10, 0, 20, 20), (10, 10))
    assert small[:, :4].std(axis=(0, 1)).max() < 2
    assert small[..., 2].min() + 2 >= small[..., 1].min()


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_one_colour_named_transparent(tmp_path, mode):
    image = Image.new(mode, (8, 8), 0)
    image.paste(1 if mode == "1" else "white", (0, 0, 4, 8))
    path = saved(image, tmp_path / "a.png", transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert (decode(path, background=(9, 9, 9))[:, 4:] == 9).all()


def test_opaque_alpha_is_no_alpha(tmp_path):
    path = saved(scene().convert("RGBA"), tmp_path / "a.png")
    assert decode(path, background=None).shape[2] == 3


def test_the_first_frame_of_an_animation(tmp_path):
    first, second = Image.new("RGB", (32, 32), "red"), Image.new("RGB", (32, 32), "blue")
    for name in ("a.gif", "a.webp", "a.png", "a.tiff", *(["a.avif"] if features.check("avif") else [])):
        first.save(tmp_path / name, save_all=True, append_images=[second])
        assert close(decode(tmp_path / name)[4:28, 4:28], np.full((24, 24, 3), (255, 0, 0)), 8), name


def test_a_phones_multi_picture_jpeg(tmp_path):
    path = tmp_path / "a.jpg"
    scene(960, 640).save(path, "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64))], quality=95)
    assert read_header(path).format == "MPO"
    assert close(Picture(path).small(64), scene(96, 64), 12)


@pytest.mark.parametrize(
    "background",
    [3, (1, 2), (0, 0, 256), (0, 0, 0.5), "nocolour", (True, 0, 0), [], float("nan")],
)
def test_a_background_that_is_no_colour_is_named(tmp_path, background):
    picture = Picture(saved(scene(), tmp_path / "a.png"))
    for ask in (lambda: picture.small(8, background), lambda: picture.crop((0, 0, 8, 8), None, background)):
        with pytest.raises((TypeError, ValueError), match="^background: "):
            ask()
    with pytest.raises(ValueError, match="^background: a thumbnail needs a colour, got None"):
        picture.small(8, None)


def swapped_channels_profile() -> bytes:
    """A made-up profile in which what is called red is green: no converter can mistake it for sRGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    tags = {bytes(profile[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff"])
def test_an_icc_profile_is_applied(tmp_path, name):
    options = {"a.jpg": {"quality": 100, "subsampling": 0}, "a.webp": {"lossless": True}}.get(name, {})
    path = saved(scene(), tmp_path / name, icc_profile=swapped_channels_profile(), **options)
    expected = np.asarray(scene())[..., [1, 0, 2]]
    assert close(decode(path), expected, 8)
    assert close(Picture(path).small(32), np.asarray(Image.fromarray(expected).resize((48, 32))), 10)


def test_srgbs_own_profile_changes_no_pixel(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = saved(scene(), tmp_path / "a.png", icc_profile=profile)
    assert (decode(path) == np.asarray(scene())).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_profile_that_is_damaged_or_for_other_channels_is_passed_over(tmp_path, mode):
    for index, profile in enumerate([b"\x00" * 200, swapped_channels_profile()[:300], swapped_channels_profile()]):
        if mode == "RGB" and index == 2:
            continue
        path = saved(scene().convert(mode), tmp_path / f"{index}.tiff", icc_profile=profile)
        assert close(decode(path), scene().convert(mode).convert("RGB"))


def test_thumbnails_of_one_ratio_have_one_size(tmp_path):
    sizes = {(3000, 2000), (1500, 1000), (1203, 802), (600, 400)}
    shapes = {Picture(saved(scene(*size), tmp_path / "a.jpg")).small(200).shape for size in sizes}
    assert shapes == {(200, 300, 3)}


def test_small_never_enlarges_and_a_panorama_stays_small(tmp_path):
    assert Picture(saved(scene(30, 20), tmp_path / "a.png")).small(200).shape == (20, 30, 3)
    assert Picture(saved(scene(1, 1), tmp_path / "b.png")).small(200).shape == (1, 1, 3)
    height, width, _ = Picture(saved(scene(8000, 100), tmp_path / "c.png")).small(64).shape
    assert width == 8 * 64
    assert height == 6


def test_scaled_decoding_shows_the_same_picture(tmp_path):
    path = saved(scene(2003, 1501), tmp_path / "a.jpg", quality=95)
    picture = Picture(path)
    assert close(picture.small(100), scene(2003, 1501).resize((133, 100), Image.Resampling.BILINEAR), 8)
    # ... and afterwards a crop that needs every pixel still gets it.
    assert close(picture.crop((1000, 700, 64, 64)), np.asarray(scene(2003, 1501))[700:764, 1000:1064], 8)


def test_a_crop_is_never_stretched(tmp_path):
    board = np.indices((90, 120)).sum(0) // 30 % 2 * 255
    path = saved(Image.fromarray(board.astype(np.uint8)), tmp_path / "a.png")
    # The box is 4:3, the result 1:1: the middle of the box, not the whole of it squeezed.
    assert close(Picture(path).crop((0, 0, 120, 90), (90, 90)), Picture(path).crop((15, 0, 90, 90)), 1)


def test_a_crop_beyond_the_picture_is_padded(tmp_path):
    path = saved(Image.new("RGB", (20, 10), "red"), tmp_path / "a.png")
    padded = Picture(path).crop((-5, 0, 30, 10), background=(0, 0, 255))
    assert padded.shape == (10, 30, 3)
    assert (padded[:, :5] == (0, 0, 255)).all()
    assert (padded[:, 5:25] == (255, 0, 0)).all()
    assert (padded[:, 25:] == (0, 0, 255)).all()
    clear = Picture(path).crop((0, -10, 20, 30), (40, 60), background=None)
    assert clear.shape == (60, 40, 4)
    assert (clear[:20, :, 3] == 0).all()
    assert (clear[20:40, :, 3] == 255).all()


def test_bytes_give_the_pixels_of_their_file(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    path = saved(scene(960, 640), tmp_path / "a.jpg", exif=exif)
    from_file, from_bytes = Picture(path), Picture("upload", content=path.read_bytes())
    assert from_bytes.info == from_file.info
    assert (from_bytes.small(40) == from_file.small(40)).all()
    assert (from_bytes.crop((5, 6, 200, 300), (100, 150)) == from_file.crop((5, 6, 200, 300), (100, 150))).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "upload: empty file"), (b"<html>", "upload: not a picture"), (b"\xff\xd8\xff", "upload: ")],
)
def test_bytes_that_are_no_picture_name_their_source(content, reason):
    with pytest.raises(PictureError, match=reason):
        Picture("upload", content=content)


def test_too_many_pixels_in_bytes(tmp_path):
    path = saved(scene(), tmp_path / "a.png")
    with pytest.raises(PictureError, match="upload: 96×64 pixels, over the limit of 100"):
        Picture("upload", 100, path.read_bytes())


def test_malformed_arguments_are_named(tmp_path):
    with pytest.raises(TypeError, match="path: must be a path, got bytes"):
        Picture(b"abc")
    picture = Picture(saved(scene(), tmp_path / "a.png"))
    with pytest.raises(ValueError, match="size: width and height must be at least 1, got 0×0"):
        picture.crop((0, 0, 10, 10), (0, 0))
    with pytest.raises(TypeError, match="box: must be 4 whole numbers"):
        picture.crop((0, 0, 10.5, 10))
    with pytest.raises(PictureError, match=r"a.png: the box \[96, 0, 1, 1\] lies outside the picture"):
        picture.crop((96, 0, 1, 1))


def sixteen_bit_png(pixels: np.ndarray) -> bytes:
    """Pillow cannot write one, so by hand."""
    import struct
    import zlib

    height, width, _ = pixels.shape
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    file = io.BytesIO(b"")
    file.write(b"\x89PNG\r\n\x1a\n")
    file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)))
    file.write(chunk(b"IDAT", zlib.compress(rows)))
    file.write(chunk(b"IEND", b""))
    return file.getvalue()
