"""Pictures that are there twice, whatever was done to the file."""

import numpy as np
from PIL import Image

from salient_crop.datasets.deduplicate import find_duplicates, hash_file, perceptual_hash


def test_duplicates_are_found_whatever_was_done_to_the_file(samples, tmp_path):
    names = ["astronaut.jpg", "cat.jpg", "coffee.jpg"]
    paths = {name: samples / name for name in names}
    with Image.open(paths["cat.jpg"]) as picture:
        picture.resize((300, 240)).save(tmp_path / "cat-small.webp", quality=60)
        picture.crop((0, 0, picture.width // 2, picture.height)).save(tmp_path / "cat-half.png")
    (tmp_path / "coffee-again.jpg").write_bytes(paths["coffee.jpg"].read_bytes())
    for name in ("cat-half.png", "cat-small.webp", "coffee-again.jpg"):
        paths[name] = tmp_path / name
    sights = {name: perceptual_hash(np.asarray(Image.open(path).convert("RGB"))) for name, path in paths.items()}
    contents = {name: hash_file(path) for name, path in paths.items()}
    found = {each.name: (each.of, each.exact) for each in find_duplicates(list(paths), contents, sights)}
    assert found == {"cat-small.webp": ("cat.jpg", False), "coffee-again.jpg": ("coffee.jpg", True)}
    assert [each.exact for each in find_duplicates(list(paths), contents, sights, near=-1)] == [True]


def test_near_hashes_are_found_however_their_bits_differ():
    random = np.random.default_rng(0)
    first = int(random.integers(2**63))
    for _ in range(50):
        flips = sum(1 << int(bit) for bit in random.choice(64, 6, replace=False))
        assert len(find_duplicates(["a", "b"], {}, {"a": first, "b": first ^ flips})) == 1
        more = next(bit for bit in range(64) if not flips >> bit & 1)
        assert not find_duplicates(["a", "b"], {}, {"a": first, "b": first ^ flips ^ (1 << more)})
