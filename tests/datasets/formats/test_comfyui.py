"""ComfyUI: folders N_concept, masks one level deeper, sizes in whole latent pixels."""

import pytest

from salient_crop.datasets.formats.comfyui import ComfyUi


def test_paths():
    assert ComfyUi("cat", 3).crop_path("a/b", "jpg") == "3_cat/a_b.jpg"
    assert ComfyUi("cat", 3).mask_path("3_cat/a_b.jpg") == "3_cat/masks/a_b.png"
    assert ComfyUi().format_caption(" a\n b ") == "a\n b"
    with pytest.raises(ValueError, match="concept"):
        ComfyUi("..")


@pytest.mark.parametrize(
    ("size", "kept"),
    [((832, 1216), None), ((8, 8), None), ((839, 1216), (832, 1216)), ((832, 1217), (832, 1216)), ((15, 15), (8, 8))],
)
def test_sizes_are_cropped_to_whole_latent_pixels(size, kept):
    assert ComfyUi().recropped_size(size, 1024) == kept


@pytest.mark.parametrize("size", [(0, 0), (-1, 5), (5.5, 5), (5,), "55", None])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises((TypeError, ValueError), match="^size (must|needs) "):
        ComfyUi().recropped_size(size, 1024)


def test_models_with_larger_latent_pixels_have_a_step_of_their_own():
    assert ComfyUi().recropped_sizes([(840, 1216)], 1024) == {}
    assert ComfyUi(step=16).recropped_sizes([(840, 1216)], 1024) == {(840, 1216): (832, 1216)}
