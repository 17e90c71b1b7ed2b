"""Everything that travels on a wire: the pack's own socket types, and what ComfyUI's types mean here.

    IMAGE            [B, H, W, 3 or 4] floats in 0..1, of any precision, on any device. Pictures of different sizes
                     travel as a list of [1, H, W, 3].
    MASK             [B, H, W], or [H, W], floats in 0..1, of any size: a mask belongs to a picture by its place in the
                     list or batch.
    BOUNDING_BOX     {x, y, width, height, ...} in pixels. Accepted as one dict, a list of dicts (all on one picture)
                     or a list of lists (one for each picture of a batch); emitted as one dict for each picture,
                     and for a clip of frames as a list of lists.
    SALIENT_CROPPER  a `HostedCropper`.
    CROP_CONSTRAINT  a `PendingConstraint`: a `Constraint`, an `Objective`, and regions that become relative once the
                     size of the picture is known.

Nodes with `is_input_list` get every socket as a list. `lists` pairs these lists with the pictures: one value serves all
pictures, otherwise there must be as many values as pictures. There is one module for each kind of value. Every function
that reads a socket takes its name, and starts its error messages with it.
"""

from __future__ import annotations

from ...cropping.checks import Region, Size

__all__ = ["Region", "Size"]
