"""Runs over shards: the memory of one process, of the process that hands out the work, and what a second worker adds.

python benchmarks/shards.py memory [--shards 20] [--pictures 500] [--cropper centre] [--buckets auto:3]
python benchmarks/shards.py driver [--few 10000] [--many 100000]
python benchmarks/shards.py workers [--shards 8] [--pictures 40] [--cropper focus] [--rounds 3]
python benchmarks/shards.py kills [--shards 8] [--pictures 60] [--nodes 2] [--rounds 10] [--seed 0] [--folder]

`memory`: peak of one process over one shard, and over all. `driver`: peak of the process that gives files their names
and marks shards as done, whose workers make up their records. `workers`: shards a second of two Ray workers of one
thread, over those of one, in turns. `kills`: runs on a Ray test cluster of so many nodes on this machine, of which a
worker, a node's raylet or the command itself is killed in turn, at a random moment; the command is run again until it
ends, and the files are compared with those of a run without Ray; with `--folder`, of as many pictures in a folder.
Pictures are drawn at random.
"""

from __future__ import annotations

import argparse
import io
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from _folders import command_line, draw_photographs, run_and_measure

from salient_crop.datasets.shards.tar import TarWriter

SHARD = 100  # records of a made shard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("memory", "driver", "workers", "kills"))
    parser.add_argument("--shards", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=500, help="in a shard")
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--cropper", default="centre")
    parser.add_argument("--buckets", default="")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", action="store_true", help="kills: crop a folder of the pictures, without shards")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)  # records of a driver in a process of its own
    chosen = parser.parse_args()
    if chosen.inside:
        drive(chosen.inside)
    else:
        measures = {"memory": measure_memory, "driver": measure_driver, "workers": measure_workers, "kills": try_kills}
        measures[chosen.what](chosen)


def measure_memory(chosen: argparse.Namespace) -> None:
    peaks = []
    for count in (1, chosen.shards):
        with tempfile.TemporaryDirectory() as scratch:
            base = Path(scratch)
            draw_shards(base, count, chosen.pictures)
            usage = run_and_measure([crop_command(base, chosen, "out", "--workers", "2")])
        peaks.append(usage.megabytes)
        pictures = count * chosen.pictures
        print(
            f"{count:4} shards, {pictures:6} pictures: {usage.megabytes:6.0f} MB peak, {pictures / usage.seconds:.1f}/s"
        )
    print(f"{peaks[1] / peaks[0]:.3f} times the memory for {chosen.shards} times the pictures")


def measure_driver(chosen: argparse.Namespace) -> None:
    peaks = []
    for records in (chosen.few, chosen.many):
        answer = subprocess.run(
            [sys.executable, __file__, "driver", "--inside", str(records)], capture_output=True, text=True, check=True
        )
        peaks.append(float(answer.stdout))
        print(f"{records:8} records: {peaks[-1]:6.0f} MB peak")
    print(f"{peaks[1] / peaks[0]:.3f} times the memory for {chosen.many / chosen.few:g} times the records")


def drive(records: int) -> None:
    """Runs a driver over made-up results, and prints its peak memory in megabytes."""
    from salient_crop.cropping.constraint import Constraint
    from salient_crop.cropping.ratio import Ratio
    from salient_crop.datasets.manifest import FAILED, PictureRecord
    from salient_crop.datasets.shards.output import open_output
    from salient_crop.jobs.settings import CropSettings
    from salient_crop.jobs.shard_report import ShardReport
    from salient_crop.jobs.shard_work import ShardWork
    from salient_crop.jobs.shards import ShardRun, crop_shards

    with tempfile.TemporaryDirectory() as scratch:
        settings = CropSettings("centre", "", Constraint((Ratio(1, 1),)))
        work = ShardWork(str(Path(scratch, "in")), str(Path(scratch, "out")), settings, "centre")
        workers = open_output(work.out)

        def made(tasks):
            for task in tasks:
                report = ShardReport(task)
                for number in range(SHARD):
                    report.add(PictureRecord(f"{task.shard}/{number}.jpg", (4000, 3000), FAILED, "made up"))
                with workers.stage(task.shard) as staging:
                    staging.stream.write(task.shard.encode())
                yield report.result((staging.result,), 1)

        run = ShardRun(work, tuple(f"{number:06}.tar" for number in range(records // SHARD)))
        assert crop_shards(run, made, lambda step: None).pictures.pictures == records
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1000))


def measure_workers(chosen: argparse.Namespace) -> None:
    import ray

    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    ratios = []
    try:
        with tempfile.TemporaryDirectory() as scratch:
            base = Path(scratch)
            draw_shards(base, chosen.shards, chosen.pictures)
            for place in range(chosen.rounds):
                one, two = (shards_per_second(base, chosen, f"out-{place}-{count}", count) for count in (1, 2))
                ratios.append(two / one)
                print(f"shards a second: {one:.3f} by one worker, {two:.3f} by two: {two / one:.2f} times", flush=True)
    finally:
        ray.shutdown()
    print(f"median {sorted(ratios)[len(ratios) // 2]:.2f}")


def shards_per_second(base: Path, chosen: argparse.Namespace, out: str, workers: int) -> float:
    """Once every worker has done its first shard, before which it begins and loads its weights."""
    from salient_crop.cropping.constraint import Constraint
    from salient_crop.cropping.ratio import Ratio
    from salient_crop.jobs.executors.ray import RayPool, ray_cluster
    from salient_crop.jobs.prepare_shards import prepare_shards
    from salient_crop.jobs.shard_engine import shards_on_pool
    from salient_crop.jobs.shards import crop_shards
    from salient_crop.models.registry import load_cropper

    asked, name = Constraint((Ratio(2, 3), Ratio(3, 2))), chosen.cropper
    run = prepare_shards([base / "in" / "*.tar"], base / out, load_cropper(name), asked, checkpoint=name)
    stamps: list[float] = []
    with ray_cluster(RayPool(workers=workers)) as cluster:
        crop_shards(run, shards_on_pool(run.work, cluster), lambda step: stamps.append(time.perf_counter()))
    return (len(stamps) - workers) / (stamps[-1] - stamps[workers - 1])


def try_kills(chosen: argparse.Namespace) -> None:
    from ray.cluster_utils import Cluster

    random = Random(chosen.seed)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(chosen.nodes - 1)]
    failures = 0
    try:
        with tempfile.TemporaryDirectory() as scratch:
            base = Path(scratch)
            if chosen.folder:
                draw_photographs(chosen.shards * chosen.pictures, base / "in")
            else:
                draw_shards(base, chosen.shards, chosen.pictures)
            started = time.perf_counter()
            subprocess.run(crop_command(base, chosen, "expected"), check=True, capture_output=True)
            usual = time.perf_counter() - started
            for place in range(chosen.rounds):
                what = ("worker", "raylet", "command")[place % 3]
                command = crop_command(base, chosen, f"out-{place}", "--engine", "ray", "--address", cluster.address)
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                marks = base / f"out-{place}"
                begun = "manifest.jsonl.*" if chosen.folder else "*.tar"  # its journals
                while process.poll() is None and not any(marks.glob(begun)):
                    time.sleep(0.05)
                time.sleep(random.uniform(0, usual / 2))
                was_running = process.poll() is None
                if what == "worker":
                    killed = kill_worker(cluster, random)
                elif what == "raylet" and nodes:
                    cluster.remove_node(nodes.pop(random.randrange(len(nodes))), allow_graceful=False)
                    nodes.append(cluster.add_node(num_cpus=1))
                    killed = True
                else:
                    process.kill()
                    killed = True
                tries = 1
                errors = process.communicate()[1]
                while process.returncode and tries < 5:
                    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                    errors, tries = process.communicate()[1], tries + 1
                found, expected = files_of(base / f"out-{place}"), files_of(base / "expected")
                others = [name for name in {**found, **expected} if found.get(name) != expected.get(name)]
                failures += bool(others)
                words = f"OTHER FILES {others} {errors.decode()[-500:]}" if others else "the same files"
                moment = "at work" if was_running and killed else "too late"
                print(f"{place + 1:3} {what:8} killed {moment}, {tries} tries: {words}", flush=True)
    finally:
        cluster.shutdown()
    print(f"{failures} of {chosen.rounds} failed")


def kill_worker(cluster, random: Random) -> bool:
    """Kills one of the processes in which shards are worked on; whether there was one."""
    import psutil

    raylets = [psutil.Process(node.all_processes["raylet"][0].process.pid) for node in cluster.list_all_nodes()]
    found = [each for raylet in raylets for each in raylet.children(recursive=True)]
    found = [each for each in found if "PoolActor" in " ".join(each.cmdline())]
    if found:
        random.choice(found).kill()
    return bool(found)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def crop_command(base: Path, chosen: argparse.Namespace, out: str, *more: str) -> list[str]:
    """The command line of `salient-crop crop` on the shards in `base/in`."""
    words = [
        "crop",
        str(base / "in" if chosen.folder else base / "in" / "*.tar"),
        "--out",
        str(base / out),
        "--device",
        "cpu",
        "--cropper",
        chosen.cropper,
    ]
    buckets = ["--buckets", chosen.buckets, "--resolution", "512"] if chosen.buckets else []
    return command_line(*words, *buckets, *more)


def draw_shards(base: Path, shards: int, pictures: int) -> None:
    """Writes tars of so many random pictures each, with captions, to `base/in`."""
    (base / "in").mkdir(parents=True)
    drawn = [path.read_bytes() for path in sorted(draw_photographs(min(pictures, 200), base / "drawn").iterdir())]
    for shard in range(shards):
        written = io.BytesIO()
        with TarWriter(written) as tar:
            for number in range(pictures):
                tar.add(f"{number:05}.jpg", drawn[number % len(drawn)])
                tar.add(f"{number:05}.txt", f"picture {number}".encode())
        (base / "in" / f"{shard:05}.tar").write_bytes(written.getvalue())


if __name__ == "__main__":
    main()
