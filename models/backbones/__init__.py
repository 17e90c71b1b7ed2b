"""Image classification networks that several croppers are built on, one a file."""

from .base import Backbone, conv_norm
from .mobilenet_v2 import MobileNetV2
from .resnet50 import ResNet50, bottlenecks
from .shufflenet_v2 import ShuffleNetV2
from .vgg16 import Vgg16

__all__ = ["Backbone", "MobileNetV2", "ResNet50", "ShuffleNetV2", "Vgg16", "bottlenecks", "conv_norm"]
