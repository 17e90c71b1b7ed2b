"""Shards of pictures into shards of crops. Needs pyarrow: `pip install -e '.[shards]'`."""

import gzip
import io
import json
import os
import tarfile
from dataclasses import replace
from functools import partial

import pytest

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.manifest import parse_line
from salient_crop.datasets.shards.tar import TarWriter
from salient_crop.jobs.bucket_options import BucketOptions
from salient_crop.jobs.prepare_shards import prepare_shards
from salient_crop.jobs.run import RunError
from salient_crop.jobs.shard_worker import ShardWorker
from salient_crop.jobs.shards import crop_shards

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

SQUARE = Constraint((Ratio(1, 1),))
EACH = Constraint((Ratio(1, 1), Ratio(2, 3)))


class Shards:
    """Shards of made-up pictures, and runs over them."""

    def __init__(self, folder, base):
        self.folder, self.base, self.out = folder, base / "shards", base / "out"
        self.base.mkdir()
        self.steps = []

    def picture(self, seed, size=(48, 32)):
        return self.folder.add(f"made/{seed}-{size[0]}x{size[1]}.png", size, seed).read_bytes()

    def sample(self, key, seed=0, size=(48, 32), caption=None, details=None):
        members = [(f"{key}.png", self.picture(seed, size))]
        members += [(f"{key}.txt", caption.encode())] if caption is not None else []
        return members + ([(f"{key}.json", details)] if details is not None else [])

    def tar(self, name, *samples, end=None):
        written = io.BytesIO()
        with TarWriter(written) as tar:
            for member in (member for sample in samples for member in sample):
                tar.add(*member)
        path = self.base / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(written.getvalue()[:end])
        return path

    def run(self, cropper, constraint=SQUARE, words=None, out=None, **more):
        given = {"checkpoint": "scripted", "workers": 1, "format": "png", **more}
        return prepare_shards(
            words or [self.base / "*.*"][:0] or [str(self.base / "*.tar")],
            out or self.out,
            cropper,
            constraint,
            **given,
        )

    def crop(self, cropper, *args, engine=None, **more):
        self.steps.clear()
        run = self.run(cropper, *args, **more)
        with ShardWorker(run.work, cropper) as worker:
            return crop_shards(run, engine or partial(map, worker), self.steps.append)

    def tree(self, out=None):
        out = out or self.out
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def members(self, name="0.tar"):
        with tarfile.open(self.out / name) as tar:
            return {each.name: tar.extractfile(each).read() for each in tar}

    def rows(self, name="0.parquet"):
        return parquet.read_table(self.out / name).to_pylist()


@pytest.fixture
def shards(folder, tmp_path):
    return Shards(folder, tmp_path)


@pytest.fixture
def cropper(scripted):
    return scripted(0.2, 0.5)


@pytest.fixture
def two(shards):
    """Two tars: five pictures with captions and JSON, one without, one that is none."""
    shards.tar(
        "0.tar",
        shards.sample("a", 0, caption="a cat", details=b'{"id": 1}'),
        shards.sample("b", 1, (32, 48), caption="b"),
        shards.sample("c", 2, (40, 40)),
    )
    shards.tar(
        "1.tar",
        shards.sample("a", 3),
        [("x.png", b"no picture"), ("x.txt", b"lost?")],
        shards.sample("d", 4, caption="d"),
    )
    return shards


def test_a_tar_becomes_a_tar_of_crops_with_all_that_was_beside(two, cropper):
    outcome = two.crop(cropper)
    found = two.members()
    assert list(found) == ["a.json", "a.png", "a.txt", "b.json", "b.png", "b.txt", "c.json", "c.png"]
    assert (found["a.txt"], json.loads(found["a.json"])["id"]) == (b"a cat", 1)
    record = parse_line(json.dumps(json.loads(found["b.json"])["salient_crop"]))
    assert (record.source, record.size, record.crops[0].file) == ("0.tar/b.png", (32, 48), "b.png")
    assert (outcome.pictures.pictures, outcome.pictures.crops, outcome.pictures.failed) == (6, 5, 1)
    assert (outcome.captions, outcome.is_whole, outcome.shards) == (4, False, 2)


def test_the_crops_are_those_of_a_folder_run(two, cropper, folder):
    two.crop(cropper)
    for path in folder.photos.rglob("*.png"):
        if path.parent != folder.photos / "made":
            path.unlink()
    folder.crop(folder.settings(cropper, format="png"), cropper)
    made = {name: content for name, content in folder.tree().items() if name.startswith("made/")}
    crops = {
        content for name in ("0.tar", "1.tar") for member, content in two.members(name).items() if ".png" in member
    }
    assert crops == set(made.values()) and len(crops) == 5


def test_the_records_name_every_picture(two, cropper):
    two.crop(cropper)
    first, second, third = two.rows()
    assert (first["key"], first["file"], first["status"], first["ratio"], first["caption"]) == (
        "a",
        "a.png",
        "ok",
        "1:1",
        True,
    )
    assert (second["width"], second["height"], second["box"][2:]) == (32, 48, [32, 32])
    assert third["caption"] is False
    bad = two.rows("1.parquet")[1]
    assert (bad["key"], bad["status"], bad["file"], bad["caption"]) == ("x", "failed", None, True)
    assert "not a picture" in bad["reason"]


@pytest.mark.parametrize("workers", [2, 5])
def test_the_same_bytes_whatever_the_workers(two, cropper, tmp_path, workers):
    two.crop(cropper)
    two.crop(cropper, workers=workers, out=tmp_path / "other")
    assert two.tree() == two.tree(tmp_path / "other")


def test_one_crop_for_every_ratio(two, cropper):
    two.crop(cropper, EACH, each=True, resolution=32)
    found = two.members()
    assert {name for name in found if ".png" in name} == {
        f"{ratio}/{key}.png" for ratio in ("1x1", "2x3") for key in "abc"
    }
    assert found["1x1/a.txt"] == found["2x3/a.txt"] == b"a cat"
    assert [row["ratio"] for row in two.rows()[:2]] == ["1:1", "2:3"]


def test_webdataset_reads_the_samples(two, cropper):
    webdataset = pytest.importorskip("webdataset")
    two.crop(cropper, EACH, each=True)
    found = list(webdataset.WebDataset(str(two.out / "0.tar"), shardshuffle=False))
    assert [each["__key__"] for each in found] == [f"{ratio}/{key}" for key in "abc" for ratio in ("1x1", "2x3")]
    assert found[0]["txt"] == b"a cat" and found[0]["png"][:4] == b"\x89PNG"
    assert json.loads(found[0]["json"])["salient_crop"]["crops"][0]["file"] == "1x1/a.png"


def test_framing_goes_into_captions_that_are_there_or_not(two, cropper):
    assert two.crop(cropper, caption_framing=True).pictures.crops == 5  # nobody is in them: nothing is added
    assert two.members()["a.txt"] == b"a cat"


def test_a_finished_run_does_nothing_again(two, cropper):
    before, _ = (two.crop(cropper), two.steps.clear())
    tree = two.tree()
    again = two.crop(cropper)
    assert (again.resumed, two.steps, two.tree()) == (2, [], tree)
    assert again.pictures.crops == before.pictures.crops and not again.is_whole


def test_a_stopped_run_goes_on_with_the_next_shard(two, cropper, tmp_path):
    class StopError(Exception):
        pass

    def stop(step):
        raise StopError

    run = two.run(cropper)
    with pytest.raises(StopError), ShardWorker(run.work, cropper) as worker:
        crop_shards(run, partial(map, worker), stop)
    assert {"0.done.json", "0.tar"} <= set(two.tree()) and "1.tar" not in two.tree()
    assert two.crop(cropper).resumed == 1
    two.crop(cropper, out=tmp_path / "other")
    assert two.tree() == two.tree(tmp_path / "other")


@pytest.mark.parametrize("lost", ["0.tar", "0.parquet", "0.done.json"])
def test_what_is_gone_is_made_again(two, cropper, lost):
    two.crop(cropper)
    tree = two.tree()
    (two.out / lost).unlink()
    assert two.crop(cropper).resumed == 1
    assert two.tree() == tree


def test_a_shard_that_changed_is_done_again_alone(two, cropper):
    two.crop(cropper)
    two.tar("0.tar", two.sample("new", 5))
    assert two.crop(cropper).resumed == 1
    assert set(two.members()) == {"new.json", "new.png"}


def test_other_settings_are_refused_by_name(two, cropper):
    two.crop(cropper)
    tree = two.tree()
    with pytest.raises(RunError, match=r"0.done.json.*format: png → jpg"):
        two.crop(cropper, format="jpg")
    assert two.tree() == tree


@pytest.mark.parametrize("name", ["0.tar", "1.parquet", "0.done.json", "shards.run.json"])
def test_nothing_is_written_over_what_no_run_wrote(two, cropper, name):
    two.out.mkdir()
    (two.out / name).write_text("mine")
    with pytest.raises(RunError, match=name):
        two.crop(cropper)
    assert two.tree() == {name: b"mine"}


def test_the_shards_themselves_are_never_written_over(two, cropper):
    with pytest.raises(RunError, match="overwrite"):
        two.crop(cropper, out=two.base)


def test_a_marker_that_is_none_is_named(two, cropper):
    two.crop(cropper)
    (two.out / "0.done.json").write_text("{}")
    with pytest.raises(RunError, match=r"0.done.json"):
        two.crop(cropper)


def test_a_torn_tar_loses_nothing_that_is_there(shards, cropper):
    shards.tar("0.tar", shards.sample("a", 0), shards.sample("b", 1), shards.sample("c", 2), end=-3000)
    shards.tar("1.tar", shards.sample("d", 3))
    outcome = shards.crop(cropper)
    assert (outcome.torn, outcome.is_whole) == (1, False)
    crops = [name for name in shards.members() if ".png" in name]
    assert crops == ["a.png", "b.png"][: len(crops)] and crops
    last = shards.rows()[-1]
    assert last["status"] == "failed" and last["reason"].startswith("torn")
    assert any("torn" in each for step in shards.steps for each in step.result.problems)


@pytest.mark.parametrize("ending", ["tar.gz", "tgz"])
def test_a_compressed_tar_gives_the_crops_of_one_that_is_not(two, cropper, ending):
    two.crop(cropper)
    expected, files = [two.members(f"{name}.tar") for name in "01"], set(two.tree())
    for path in list(two.base.glob("*.tar")):
        packed = path.read_bytes()
        parts = packed[:1000], packed[1000:]  # two, as `cat a.gz b.gz` makes it
        path.with_suffix(f".{ending}").write_bytes(b"".join(map(gzip.compress, parts)))
        path.unlink()
    words = [str(two.base / f"*.{ending}")]
    two.out = two.out.with_name("again")
    assert two.crop(cropper, words=words).pictures.crops == 5
    assert set(two.tree()) == files
    for name, before in zip("01", expected, strict=True):
        found = two.members(f"{name}.tar")
        assert list(found) == list(before)
        assert all(found[each] == before[each] for each in found if not each.endswith(".json"))
    assert two.crop(cropper, words=words).resumed == 2


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda packed: packed[: len(packed) // 2], "its compression ends too early"),
        (lambda packed: packed[:-8] + bytes(8), "its compression is damaged"),
        (lambda packed: packed + b"more", "its compression is damaged"),
        (lambda packed: b"no gzip at all", "its compression is damaged"),
    ],
)
def test_damaged_compression_is_named_and_what_is_whole_is_cropped(shards, cropper, damage, problem):
    path = shards.tar("0.tar", *(shards.sample(str(number), number) for number in range(4)))
    (shards.base / "0.tgz").write_bytes(damage(gzip.compress(path.read_bytes())))
    path.unlink()
    outcome = shards.crop(cropper, words=[str(shards.base / "0.tgz")])
    assert outcome.torn == 1 and not outcome.is_whole
    assert problem in " ".join(shards.steps[-1].result.problems)


def test_what_is_compressed_a_thousandfold_is_passed_over_as_a_stream(shards, cropper):
    path = shards.tar("0.tar", [("0.png", bytes(1 << 26))], shards.sample("1"))
    (shards.base / "0.tar.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    outcome = shards.crop(cropper, words=[str(shards.base / "*.tar.gz")], memory=1 << 26)
    assert (outcome.pictures.crops, outcome.pictures.failed, outcome.torn) == (1, 1, 0)


def test_a_tar_and_a_compressed_one_of_one_name_are_refused(shards, cropper):
    path = shards.tar("0.tar", shards.sample("1"))
    (shards.base / "0.tgz").write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(RunError, match=r"would both be written to 0\.tar"):
        shards.crop(cropper, words=[str(shards.base / "0.tar"), str(shards.base / "0.tgz")])


def test_a_key_that_is_no_unicode_is_cropped_and_told_with_escapes(shards, cropper):
    key = b"caf\xe9".decode("utf-8", "surrogateescape")
    shards.tar("0.tar", shards.sample(key, 0), shards.sample(key, 1))
    assert shards.crop(cropper).is_whole
    assert [name for name in shards.members() if ".png" in name] == [f"{key}.png", f"{key}~2.png"]
    assert [(row["key"], len(row["notes"])) for row in shards.rows()] == [("caf\\udce9", 0), ("caf\\udce9", 1)]


def test_duplicate_keys_links_and_strangers_are_named(shards, cropper):
    shards.tar("0.tar", shards.sample("a", 0), shards.sample("a", 1), [("readme", b"x")], [("only.txt", b"x")])
    outcome = shards.crop(cropper)
    assert [name for name in shards.members() if ".png" in name] == ["a.png", "a~2.png"]
    by_key = {row["key"]: row for row in shards.rows()}
    assert "was there before" in by_key["a"]["notes"][0]
    assert by_key["readme"]["status"] == "dropped" and "no part of a sample" in by_key["readme"]["reason"]
    assert by_key["only"]["status"] == "failed" and "no picture" in by_key["only"]["reason"]
    assert (outcome.lost, outcome.pictures.failed, outcome.pictures.crops) == (1, 1, 2)


@pytest.mark.parametrize("content", [b"", b"no tar" * 200, None])
def test_a_shard_that_cannot_be_read_fails_alone(shards, cropper, content):
    shards.tar("1.tar", shards.sample("a"))
    if content is not None:
        (shards.base / "0.tar").write_bytes(content)
    outcome = shards.crop(cropper, words=[str(shards.base / "{0..1}.tar")])
    assert not outcome.is_whole and outcome.pictures.crops == 1
    assert "1.tar" in shards.tree()
    assert outcome.torn + len(outcome.unreadable) == 1


def test_a_picture_beyond_the_memory_fails_alone(shards, cropper):
    shards.tar("0.tar", [("a.png", b"1" * 21_000_000)], shards.sample("b", 1))
    outcome = shards.crop(cropper, memory=20_000_000)
    assert (outcome.pictures.crops, outcome.pictures.failed) == (1, 1)
    assert "--memory" in shards.rows()[0]["reason"]


def test_a_tar_and_a_parquet_of_one_name_are_refused(shards, cropper):
    shards.tar("0.tar", shards.sample("a"))
    (shards.base / "0.parquet").touch()
    with pytest.raises(RunError, match=r"0.parquet"):
        shards.crop(cropper, words=[str(shards.base / "0.tar"), str(shards.base / "0.parquet")])


def test_a_folder_is_for_one_run_at_a_time(two, cropper):
    def again(step):
        with pytest.raises(RunError, match="another run"):
            two.crop(cropper)

    run = two.run(cropper)
    with ShardWorker(run.work, cropper) as worker:
        crop_shards(run, partial(map, worker), again)


def test_other_weights_on_a_worker_are_refused(two, cropper, scripted):
    run = two.run(cropper)
    with pytest.raises(ValueError, match="other weights"):
        ShardWorker(run.work, scripted(0.9))


# Parquet


def table_of(shards, name="0.parquet", image="struct", count=3, **more):
    pictures = [shards.picture(seed) for seed in range(count - 1)] + [b"no picture"]
    columns = (
        {"image": [{"bytes": each, "path": None} for each in pictures]} if image == "struct" else {image: pictures}
    )
    columns["caption"] = [f"{number}" for number in range(count)]
    parquet.write_table(arrow.table({**columns, **more}), shards.base / name)


@pytest.mark.parametrize("image", ["struct", "jpg", "image_bytes", "picture"])
def test_a_parquet_file_gets_the_columns_of_crops(shards, cropper, image):
    table_of(shards, image=image)
    asked = {"image": "picture"} if image == "picture" else {}
    outcome = shards.crop(cropper, words=[str(shards.base / "0.parquet")], **asked)
    rows = shards.rows()
    assert [row["caption"] for row in rows] == ["0", "1", "2"]
    assert rows[0]["crop"][:4] == b"\x89PNG" and rows[0]["crop_box"][2:] == [32, 32] and rows[0]["crop_ratio"] == "1:1"
    assert parse_line(rows[0]["crop_record"]).source == "0.parquet/00000000"
    assert (rows[2]["crop"], rows[2]["crop_status"]) == (None, "failed") and "not a picture" in rows[2]["crop_reason"]
    assert (outcome.pictures.crops, outcome.pictures.failed) == (2, 1)


def test_the_crops_of_a_parquet_file_are_those_of_a_tar(two, cropper):
    table_of(two, "2.parquet")
    two.crop(cropper, words=[str(two.base / "0.tar"), str(two.base / "2.parquet")])
    assert two.rows("2.parquet")[0]["crop"] == two.members()["a.png"]


def test_a_row_for_every_ratio(shards, cropper):
    table_of(shards)
    shards.crop(cropper, EACH, words=[str(shards.base / "0.parquet")], each=True)
    assert [(row["caption"], row["crop_ratio"]) for row in shards.rows()] == [
        *(("0", "1:1"), ("0", "2:3"), ("1", "1:1"), ("1", "2:3")),
        ("2", ""),
    ]


@pytest.mark.parametrize(
    ("make", "asked", "problem"),
    [
        (lambda shards: table_of(shards, crop=["1", "2", "3"]), {}, "a column 'crop' of its own"),
        (lambda shards: table_of(shards, image="picture"), {}, "--image-column"),
        (lambda shards: table_of(shards), {"image": "caption"}, "no column 'caption' with bytes"),
        (lambda shards: (shards.base / "0.parquet").write_bytes(b"PAR1 and no more"), {}, "no parquet file"),
        (lambda shards: table_of(shards), {"memory": 300}, "--memory"),
    ],
)
def test_a_parquet_file_that_cannot_be_used_fails_alone(shards, cropper, make, asked, problem):
    make(shards)
    outcome = shards.crop(cropper, words=[str(shards.base / "0.parquet")], **asked)
    assert len(outcome.unreadable) == 1 and problem in outcome.unreadable[0]
    assert not [name for name in shards.tree() if name.endswith((".parquet", ".part"))]


# Buckets

BUCKETS = BucketOptions("32x32,32x48", batch_size=2, smallest=1)


def crop_into_buckets(shards, cropper, **more):
    return shards.crop(cropper, Constraint(), buckets=BUCKETS, resolution=512, **more)


@pytest.fixture
def four(shards):
    shards.tar(
        "0.tar", shards.sample("a", 0, (32, 48)), shards.sample("b", 1, (40, 40)), shards.sample("c", 2, (33, 48))
    )
    shards.tar("1.tar", shards.sample("d", 3, (48, 48)), [("x.png", b"no picture")])
    return shards


def test_buckets_are_those_of_a_folder_run(four, cropper, folder, with_settings):
    outcome = crop_into_buckets(four, cropper)
    buckets = replace(four.run(cropper, Constraint(), buckets=BUCKETS, resolution=512).work.settings.buckets)
    for path in folder.photos.rglob("*.png"):
        if path.parent != folder.photos / "made":
            path.unlink()
    settings = folder.settings(cropper, constraint=Constraint(), format="png", buckets=buckets)
    report = folder.crop(settings, cropper, out=folder.out.with_name("folder")).report
    made = folder.tree(folder.out.with_name("folder"))
    crops = [content for name in ("0.tar", "1.tar") for each, content in four.members(name).items() if ".png" in each]
    assert sorted(crops) == sorted(content for name, content in made.items() if name.endswith(".png"))
    assert outcome.plan.counts == {
        f"{width}x{height}": count for (width, height), count in report.planned.counts.items()
    }
    assert outcome.plan.gap == 0 and sum(outcome.plan.counts.values()) == 4
    assert {row["bucket"] for row in four.rows()} <= {"32x32", "32x48"}


def test_a_bucket_run_goes_on_from_what_is_measured_and_planned(four, cropper, tmp_path):
    crop_into_buckets(four, cropper)
    tree = four.tree()
    for name in ("0.tar", "0.done.json"):
        (four.out / name).unlink()

    def refuse(tasks):
        for task in tasks:
            assert not task.measures
            with ShardWorker(four.run(cropper, Constraint(), buckets=BUCKETS, resolution=512).work, cropper) as worker:
                yield worker(task)

    assert crop_into_buckets(four, cropper, engine=refuse).resumed == 1
    assert four.tree() == tree
    for name in ("plan.json", "plan.parquet"):
        (four.out / name).unlink()
    crop_into_buckets(four, cropper)
    assert four.tree() == tree


def test_more_shards_change_the_plan_and_all_is_written_again(four, cropper):
    crop_into_buckets(four, cropper, words=[str(four.base / "0.tar")])
    outcome = crop_into_buckets(four, cropper)
    assert (outcome.resumed, sum(outcome.plan.counts.values())) == (0, 4)


def test_repeats_fill_a_batch(shards, cropper):
    shards.tar("0.tar", *(shards.sample(key, seed) for seed, key in enumerate("abc")))
    options = BucketOptions("48x32", batch_size=2, remainder="repeat", smallest=1)
    outcome = shards.crop(cropper, Constraint(), buckets=options, resolution=512)
    crops = [name for name in shards.members() if ".png" in name]
    assert len(crops) == 4 and sum("~2" in name for name in crops) == 1
    assert outcome.plan.counts == {"48x32": 4}


def test_what_the_plan_leaves_out_says_why(shards, cropper):
    shards.tar("0.tar", *(shards.sample(key, seed) for seed, key in enumerate("abc")))
    options = BucketOptions("48x32", batch_size=2, remainder="drop", smallest=1)
    outcome = shards.crop(cropper, Constraint(), buckets=options, resolution=512)
    (left,) = (row for row in shards.rows() if row["status"] == "dropped")
    assert "multiple of the batch size" in left["reason"]
    assert outcome.plan.left_out == {"remainder": 1} and outcome.is_whole


def test_a_parquet_file_into_buckets(shards, cropper):
    table_of(shards)
    outcome = crop_into_buckets(shards, cropper, words=[str(shards.base / "0.parquet")])
    assert [row["crop_bucket"] for row in shards.rows()] == ["32x32", "32x32", ""]
    assert outcome.pictures.failed == 1


def test_a_grid_of_the_pictures_sizes_is_refused(two, cropper):
    with pytest.raises(ValueError, match="buckets: a grid made from the pictures' sizes"):
        two.crop(cropper, Constraint(), buckets=BucketOptions("quantile:2"))


def test_pictures_that_changed_between_the_passes_fail_by_name(four, cropper):
    run = four.run(cropper, Constraint(), buckets=BUCKETS, resolution=512)

    def swap(tasks):
        with ShardWorker(run.work, cropper) as worker:
            for task in tasks:
                if task.placement is not None and task.shard == "0.tar":
                    state = (four.base / "0.tar").stat()
                    four.tar(
                        "0.tar",
                        four.sample("a", 9, (32, 48)),
                        four.sample("b", 1, (40, 40)),
                        four.sample("c", 2, (33, 48)),
                    )
                    os.utime(four.base / "0.tar", ns=(state.st_atime_ns, state.st_mtime_ns))
                yield worker(task)

    outcome = crop_shards(run, swap, four.steps.append)
    assert outcome.pictures.failed == 2  # and the one that is none
    assert "changed while the run" in {row["key"]: row["reason"] for row in four.rows()}["a"]
