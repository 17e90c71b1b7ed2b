"""Saliency Heatmap in a stand-in host."""

import torch
from wires import as_box, scene, spot


def test_focus_draws_the_crop_and_avoid_repels_it(run, smartcrop):
    picture = scene(300, 100, 150, 50)

    def crop_of(**steering):
        heatmaps, _ = run("Heatmap", cropper=[smartcrop], image=[picture], strength=[0.8], **steering)
        return run("ConstrainedCrop", image=[picture], heatmap=heatmaps, ratio=["1:1"])[2][0]

    plain = crop_of()
    assert 60 < plain["x"] < 140
    assert crop_of(focus=[spot(300, 100, 30, 50)])["x"] < 30
    assert crop_of(focus_boxes=[[as_box(250.5, 20.0, 40.0, 40.0, score=0.9, label="face")]])["x"] > 180
    assert not 70 < crop_of(avoid=[spot(300, 100, 150, 50, 90)])["x"] < 130


def test_detectors_that_found_nothing_change_nothing(run, smartcrop):
    batch = torch.cat([scene(120, 60, 30, 30), scene(120, 60, 90, 30)])
    plain, _ = run("Heatmap", cropper=[smartcrop], image=[batch])
    for nothing in ([], [[], []], [as_box(5, 5, 0, 0)]):
        same, _ = run("Heatmap", cropper=[smartcrop], image=[batch], focus_boxes=[nothing])
        assert torch.equal(plain[0], same[0])
