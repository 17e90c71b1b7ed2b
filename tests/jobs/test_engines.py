"""CropBatch in the engines that it is made for; each is tried where it is installed (`pip install -e '.[engines]'`)."""

import io
import json
import tarfile

import pytest

from salient_crop import CropBatch

GIVEN = {"cropper": "centre", "ratios": "1:1", "resolution": 64}
NAMES = ("cat", "coffee", "moose")


@pytest.fixture
def rows(samples):
    """Two photographs and a file that is none, with what else a data set knows of them."""
    pictures = [(samples / f"{name}.jpg").read_bytes() for name in NAMES]
    return [
        {"image": data, "caption": name} for name, data in zip((*NAMES, "bad"), (*pictures, b"no picture"), strict=True)
    ]


@pytest.fixture
def expected(rows):
    return dict(
        zip((*NAMES, "bad"), CropBatch(**GIVEN)({"image": [each["image"] for each in rows]})["crop"], strict=True)
    )


def test_ray_data(rows, expected):
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        found = (
            ray.data.from_items(rows)
            .map_batches(CropBatch, fn_constructor_kwargs=GIVEN, batch_size=2, concurrency=1)
            .take_all()
        )
    finally:
        ray.shutdown()
    assert {each["caption"]: each["crop"] for each in found} == expected
    assert [each["caption"] for each in found if each["error"]] == ["bad"]


@pytest.mark.parametrize("decoded", [False, True])
def test_hugging_face_datasets(rows, expected, decoded, tmp_path):
    pytest.importorskip("datasets.arrow_dataset")  # the folder tests/datasets has the name of the library
    import datasets

    good = rows[:3] if decoded else rows
    column = {name: [each[name] for each in good] for name in ("image", "caption")}
    data = datasets.Dataset.from_dict(column)
    if decoded:
        data = data.cast_column("image", datasets.Image())
    found = data.map(CropBatch(**GIVEN), batched=True, batch_size=2, cache_file_name=str(tmp_path / "cache.arrow"))
    crops = dict(zip(found["caption"], found["crop"], strict=True))
    assert crops == {name: expected[name] for name in column["caption"]}
    assert found["box"][0] == [75, 0, 300, 300]


def test_webdataset(rows, expected, tmp_path):
    wds = pytest.importorskip("webdataset")
    with tarfile.open(tmp_path / "00000.tar", "w") as shard:
        for row in rows:
            for name, data in ((f"{row['caption']}.jpg", row["image"]), (f"{row['caption']}.json", b"{}")):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                shard.addfile(member, io.BytesIO(data))
    stage = CropBatch(**GIVEN, image="jpg")

    def crop(batches):
        for batch in batches:
            columns = stage(batch)
            yield from ({name: each[row] for name, each in columns.items()} for row in range(len(columns["__key__"])))

    batched = wds.WebDataset(str(tmp_path / "00000.tar"), shardshuffle=False).batched(
        2, collation_fn=lambda samples: {name: [each[name] for each in samples] for name in samples[0]}
    )
    found = list(batched.compose(crop))
    assert {each["__key__"]: each["crop"] for each in found} == expected
    assert all(json.loads(each["json"]) == {} for each in found)
