"""Custom nodes for the tests: a tiny VAE and CLIP for core's own training nodes, and a probe that shows their batches.

The VAE's latent is the mean colour of each 8 × 8 square, so that a latent tells which picture it came from; the CLIP
keeps its text, so that a conditioning tells its caption.
"""

import json

import torch


class TinyVAE:
    """What core's nodes call of a VAE: `[1, H, W, 3]` in 0..1 to `[1, 4, H/8, W/8]`."""

    def encode(self, pixels):
        colours = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1), 8)
        return torch.cat([colours, torch.ones_like(colours[:, :1])], dim=1)


class TinyCLIP:
    """What core's nodes call of a CLIP: a text to one conditioning."""

    def tokenize(self, text):
        return text

    def encode_from_tokens_scheduled(self, tokens):
        return [[torch.full((1, 1, 4), float(len(tokens))), {"caption": tokens}]]


class LoadTinyVAE:
    CATEGORY, FUNCTION, RETURN_TYPES = "test", "load", ("VAE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def load(self):
        return (TinyVAE(),)


class LoadTinyCLIP:
    CATEGORY, FUNCTION, RETURN_TYPES = "test", "load", ("CLIP",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def load(self):
        return (TinyCLIP(),)


class StandInDetector:
    """Emits what core's SAM3 Detect emits, of the bright squares of a picture: masks and a list of boxes for each
    picture of the batch; RT-DETR Detect has the boxes, Remove Background the masks."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "detect", ("MASK", "BOUNDING_BOX")

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",), "squares": ("STRING",), "individual_masks": ("BOOLEAN",)}}

    def detect(self, image, squares, individual_masks):
        height, width = image.shape[1:3]
        masks, boxes = [], []
        for x, y, side, label in json.loads(squares):
            mask = torch.zeros(height, width)
            mask[y : y + side, x : x + side] = 1
            masks.append(mask)
            boxes.append({"x": x, "y": y, "width": side, "height": side, "score": 0.9, "label": label})
        every = torch.stack(masks) if masks else torch.zeros(0, height, width)
        united = every.any(dim=0).float()[None] if masks else torch.zeros(1, height, width)
        return (every if individual_masks else united, [boxes] * len(image))


class ShowBatches:
    """Shows one line of JSON for each batch: the shape of its latents, and their mean colours and captions in order."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "show", ()
    INPUT_IS_LIST = OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"latents": ("LATENT",), "conditioning": ("CONDITIONING",)}}

    def show(self, latents, conditioning):
        lines = []
        for latent, conditions in zip(latents, conditioning, strict=True):
            samples = latent["samples"]
            colours = samples[:, :3].mean(dim=(2, 3)).tolist()
            captions = [details["caption"] for _, details in conditions]
            lines.append(json.dumps({"shape": list(samples.shape), "colours": colours, "captions": captions}))
        return {"ui": {"text": lines}}


class FindThings:
    """What core's SAM3_Detect puts out for one picture: its boxes as a list for each picture, and a mask for each find.

    The boxes are heads at the left and at the right; the masks are squares of a tenth of the width below them.
    """

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "find", ("BOUNDING_BOX", "MASK")

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",)}}

    def find(self, image):
        _, height, width, _ = image.shape
        side = width // 10
        boxes = [
            {"x": x, "y": height // 4, "width": side, "height": side, "label": "head", "score": 0.9}
            for x in (width // 5, 3 * width // 5)
        ]
        masks = torch.zeros(3, height, width)
        for index, mask in enumerate(masks):
            left = (2 + 3 * index) * side
            mask[3 * height // 5 : 3 * height // 5 + side, left : left + side] = 1
        return [boxes], masks


_NODES = (LoadTinyVAE, LoadTinyCLIP, StandInDetector, ShowBatches, FindThings)
NODE_CLASS_MAPPINGS = {f"Test_{each.__name__}": each for each in _NODES}
