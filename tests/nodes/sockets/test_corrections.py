"""The value of the editor's widget, and by what a picture is known again."""

from importlib import import_module

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.correction import Correction

GOOD = {"decision": "box", "box": [1, 2, 30, 40]}
DIGEST = "0123456789abcdef" * 2


@pytest.fixture
def socket(host):
    return import_module("salient_crop.nodes.sockets.corrections")


@pytest.mark.parametrize("values", [None, [], [None], [{}], [{"pictures": {}}], [{"pictures": {DIGEST: None}}]])
def test_nothing_was_corrected(socket, values):
    assert socket.read_corrections(values) == {}


def test_each_is_known_by_the_digest_of_its_picture(socket):
    value = {"pictures": {DIGEST: GOOD}, "later": 1}
    assert socket.read_corrections([value]) == {DIGEST: Correction("box", Box(1, 2, 30, 40))}


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (5, "must be an object"),
        ([1], "must be an object"),
        ({"x": 1}, "pictures: is missing"),
        ({"pictures": []}, "pictures: must be an object"),
        ({"pictures": {"../a": GOOD}}, "32 hexadecimal digits"),
        ({"pictures": {DIGEST: 7}}, "must be an object"),
        ({"pictures": {DIGEST: {**GOOD, "decision": "rm"}}}, "decision: must be one of"),
        ({"pictures": {DIGEST: {**GOOD, "box": [0, 0, 1e9, 1]}}}, "must be a whole number"),
    ],
)
def test_what_a_shared_workflow_may_hold_instead_is_named(socket, value, named):
    with pytest.raises(ValueError, match=f"^corrections: .*{named}.*press Clear"):
        socket.read_corrections([value])


def test_two_values_are_one_too_many(socket):
    with pytest.raises(ValueError, match="corrections: 2 values"):
        socket.read_corrections([{}, {}])


def picture(seed, height=300, width=200, channels=3):
    levels = torch.randint(0, 256, (height, width, channels), generator=torch.Generator().manual_seed(seed))
    return levels.float() / 255


def test_the_same_picture_is_known_again_in_half_precision_and_with_transparency(socket):
    one = picture(1)
    digest = socket.digest_of_tensor(one)
    assert digest == socket.digest_of_tensor(one.half())
    assert digest == socket.digest_of_tensor(torch.cat([one, torch.rand(300, 200, 1)], 2))
    assert digest == socket.digest_of_tensor(one.clone().transpose(0, 1).contiguous().transpose(0, 1))


def test_another_picture_is_another_one(socket):
    one = picture(1)
    others = [picture(2), one.flip(1), one[:, :-1], one.transpose(0, 1), one.roll(1, 0), picture(1, 1, 1)]
    digests = {socket.digest_of_tensor(each) for each in [one, *others]}
    assert len(digests) == 7
