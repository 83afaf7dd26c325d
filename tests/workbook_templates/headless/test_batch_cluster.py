"""The same batch on a Dask cluster of this machine: the same bytes, and bad rows lose only themselves."""

import pytest
from toy_engine import ABORTS

distributed = pytest.importorskip("distributed", reason="needs llmecon[dask]")


@pytest.fixture(scope="module")
def cluster():
    """Two workers of one thread each."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local:
        yield local.scheduler_address


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_bytes(cluster, finished, toy_rows, tmp_path):
    rows = toy_rows([*range(100, 140), int(ABORTS), *range(200, 240)])
    assert finished(rows, out="here.csv")[0] == 3
    status, err = finished(rows, "--dask", cluster, out="there.csv")
    assert status == 3, err
    for end in ("", ".quarantine.csv"):
        assert (tmp_path / f"here.csv{end}").read_bytes() == (tmp_path / f"there.csv{end}").read_bytes()


def test_an_address_where_nobody_is_is_an_io_error(finished, toy_rows, monkeypatch):
    status, err = finished(toy_rows([1]), "--dask", "tcp://127.0.0.1:9")
    assert status == 74
    assert "no Dask scheduler answers" in err


def test_what_the_cluster_refuses_is_refused_here(cluster, finished, toy_rows, tmp_path):
    """The engine says no on the cluster; its words arrive."""
    status, err = finished(toy_rows([1]), "--dask", cluster, engine="vector")
    assert status in (0, 2)
    assert status == 0 or "NOT_COLUMNAR" in err
