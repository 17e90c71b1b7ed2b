"""Names and shapes of HCIC's whole model, written down from its authors' code."""

from __future__ import annotations

from published_gaic import Shapes, dense, vgg


def published_hcic() -> Shapes:
    """Names and shapes of HCIC's whole model, written down from its authors' code."""
    shapes = {name.replace("Feat_ext", "backbone"): shape for name, shape in vgg(copied=False).items()}
    for level in (3, 4, 5):
        shapes |= dense(f"f{level}_layer", 256, 512, 1)
    shapes |= dense("feat_ext", 32, 256, 1)
    shapes |= dense("partition_aware.group_conv", 288, 48, 3) | dense("partition_aware.RoIConv", 16, 32, 3)
    relation = "content_preserve.relation_encoder"
    shapes |= {f"{relation}.weight": (32, 8), f"{relation}.phi.weight": (32, 32), f"{relation}.theta.weight": (32, 32)}
    shapes |= dense("content_preserve.preserve_predict.1", 8, 8, 3) | dense(
        "content_preserve.preserve_predict.3", 1, 8, 1
    )
    head = "content_preserve.content_feat_layer"
    shapes |= dense(f"{head}.0", 64, 2, 5) | dense(f"{head}.2", 32, 64, 5)
    shapes |= {f"{head}.5.weight": (256, 5408), f"{head}.5.bias": (256,)}
    shapes |= dense("roi_feat_layer.0", 512, 64, 9) | {"roi_feat_layer.3.weight": (256, 512)}
    return shapes | {"fc_layer.weight": (1, 512), "fc_layer.bias": (1,)}
