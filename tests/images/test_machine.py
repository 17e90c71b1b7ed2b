"""How much memory there is, and how many cores: the least of what the machine has and what limits leave."""

import os
import sys

import pytest

from salient_crop.images import machine
from salient_crop.images.machine import available_cores, memory_limit


def test_there_is_some_memory_and_no_more_than_the_machine_has():
    assert 2**28 < memory_limit() <= machine._installed()


def limits(tmp_path, own, files, read=machine._cgroup_limits):
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        file = tmp_path / "root" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return sorted(read(tmp_path / "own", tmp_path / "root"))


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("", {}, []),
        ("0::/\n", {}, []),  # the outermost group has no limit of its own
        ("0::/\n", {"memory.max": "max\n"}, []),
        ("0::/\n", {"memory.max": "2000\n"}, [2000]),
        ("0::/user/app\n", {"user/app/memory.max": "max\n", "user/memory.max": "3000\n"}, [3000]),
        ("0::/user/app\n", {"user/app/memory.max": "500\n", "user/memory.max": "3000\n"}, [500, 3000]),
        ("0::/docker/abc\n", {"memory.max": "700\n"}, [700]),  # the path of the host, unknown inside
        ("3:cpu,memory:/a\n1:name=systemd:/\n", {"memory/a/memory.limit_in_bytes": "900\n"}, [900]),
        ("2:cpu:/a\n", {"memory/a/memory.limit_in_bytes": "900\n"}, []),
    ],
)
def test_the_limits_of_control_groups(tmp_path, own, files, expected):
    assert limits(tmp_path, own, files) == expected


def test_no_control_groups(tmp_path):
    assert list(machine._cgroup_limits(tmp_path / "none", tmp_path)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits")
def test_resource_limits(monkeypatch):
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda name: (5000, resource.RLIM_INFINITY))
    assert set(machine._resource_limits()) == {5000}
    assert memory_limit() == 5000


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {}, []),
        ("0::/\n", {"cpu.max": "max 100000\n"}, []),
        ("0::/\n", {"cpu.max": "250000 100000\n"}, [2.5]),
        ("0::/\n", {"cpu.max": "nonsense\n"}, []),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "50000 100000\n"}, [0.5]),
        ("4:cpu,cpuacct:/a\n", {"cpu/a/cpu.cfs_quota_us": "300000\n", "cpu/a/cpu.cfs_period_us": "100000\n"}, [3]),
        ("4:cpu,cpuacct:/a\n", {"cpu/a/cpu.cfs_quota_us": "-1\n", "cpu/a/cpu.cfs_period_us": "100000\n"}, []),
        ("4:memory:/a\n", {"cpu/a/cpu.cfs_quota_us": "300000\n", "cpu/a/cpu.cfs_period_us": "100000\n"}, []),
    ],
)
def test_the_time_that_control_groups_give(tmp_path, own, files, expected):
    assert limits(tmp_path, own, files, machine._cgroup_cores) == expected


def test_only_the_cores_that_this_process_may_use_are_counted(monkeypatch):
    given = []
    monkeypatch.setattr(machine, "_cgroup_cores", lambda: iter(given))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert available_cores() == 3
    given += [1.5, 8]
    assert available_cores() == 2
    given.append(0.2)
    assert available_cores() == 1
    given.clear()
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert available_cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1
