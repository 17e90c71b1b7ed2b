"""One picture: its record."""

from salient_crop.cropping.box import Box
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.ratio import Ratio
from salient_crop.jobs.stages import crop_record


def test_sdxls_conditioning_is_measured_in_the_resized_picture():
    # A 2000 × 1000 picture cropped square to the right, at 512: the picture becomes 1024 × 512, the crop starts at 300.
    record = crop_record(Crop(Box(586, 0, 1000, 1000), Ratio(1, 1), 1.0), (2000, 1000), (512, 512), None)
    assert record.original_size == (1000, 2000)
    assert record.crop_coords == (0, 300)
    assert record.target_size == (512, 512)
    # sd-scripts#1443: where kohya says (0, 256), the middle of that picture starts at 512 of its 2048 columns.
    record = crop_record(Crop(Box(500, 0, 1000, 1000), Ratio(1, 1), 1.0), (2000, 1000), (1024, 1024), None)
    assert record.crop_coords == (0, 512)
