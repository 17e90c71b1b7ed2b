"""Saliency Heatmap in a stand-in host."""

import pytest
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


def test_one_heatmap_and_overlay_for_each_batch_as_large_as_its_pictures(run, smartcrop, host):
    batches = [torch.cat([scene(120, 60, 30, 30), scene(120, 60, 90, 30)]), scene(50, 80, 25, 40)]
    heatmaps, overlays = run("Heatmap", cropper=smartcrop, image=batches)
    assert [tuple(each.shape) for each in heatmaps] == [(2, 60, 120), (1, 80, 50)]
    assert [tuple(each.shape) for each in overlays] == [(2, 60, 120, 3), (1, 80, 50, 3)]
    assert heatmaps[0].amax((1, 2)).tolist() == [1, 1]
    columns = heatmaps[0].amax(1).argmax(1)
    assert columns[0] < 60 < columns[1]
    assert len(host.steps) == 3


def test_a_batch_has_a_focus_and_something_to_avoid_for_each_picture(run, smartcrop):
    batch = torch.cat([scene(120, 60, 60, 30)] * 2)
    focus = torch.cat([spot(120, 60, 10, 30), spot(120, 60, 110, 30)])
    for given in (
        {"focus": focus},
        {"focus_boxes": [[[as_box(0, 20, 20, 20)], [as_box(100, 20, 20, 20)]]]},
        {"focus": focus[:, ::2, ::2], "focus_boxes": [[[], [as_box(100, 20, 20, 20)]]]},
    ):
        heatmap = run("Heatmap", cropper=smartcrop, image=batch, strength=1.0, **given)[0][0]
        assert heatmap[0].amax(0).argmax() < 25
        assert heatmap[1].amax(0).argmax() > 95
    avoided = run("Heatmap", cropper=smartcrop, image=batch, avoid=focus)[0][0]
    assert avoided[0, 25:35, 5:15].max() < 0.02
    with pytest.raises(ValueError, match="^avoid: 3 values for 2 pictures"):
        run("Heatmap", cropper=smartcrop, image=batch, avoid=torch.zeros(3, 4, 4))


def test_without_strength_a_focus_changes_nothing(run, smartcrop):
    picture = scene(120, 60, 30, 30)
    plain, _ = run("Heatmap", cropper=smartcrop, image=picture)
    weak, _ = run("Heatmap", cropper=smartcrop, image=picture, strength=0.0, focus=spot(120, 60, 100, 30))
    assert torch.allclose(plain[0], weak[0], atol=1e-6)


def test_the_panel_says_where_half_of_the_interest_lies(panel):
    content = panel("Heatmap", image=scene(96, 96, 80, 16), cropper=[], focus=spot(96, 96, 80, 16, 6), strength=1.0)
    (tile,) = content["tiles"]
    assert content["heat"] and tile["heat"]
    assert tile["words"].endswith(" of the picture, at the top right.")


def test_an_overlay_that_nobody_looks_at_is_not_drawn(run, nodes, host):
    host.running.append((0, "id", {"7": {"inputs": {}}, "8": {"inputs": {"mask": ["7", 0]}}}, {}, []))
    (heatmap,), (overlay,) = run("Heatmap", image=scene(96, 64, 80, 16), cropper=[], focus=spot(96, 64, 80, 16, 6))
    assert heatmap.shape == (1, 64, 96) and overlay is None
    assert nodes["SalientCrop_Heatmap"].define_schema().outputs[1].id == "overlay"
