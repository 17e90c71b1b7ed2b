"""A Ray cluster on this machine, where Ray is installed; and pictures for runs in several processes."""

import pytest
from spread_runs import make_photos, make_shards


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return make_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture
def cluster():
    """Two nodes of one core, to which this process is connected."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        made.second = made.add_node(num_cpus=1)
        ray.init(address=made.address, log_to_driver=False, configure_logging=False)
        made.wait_for_nodes()
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


@pytest.fixture
def workers_of():
    """Of a node: the processes in which work is done."""
    psutil = pytest.importorskip("psutil")

    def find(node):
        raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
        return [each for each in raylet.children(recursive=True) if "PoolActor" in " ".join(each.cmdline())]

    return find
