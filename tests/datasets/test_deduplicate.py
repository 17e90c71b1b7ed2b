"""Pictures that are there twice, whatever was done to the file."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.datasets.deduplicate import (
    MAX_DISTANCE,
    Duplicate,
    find_duplicates,
    hash_file,
    perceptual_hash,
)
from salient_crop.images.errors import PictureError


def distance(first, second):
    return (first ^ second).bit_count()


def pixels_of(image):
    return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def photographs():
    from pathlib import Path

    return {path.name: Image.open(path) for path in sorted(Path(__file__).parents[2].glob("samples/*.jpg"))}


def test_edited_copies_have_nearly_the_same_hash_and_other_pictures_do_not(photographs):
    hashes = {name: perceptual_hash(pixels_of(image)) for name, image in photographs.items()}
    cat = photographs["cat.jpg"]
    for copy in (
        cat.resize((300, 200)),
        cat.resize((1000, 665)),
        cat.convert("L"),
        cat.point(lambda level: level * 0.8 + 20),
        cat.quantize(64),
    ):
        assert distance(perceptual_hash(pixels_of(copy)), hashes["cat.jpg"]) <= MAX_DISTANCE
    names = list(hashes)
    others = [distance(hashes[a], hashes[b]) for a in names for b in names if a < b]
    assert min(others) > 2 * MAX_DISTANCE
    mirrored = perceptual_hash(pixels_of(cat.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert distance(mirrored, hashes["cat.jpg"]) > MAX_DISTANCE


def test_the_hash_is_the_one_that_is_defined():
    """By scipy's cosine transform of the block means."""
    from scipy.fft import dctn

    pixels = np.random.default_rng(0).integers(0, 256, (96, 64, 3), np.uint8)
    grey = pixels.astype(float) @ (0.299, 0.587, 0.114)
    blocks = grey.reshape(32, 3, 32, 2).mean((1, 3))
    low = dctn(blocks, 2)[:8, :8].ravel()
    bits = (low > np.median(low[1:])).astype(int)
    assert perceptual_hash(pixels) == int("".join(map(str, bits)), 2)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (33, 20), (500, 31)])
def test_any_size_has_a_hash_that_alpha_and_brightness_do_not_change(shape):
    pixels = np.random.default_rng(0).integers(0, 100, (*shape, 4), np.uint8)
    value = perceptual_hash(pixels)
    assert 0 <= value < 2**64
    assert perceptual_hash(pixels[..., :3]) == value
    if min(shape) > 1:
        assert distance(perceptual_hash(pixels[..., :3] + 100), value) <= 1  # but for the mean


def test_the_mean_over_areas_is_exact_where_blocks_do_not_fit():
    step = np.zeros((48, 48, 3), np.uint8)
    step[:, 24:] = 200
    larger = np.kron(step, np.ones((5, 5, 1), np.uint8))
    assert perceptual_hash(step) == perceptual_hash(larger)


def test_duplicates_by_bytes_and_by_appearance(tmp_path, samples):
    names = ["astronaut.jpg", "cat.jpg", "coffee.jpg"]
    paths = {name: samples / name for name in names}
    with Image.open(paths["cat.jpg"]) as picture:
        picture.resize((300, 240)).save(tmp_path / "cat-small.webp", quality=60)
        picture.crop((0, 0, picture.width // 2, picture.height)).save(tmp_path / "cat-half.png")
    (tmp_path / "coffee-again.jpg").write_bytes(paths["coffee.jpg"].read_bytes())
    for name in ("cat-half.png", "cat-small.webp", "coffee-again.jpg"):
        paths[name] = tmp_path / name
    appearances = {name: perceptual_hash(pixels_of(Image.open(path))) for name, path in paths.items()}
    contents = {name: hash_file(path) for name, path in paths.items()}
    assert find_duplicates(list(paths), contents, appearances) == [
        Duplicate("cat-small.webp", "cat.jpg", False),
        Duplicate("coffee-again.jpg", "coffee.jpg", True),
    ]
    assert find_duplicates(list(paths), contents, appearances, -1) == [
        Duplicate("coffee-again.jpg", "coffee.jpg", True)
    ]


@pytest.mark.parametrize(
    ("hashes", "max_distance", "found"),
    [
        ({}, 6, {}),
        ({"a": 0b0000, "b": 0b0000}, 0, {"b": "a"}),
        ({"a": 0b0000, "b": 0b0001}, 0, {}),
        ({"a": 0b0000, "b": 0b0001}, 1, {"b": "a"}),
        ({"a": 0b0000, "b": 0b0000}, -1, {}),
        ({"a": 0, "b": 0b111111}, MAX_DISTANCE, {"b": "a"}),
        ({"a": 0, "b": 0b1111111}, MAX_DISTANCE, {}),
        ({"a": 0, "b": 0b1111_0000_0000, "c": 0b1110_0000_0000}, 3, {"c": "b"}),  # the nearest is named
        ({"a": 0, "b": 0b11, "c": 0b1111}, 2, {"b": "a"}),  # only kept pictures count, so c is no duplicate of b
        ({"a": 2**64 - 1, "b": 2**63 - 1}, 1, {"b": "a"}),
        ({"a": 0, "b": 1 << 32}, 1, {"b": "a"}),  # the first bit of the second part
        ({"a": 0, "b": 1 << 31}, 1, {"b": "a"}),
    ],
)
def test_near_hashes(hashes, max_distance, found):
    duplicates = find_duplicates(list(hashes), {}, hashes, max_distance)
    assert {each.name: each.kept for each in duplicates} == found
    assert not any(each.exact for each in duplicates)


def test_hashes_are_found_however_their_bits_differ():
    random = np.random.default_rng(0)
    first = int(random.integers(2**63))
    for _ in range(50):
        flips = sum(1 << int(bit) for bit in random.choice(64, MAX_DISTANCE, replace=False))
        assert len(find_duplicates(["a", "b"], {}, {"a": first, "b": first ^ flips})) == 1
        more = next(bit for bit in range(64) if not flips >> bit & 1)
        assert not find_duplicates(["a", "b"], {}, {"a": first, "b": first ^ flips ^ (1 << more)})


def test_a_duplicate_cannot_change_and_is_small():
    with pytest.raises(AttributeError):
        Duplicate("a", "b", True).exact = False
    assert not hasattr(Duplicate("a", "b", True), "__dict__")


def test_the_limit_is_six_bits():
    assert MAX_DISTANCE == 6


def test_the_same_bytes_count_before_the_same_appearance():
    files = {"a": "x", "b": "y", "c": "y", "d": "y", "e": "z"}
    found = find_duplicates(list("abcde"), files, {"a": 0, "b": 2**40 - 1, "c": 0, "e": 0})
    assert found == [Duplicate("c", "b", True), Duplicate("d", "b", True), Duplicate("e", "a", False)]


def test_pictures_without_hashes_are_no_duplicates():
    assert find_duplicates(["a", "b", "c"], {"a": "x"}, {"a": 0, "c": 0}) == [Duplicate("c", "a", False)]


def test_the_hash_of_a_file_is_that_of_all_its_bytes(tmp_path):
    large = bytes(3 << 20)
    for name, content in {"a": large, "b": large, "c": large[:-1] + b"\1", "d": b""}.items():
        (tmp_path / name).write_bytes(content)
    a, b, c, d = (hash_file(str(tmp_path / name)) for name in "abcd")
    assert a == b and len({a, c, d}) == 3
    assert len(a) == 32 and int(a, 16)
    with pytest.raises(PictureError, match="there is no such file"):
        hash_file(tmp_path / "gone")
