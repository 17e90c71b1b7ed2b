"""Values as they travel on ComfyUI's wires, for the tests of the nodes."""

import numpy as np
import torch
from PIL import Image


def scene(width, height, x, y, size=20):
    """A calm picture [1, H, W, 3] with something busy of `size` pixels around (x, y)."""
    picture = torch.full((1, height, width, 3), 0.5)
    generator = torch.Generator().manual_seed(0)
    top, left = max(0, y - size // 2), max(0, x - size // 2)
    patch = picture[:, top : top + size, left : left + size]
    patch.copy_(torch.rand(patch.shape, generator=generator))
    return picture


def spot(width, height, x, y, size=20):
    """A mask [1, H, W], white around (x, y)."""
    mask = torch.zeros(1, height, width)
    mask[:, max(0, y - size // 2) : y + size // 2, max(0, x - size // 2) : x + size // 2] = 1
    return mask


def as_box(x, y, width, height, **more):
    """A BOUNDING_BOX."""
    return {"x": x, "y": y, "width": width, "height": height, **more}


SIZES = [(600, 400), (400, 600), (620, 400), (500, 500), (390, 600), (610, 410), (512, 512), (900, 400)]


def pictures():
    """Grey pictures of `SIZES`, each with a bright square at a place of its own, and a mask of that square."""
    images, masks = [], []
    for index, (width, height) in enumerate(SIZES):
        image, mask = torch.full((1, height, width, 3), 0.4), torch.zeros(1, height, width)
        left, top = (width - 100) * (index % 3) // 2, (height - 100) * (index % 2)
        image[:, top : top + 100, left : left + 100] = torch.tensor([0.8, 0.5 + index / 20, 0.4])
        mask[:, top : top + 100, left : left + 100] = 1
        images.append(image)
        masks.append(mask)
    return images, masks


def sort_pictures(run, cropper, **more):
    """What Bucket Sort makes of `pictures` with captions and names, in batches of four."""
    images, masks = pictures()
    captions, names = [f"caption {i}" for i in range(8)], [f"n{i}.jpg" for i in range(8)]
    given = {"image": images, "mask": masks, "caption": captions, "name": names, "resolution": 512, "batch_size": 4}
    return run("BucketSort", **{**given, "cropper": cropper, **more})


def save_folder(host, name="set"):
    """`pictures` as PNGs p0 to p7 with captions below the host's input, and a broken one among them."""
    folder = host.base / "input" / name
    folder.mkdir()
    for index, image in enumerate(pictures()[0]):
        Image.fromarray((image[0].numpy() * 255).astype(np.uint8)).save(folder / f"p{index}.png")
        (folder / f"p{index}.txt").write_text(f"caption {index}", encoding="utf-8")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def read_tree(folder):
    """The bytes of all files below a folder, by their relative paths."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
