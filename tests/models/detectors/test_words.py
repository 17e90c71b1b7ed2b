"""Detectors of words: what of a folder is refused, how scores become boxes, and the real classes on tiny weights."""

import json
import socket
from pathlib import Path

import pytest
import torch
from made_up_detectors import save_config, save_grounding_dino, save_owlv2

from salient_crop.models.detectors.words.base import choose_boxes, corners
from salient_crop.models.detectors.words.folder import hash_folder
from salient_crop.models.detectors.words.grounding_dino import join_words, score_words
from salient_crop.models.detectors.words.registry import describe_model, load_word_detector

# The folder


def test_the_model_is_told_from_its_configuration(tmp_path):
    digest, threshold = describe_model(save_config(tmp_path / "a"))
    assert (len(digest), threshold) == (64, 0.2)
    assert describe_model(save_config(tmp_path / "b", "grounding-dino"))[1] == 0.3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "there is none; name the folder of a model"),
        (lambda folder: (folder / "config.json").write_text("{"), "not the configuration of a model"),
        (lambda folder: (folder / "config.json").write_text("[" * 100_000), "not the configuration of a model"),
        (lambda folder: (folder / "config.json").write_text("[]"), "not the configuration of a model"),
        (lambda folder: (folder / "config.json").write_bytes(b" " * (1 << 21)), "more than 1048576 bytes"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no weights as safetensors"),
        (
            lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
            "pickled ones are not read",
        ),
        (lambda folder: save_config(folder, "bert"), "'bert'; a detector of words is owlv2 or grounding-dino"),
        (lambda folder: save_config(folder, ["owlv2"]), "a detector of words is"),
        (lambda folder: save_config(folder, auto_map={"AutoModel": "evil.Model"}), "auto_map: it asks for code"),
        (
            lambda folder: (folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": "evil.T"}}'),
            "tokenizer_config.json: auto_map",
        ),
        (lambda folder: save_config(folder, use_pretrained_backbone=True), "none are downloaded"),
        (lambda folder: save_config(folder, backbone_config={"use_timm_backbone": True}), "none are downloaded"),
        (lambda folder: save_config(folder, backbone="microsoft/resnet-50"), "none is downloaded"),
    ],
)
def test_what_may_not_be_loaded_is_refused_before_anything_is(tmp_path, change, words):
    folder = save_config(tmp_path / "model")
    change(folder)
    for ask in (describe_model, load_word_detector):
        with pytest.raises(ValueError, match=words):
            ask(folder)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "model").write_text("")
    with pytest.raises(ValueError, match="not a folder"):
        describe_model(tmp_path / "model")


def test_the_digest_is_that_of_the_files_and_not_of_their_place(tmp_path):
    first, second = save_config(tmp_path / "a"), save_config(tmp_path / "b")
    assert hash_folder(first) == hash_folder(second)
    (second / "README.md").write_text("other")
    assert hash_folder(first) == hash_folder(second)
    (second / "model.safetensors").write_bytes(b"weight$")
    assert hash_folder(first) != hash_folder(second)


# From scores to boxes


def test_no_boxes_give_none():
    assert choose_boxes(torch.zeros(0, 4), torch.zeros(0, 2), ["shoe", "hat"], 0.1) == ()


def test_boxes_are_those_of_their_best_word_each_once_the_most_certain_first():
    boxes = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.49], [0.5, 0.5, 1.0, 1.0], [0.2, 0.2, 0.2, 0.9]])
    scores = torch.tensor([[0.5, 0.25], [0.625, 0.0], [0.125, 0.75], [0.875, 0.0]])
    found = choose_boxes(boxes, scores, ["shoe", "hat"], 0.4)
    assert [(each.word, each.confidence) for each in found] == [("hat", 0.75), ("shoe", 0.625)]
    assert found[1].region == pytest.approx((0, 0, 0.5, 0.49))
    assert choose_boxes(boxes, scores, ["shoe", "hat"], 0.9) == ()


def test_boxes_of_two_words_may_lie_on_each_other():
    boxes = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.5]])
    assert len(choose_boxes(boxes, torch.tensor([[0.5, 0.0], [0.0, 0.5]]), ["shoe", "hat"], 0.4)) == 2


def test_corners_of_boxes_by_their_middle():
    found = corners(torch.tensor([[0.5, 0.25, 0.5, 0.25]]))
    assert found.tolist() == [[0.25, 0.125, 0.75, 0.375]]


def test_a_word_is_as_sure_as_the_surest_of_its_tokens():
    sentence, places = join_words(["red shoe", "hat"])
    assert sentence == "red shoe. hat."
    spans = [(0, 0), (0, 3), (4, 8), (8, 9), (10, 12), (12, 13), (13, 14), (0, 0)]
    scores = torch.tensor([[[9.0, 0.1, 0.3, 9, 0.2, 0.6, 9, 9, 9]]])
    assert score_words(scores, spans, places).tolist() == [[[pytest.approx(0.3), pytest.approx(0.6)]]]
    assert score_words(scores, [(0, 0)], [(0, 3)]).tolist() == [[[0.0]]]  # a word that no token stands for


# The real classes


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    pytest.importorskip("transformers", reason="the extra 'words' is not installed")
    base = tmp_path_factory.mktemp("models")
    return {"owlv2": save_owlv2(base / "owlv2"), "grounding-dino": save_grounding_dino(base / "dino")}


@pytest.fixture(params=["owlv2", "grounding-dino"])
def model(models, request):
    return models[request.param]


def pictures(count=2, size=(48, 64)):
    return torch.randint(0, 256, (count, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_the_real_classes_find_boxes_without_the_network_and_whatever_else_is_in_the_batch(model, monkeypatch):
    def refuse(*_):
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    detector = load_word_detector(model)
    assert detector.digest == hash_folder(model)
    images = pictures()
    both = detector.detect(images, ["red shoe", "hat"], 0.0)
    assert all(both)
    assert {each.word for found in both for each in found} <= {"red shoe", "hat"}
    for index in range(2):
        (alone,) = detector.detect(images[index : index + 1], ["red shoe", "hat"], 0.0)
        best, same = both[index][0], alone[0]
        assert same.word == best.word
        assert (*same.region, same.confidence) == pytest.approx((*best.region, best.confidence), abs=1e-4)


def test_the_best_box_is_that_of_the_library(model):
    """Its own post-processing, in pixels of the picture."""
    from transformers import (
        BertTokenizer,
        CLIPTokenizer,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessor,
        GroundingDinoProcessor,
        Owlv2ForObjectDetection,
        Owlv2ImageProcessor,
        Owlv2Processor,
    )

    image = pictures(1)
    if json.loads((model / "config.json").read_text())["model_type"] == "owlv2":
        processor = Owlv2Processor(Owlv2ImageProcessor.from_pretrained(model), CLIPTokenizer.from_pretrained(model))
        network = Owlv2ForObjectDetection.from_pretrained(model)
        asked = [["a photo of a red shoe", "a photo of a hat"]]
    else:
        processor = GroundingDinoProcessor(
            GroundingDinoImageProcessor.from_pretrained(model), BertTokenizer.from_pretrained(model)
        )
        network = GroundingDinoForObjectDetection.from_pretrained(model)
        asked = "red shoe. hat."
    whole = {"padding": "max_length", "truncation": True, "max_length": 32} if isinstance(asked, list) else {}
    inputs = processor(text=asked, images=[image[0]], return_tensors="pt", **whole)
    with torch.inference_mode():
        outputs = network.eval()(**inputs)
    more = {} if isinstance(asked, list) else {"input_ids": inputs["input_ids"]}
    (result,) = processor.post_process_grounded_object_detection(
        outputs, threshold=0.0, target_sizes=[(48, 64)], **more
    )
    found = load_word_detector(model).detect(image, ["red shoe", "hat"], 0.0)[0]
    ours = torch.tensor([[*each.region] for each in found]) * torch.tensor([64, 48, 64, 48])
    if isinstance(asked, list):
        expected = result["boxes"][result["scores"].argmax()]
        assert found[0].confidence == pytest.approx(float(result["scores"].max()), abs=1e-4)
        torch.testing.assert_close(ours[0], expected, atol=0.02, rtol=1e-4)
    else:  # its score counts the full stops too; each of our boxes is one of its
        distance = (ours[:, None] - result["boxes"]).abs().amax(-1).amin(1)
        assert float(distance.max()) < 0.02


def test_damaged_weights_and_those_of_another_network_are_refused(models, tmp_path):
    import shutil

    for name, content in (
        ("damaged", b"weights"),
        ("other", (models["grounding-dino"] / "model.safetensors").read_bytes()),
    ):
        folder = Path(shutil.copytree(models["owlv2"], tmp_path / name))
        (folder / "model.safetensors").write_bytes(content)
        with pytest.raises(ValueError, match="cannot load it as a detector"):
            load_word_detector(folder)
