"""Files by address, against a server that speaks the protocol of S3 on the loopback.

Tried where s3fs and moto are installed (`pip install s3fs 'moto[server]'`).
"""

import io
from functools import partial

import pytest
from made_pictures import save_picture, tree

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.shards.addresses import StorageError, file_state, find_matches, open_file, read_small_file
from salient_crop.datasets.shards.names import resolve_shards
from salient_crop.datasets.shards.output import open_output
from salient_crop.datasets.shards.tar import TarWriter
from salient_crop.jobs.bucket_options import BucketOptions
from salient_crop.jobs.prepare_shards import prepare_shards
from salient_crop.jobs.run import RunError
from salient_crop.jobs.shard_sheet import collect_shard_tiles, find_written, list_rows
from salient_crop.jobs.shard_worker import ShardWorker
from salient_crop.jobs.shards import crop_shards
from salient_crop.models.registry import load_cropper


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("s3fs")
    pytest.importorskip("pyarrow")
    moto = pytest.importorskip("moto.server")
    made = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    """An empty bucket, as the environment names its server."""
    import fsspec

    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    system = fsspec.filesystem("s3", skip_instance_cache=True)
    fsspec.filesystem("s3").clear_instance_cache()
    system.mkdir("photos")
    yield system
    system.rm("photos", recursive=True)


def tar_of(path, seeds):
    written = io.BytesIO()
    with TarWriter(written) as tar:
        for seed in seeds:
            picture = save_picture(path / "made.png", (60, 40 + seed), seed)
            tar.add(f"{seed}.png", picture.read_bytes())
            tar.add(f"{seed}.txt", b"a caption")
    return written.getvalue()


def crop(words, out, **more):
    asked = Constraint() if "buckets" in more else Constraint((Ratio(1, 1),))
    run = prepare_shards(words, out, load_cropper("centre"), asked, checkpoint="centre", workers=1, **more)
    with ShardWorker(run.work) as worker:
        return crop_shards(run, partial(map, worker), lambda step: None)


def stored(system, prefix):
    return {name.removeprefix(f"{prefix}/"): system.cat_file(name) for name in system.find(prefix)}


def test_files_are_read_listed_and_told_apart(bucket):
    bucket.pipe_file("photos/a/0.tar", b"content")
    bucket.pipe_file("photos/a/1.tar", b"")
    assert find_matches("s3://photos/a/*.tar") == ["s3://photos/a/0.tar", "s3://photos/a/1.tar"]
    with open_file("s3://photos/a/0.tar") as file:
        assert (file.read(3), file.read()) == (b"con", b"tent")
    assert file_state("s3://photos/a/0.tar").size == 7 and file_state("s3://photos/a/0.tar").modified > 0
    assert read_small_file("s3://photos/a/none") is None
    with pytest.raises(OSError, match="longer"):
        read_small_file("s3://photos/a/0.tar", limit=3)
    with pytest.raises(FileNotFoundError):
        open_file("s3://photos/a/none")
    assert resolve_shards(["s3://photos/a/*.tar"]).names == ("0.tar", "1.tar")


def test_a_file_is_there_whole_or_not_at_all(bucket):
    output = open_output("s3://photos/out")
    with pytest.raises(RuntimeError), output.stage("a.tar") as staging:
        staging.stream.write(b"half of it")
        raise RuntimeError
    assert not output.has("a.tar") and output.is_empty()
    output.write("deep/a.tar", b"all of it")
    assert output.read("deep/a.tar") == b"all of it" and output.has("deep/a.tar") and not output.is_empty()


@pytest.mark.parametrize("more", [{}, {"buckets": BucketOptions("64x64,96x64", batch_size=2), "resolution": 512}])
def test_crops_in_a_bucket_are_those_on_disk(bucket, tmp_path, more):
    (tmp_path / "in").mkdir()
    for shard, seeds in {"0.tar": (0, 1), "1.tar": (2, 3)}.items():
        (tmp_path / "in" / shard).write_bytes(tar_of(tmp_path, seeds))
        bucket.pipe_file(f"photos/in/{shard}", (tmp_path / "in" / shard).read_bytes())
    assert crop(["s3://photos/in/{0..1}.tar"], "s3://photos/out", **more).is_whole
    assert crop([str(tmp_path / "in" / "*.tar")], tmp_path / "out", **more).is_whole
    assert stored(bucket, "photos/out") == tree(tmp_path / "out")

    shards = find_written("s3://photos/out")
    rows = list(list_rows(shards, lambda place, name: None))
    assert [each.name for each in rows] == ["0.tar/0.jpg", "0.tar/1.jpg", "1.tar/2.jpg", "1.tar/3.jpg"]
    assert all(each.crops for each in collect_shard_tiles(rows[1:3], shards, lambda place, name: None))

    assert crop(["s3://photos/in/{0..1}.tar"], "s3://photos/out", **more).resumed == 2
    bucket.rm("photos/out/1.tar")
    again = crop(["s3://photos/in/{0..1}.tar"], "s3://photos/out", **more)
    assert again.resumed == 1 and stored(bucket, "photos/out") == tree(tmp_path / "out")


def test_from_a_bucket_onto_the_disk_and_back(bucket, tmp_path):
    bucket.pipe_file("photos/in/0.tar", tar_of(tmp_path, (0, 1)))
    assert crop(["s3://photos/in/0.tar"], tmp_path / "out").pictures.crops == 2
    assert crop([str(tmp_path / "out" / "0.tar")], "s3://photos/again").pictures.crops == 2


def test_a_place_with_files_of_others_is_refused(bucket, tmp_path):
    bucket.pipe_file("photos/in/0.tar", tar_of(tmp_path, (0,)))
    bucket.pipe_file("photos/out/mine.txt", b"mine")
    with pytest.raises(RunError, match="no run of this command wrote them"):
        crop(["s3://photos/in/0.tar"], "s3://photos/out")
    assert stored(bucket, "photos/out") == {"mine.txt": b"mine"}


def test_a_shard_that_is_not_there_fails_alone(bucket, tmp_path):
    bucket.pipe_file("photos/in/0.tar", tar_of(tmp_path, (0,)))
    outcome = crop(["s3://photos/in/{0..1}.tar"], "s3://photos/out")
    assert outcome.pictures.crops == 1 and outcome.unreadable == ("1.tar: there is no such file",)


def test_a_bucket_that_is_not_there_is_named(bucket, tmp_path):
    with pytest.raises(OSError):
        crop([str(tmp_path / "0.tar")], "s3://nowhere/out")


@pytest.mark.parametrize("address", ["nonesuch://a/b.tar", "s3//:"])
def test_an_address_of_an_unknown_kind_is_named(address):
    pytest.importorskip("fsspec")
    with pytest.raises(OSError, match="nonesuch|no such|s3"):
        open_file(address)


def test_without_fsspec_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(StorageError, match="salient-crop\\[shards\\]"):
        open_file("s3://bucket/a.tar")
