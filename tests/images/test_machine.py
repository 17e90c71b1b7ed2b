"""How much memory there is: the least of what the machine has and what limits leave."""

import sys

import pytest

from salient_crop.images import machine
from salient_crop.images.machine import memory_limit


def test_there_is_some_memory_and_no_more_than_the_machine_has():
    assert 2**28 < memory_limit() <= machine._installed()


def limits(tmp_path, own, files):
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        file = tmp_path / "root" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return sorted(machine._cgroup_limits(tmp_path / "own", tmp_path / "root"))


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
