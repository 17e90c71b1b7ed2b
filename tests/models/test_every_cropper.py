"""What every registered cropper promises: the bundled ones, and each kind of checkpoint with made-up weights.

A new architecture needs an entry in `CHECKPOINTS`, or the first test fails.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import cache

import pytest
import torch
from made_up import made_up_state, uniform
from published_gaic import PUBLISHED
from published_hcic import published_hcic
from published_transalnet import published
from torch import Tensor

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper
from salient_crop.models.design_heatmap.cropper import DesignHeatmapCropper
from salient_crop.models.focus.network import FocusNetwork
from salient_crop.models.registry import ARCHITECTURES, BUNDLED, build_cropper, load_cropper
from salient_crop.models.runtime.choice import Runtime, has_openvino
from salient_crop.models.selection import best_crops
from salient_crop.models.state_dict import digest_weights
from salient_crop.models.transalnet.loading import load as load_transalnet

SMALL_FRAME, SMALL_SIDE = (128, 96), 64  # working sizes; the published ones take several times as long
CHECKPOINTS: dict[str, Callable[[], dict[str, Tensor]]] = {
    "focus": lambda: made_up_state({n: tuple(t.shape) for n, t in FocusNetwork((8, 8, 8, 8)).state_dict().items()}, 5),
    "gaic": lambda: made_up_state(PUBLISHED["bo-zhang shufflenetv2"], 1),
    "design-heatmap": lambda: made_up_state(published_hcic(), 2),
    "transalnet": lambda: made_up_state(published("res", SMALL_FRAME), 3),
}
CROPPERS = [*BUNDLED, *(f"{name} from a checkpoint" for name in CHECKPOINTS)]
# Fewer sizes, stored values and pictures a batch: the networks are large, or the weights are those of another one.
HEAVY = ("saliency-long-edge", "design-heatmap from a checkpoint", "transalnet from a checkpoint")

SIZES = [(1, 1), (5000, 3), (3, 5000), (160, 90), (90, 160), (640, 427)]
FEW_SIZES = SIZES[1:4]
STORED: list[Callable[[Tensor], Tensor]] = [
    lambda images: images.half(),
    lambda images: images.double(),
    lambda images: images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),  # channels last
    lambda images: images.clone().requires_grad_(),
]
RATIOS = (Ratio(1, 1), Ratio(2, 3), Ratio(16, 9))
BOXES = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.1, 0.2, 0.7, 0.9], [0.3, 0.3, 0.301, 0.301]])


def make(name: str) -> Cropper:
    """A new cropper of a registered kind."""
    kind = name.removesuffix(" from a checkpoint")
    if name == kind:
        return load_cropper(name)
    if kind == "transalnet":
        return load_transalnet(CHECKPOINTS[kind](), SMALL_FRAME)
    cropper = build_cropper(CHECKPOINTS[kind](), name)
    return DesignHeatmapCropper(cropper.network, SMALL_SIDE) if kind == "design-heatmap" else cropper


@cache
def kept(name: str) -> Cropper:
    return make(name)


@cache
def compared(name: str) -> tuple[Cropper, Cropper]:
    """The same cropper, run by PyTorch and by OpenVINO."""
    both = make(name), make(name)
    for each, runtime in zip(both, ("torch", "openvino"), strict=True):
        if each.network_pass is not None:
            each.network_pass.runtime = Runtime(runtime)
    return both


@pytest.fixture(params=CROPPERS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def cropper(name: str) -> Cropper:
    return kept(name)


def pictures(width: int, height: int, count: int = 1) -> Tensor:
    """Noise with a bright disc, at another place in each picture."""
    down, across = torch.linspace(0, 1, height)[:, None], torch.linspace(0, 1, width)
    noise = uniform(f"{width}x{height}", (count, 3, height, width)) * 0.3
    places = [(0.2 + 0.6 * k / count, 0.7 - 0.4 * k / count) for k in range(count)]
    discs = torch.stack([((across - x).square() + (down - y).square() < 0.02).float() for x, y in places])
    return noise + 0.6 * discs[:, None]


def test_every_architecture_has_made_up_weights_and_knows_only_its_own() -> None:
    assert list(CHECKPOINTS) == [each.name for each in ARCHITECTURES]
    for name, state in CHECKPOINTS.items():
        given = state()
        assert [each.name for each in ARCHITECTURES if each.detect(given)] == [name]


def test_it_has_the_name_that_it_is_registered_by(name: str, cropper: Cropper) -> None:
    assert cropper.name == name.removesuffix(" from a checkpoint")


@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name in CROPPERS for size in (FEW_SIZES if name in HEAVY else SIZES)],
    indirect=["name"],
)
def test_pictures_of_any_size_are_analysed_and_cropped(cropper: Cropper, size: tuple[int, int]) -> None:
    (analysis,) = cropper.analyse(pictures(*size))
    for heat in (analysis.heatmap, analysis.value):
        assert (heat.ndim, heat.dtype, heat.shape) == (2, torch.float64, analysis.heatmap.shape)
        assert heat.min() >= 0
        assert heat.sum().item() == pytest.approx(1)
    for subject in analysis.subjects:
        assert 0 <= subject.x1 < subject.x2 <= 1
        assert 0 <= subject.y1 < subject.y2 <= 1
        assert 0 <= subject.weight <= 1
    assert analysis.detail is None or (analysis.detail >= 0).all()
    for ratio in RATIOS:
        assert_crop_is_exact(analysis, size, ratio)


def assert_crop_is_exact(analysis: Analysis, size: tuple[int, int], ratio: Ratio, min_share: float = 0.4) -> None:
    """The crop lies in the picture, has the ratio to within a pixel, and is not smaller than allowed."""
    crop = best_crops([analysis], [size], Constraint((ratio,), min_share=min_share))[0]
    box, (width, height) = crop.box, ratio.largest_in(size)
    assert box.inside(size)
    assert crop.ratio == ratio
    if box.size != (width, height):  # where a side is a single pixel, the largest box is the only one
        assert abs(box.width - box.height * ratio.value) <= max(1.0, ratio.value)
    assert (box.width + 1) * (box.height + 1) >= min_share * width * height
    assert 0 <= crop.kept <= 1


def test_scores_of_boxes_lie_in_0_to_1(cropper: Cropper) -> None:
    (analysis,) = cropper.analyse(pictures(160, 90))
    scores = analysis.score(BOXES)
    assert scores.shape == (3,)
    assert scores.min() >= 0
    assert scores.max() <= 1
    assert analysis.score(BOXES[:0]).shape == (0,)


def test_a_picture_is_analysed_the_same_alone_and_in_a_batch(name: str, cropper: Cropper) -> None:
    batch = pictures(160, 90, 2 if name in HEAVY else 4)
    for picture, together in zip(batch, cropper.analyse(batch), strict=True):
        (alone,) = cropper.analyse(picture[None])
        # Made-up weights amplify the rounding of float32, which depends on the number of threads.
        torch.testing.assert_close(together.value, alone.value, atol=1e-5, rtol=1e-2)
        assert [each.kind for each in together.subjects] == [each.kind for each in alone.subjects]
        for one, other in zip(together.subjects, alone.subjects, strict=True):
            assert (*one.region, one.weight) == pytest.approx((*other.region, other.weight), abs=1e-4)
        assert together.score(BOXES).tolist() == pytest.approx(alone.score(BOXES).tolist(), abs=1e-4)


def test_the_same_picture_gets_the_same_analysis_again(cropper: Cropper) -> None:
    picture = pictures(160, 90)
    given = picture.clone()
    (one,), (other,) = cropper.analyse(picture), cropper.analyse(picture)
    assert torch.equal(one.value, other.value)
    assert one.subjects == other.subjects
    assert torch.equal(picture, given), "the images were written to"


@pytest.mark.parametrize(
    ("name", "change"),
    [(name, change) for name in CROPPERS for change in (STORED[:1] if name in HEAVY else STORED)],
    indirect=["name"],
)
def test_how_the_values_are_stored_does_not_matter(cropper: Cropper, change: Callable[[Tensor], Tensor]) -> None:
    images = (pictures(96, 64) * 16).round() / 16  # exact in half precision
    (plain,), (stored,) = cropper.analyse(images), cropper.analyse(change(images))
    torch.testing.assert_close(stored.value, plain.value, atol=1e-7, rtol=1e-4)
    assert not stored.value.requires_grad


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(0, 3, 8, 8),
        torch.zeros(1, 3, 0, 8),
        torch.zeros(3, 8, 8),
        torch.zeros(1, 8, 8, 3),
        torch.zeros(1, 1, 8, 8),
        torch.zeros(1, 3, 8, 8, dtype=torch.uint8),
        torch.full((1, 3, 8, 8), torch.nan),
        torch.full((1, 3, 8, 8), torch.inf),
        torch.full((1, 3, 8, 8), 128.0),
    ],
    ids=["empty", "no rows", "no batch", "channels last", "grey", "bytes", "nan", "infinite", "0..255"],
)
def test_what_is_no_batch_of_images_is_refused_by_name(cropper: Cropper, images: Tensor) -> None:
    with pytest.raises(ValueError, match="images must"):
        cropper.analyse(images)


def test_the_digest_belongs_to_the_weights(name: str, cropper: Cropper) -> None:
    cropper.analyse(pictures(96, 64))
    again = make(name)
    assert cropper.digest == again.digest
    assert len(cropper.digest) == (0 if cropper.module is None else 64)
    if again.module is not None:
        with torch.no_grad():
            next(again.module.parameters())[..., 0] += 1
        assert digest_weights(again.module) != cropper.digest


def test_different_weights_have_different_digests_and_no_weights_none() -> None:
    digests = {name: kept(name).digest for name in CROPPERS}
    assert digests["smartcrop"] == digests["centre"] == ""
    assert digests["saliency-short-edge"] == digests["saliency-long-edge"] == digests["focus"]
    assert len(set(digests.values())) == 2 + len(CHECKPOINTS)


def test_a_cropper_can_be_sent_to_another_process(cropper: Cropper) -> None:
    sent = pickle.loads(pickle.dumps(cropper))
    assert (sent.name, sent.digest) == (cropper.name, cropper.digest)
    (one,), (other,) = cropper.analyse(pictures(96, 64)), sent.analyse(pictures(96, 64))
    assert torch.equal(one.value, other.value)


def test_weights_are_in_evaluation_mode_and_on_the_processor(cropper: Cropper) -> None:
    if cropper.module is None:
        assert cropper.device is None
    else:
        assert cropper.device == torch.device("cpu")
        assert not any(each.training for each in cropper.module.modules())


@pytest.mark.skipif(not has_openvino(), reason="OpenVINO is not installed: pip install 'salient-crop[cpu]'")
@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name in CROPPERS for size in (FEW_SIZES if name in HEAVY else SIZES)],
    indirect=["name"],
)
def test_openvino_gives_the_same_crops_as_pytorch(name: str, size: tuple[int, int]) -> None:
    by_torch, by_openvino = compared(name)
    if by_torch.network_pass is not None:
        assert by_torch.runtime_on("cpu") == "torch"
    (ours,), (theirs,) = by_torch.analyse(pictures(*size)), by_openvino.analyse(pictures(*size))
    if by_openvino.network_pass is not None:
        assert by_openvino.runtime_on("cpu") == "openvino", "it was not converted"
    torch.testing.assert_close(theirs.value, ours.value, atol=1e-6, rtol=1e-3)
    for ratio in RATIOS:
        crops = [best_crops([each], [size], Constraint((ratio,), min_share=0.4))[0].box for each in (ours, theirs)]
        assert crops[0] == crops[1]


@pytest.mark.cuda
def test_weights_move_to_a_gpu_and_back(name: str) -> None:
    moved, images = make(name), pictures(160, 90, 2)
    digest = moved.digest
    on_cpu = moved.analyse(images)
    if moved.module is not None:
        moved.module.to("cuda")
        assert moved.device.type == "cuda"
    for on_gpu in (moved.analyse(images), moved.analyse(images.cuda())):
        for here, there in zip(on_cpu, on_gpu, strict=True):
            assert (here.value - there.value.cpu()).abs().sum() < 0.02
            assert_crop_is_exact(there, (160, 90), Ratio(1, 1))
    if moved.module is not None:
        assert digest_weights(moved.module) == digest
        moved.module.to("cpu")
    torch.testing.assert_close(moved.analyse(images)[0].value, on_cpu[0].value, atol=1e-7, rtol=1e-4)
