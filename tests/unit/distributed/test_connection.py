"""Connecting: what is refused, and how it says so."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import dask
import pytest

from hybrid_opt import _optional
from hybrid_opt.distributed import closing_client, connect, map_batches
from hybrid_opt.distributed.connection import check_workers
from hybrid_opt.distributed.worker_tasks import worker_facts
from hybrid_opt.errors import ClusterError, MissingDependencyError, OptionError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"address": ""}, "address is ''"),
        ({"address": 8786}, "address is 8786"),
        ({"address": "nonsense://x"}, "address is 'nonsense://x'; legal are None, 'local'"),
        ({"address": "inproc://x"}, "address is 'inproc://x'"),
        ({"address": "scheduler"}, "address is 'scheduler'"),
        ({"address": "tcp://scheduler"}, "address is 'tcp://scheduler'"),
        ({"address": "tcp://scheduler:65536"}, "port from 1 to 65535"),
        ({"address": "tcp://scheduler:0"}, "port from 1 to 65535"),
        ({"workers": 0}, "workers is 0"),
        ({"workers": True}, "workers is True"),
        ({"timeout": 0}, "timeout is 0"),
        ({"timeout": float("inf")}, "timeout is inf; it must be a positive, finite number"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"patience": "long"}, "patience is 'long'"),
    ],
)
def test_wrong_arguments_are_refused(given, message):
    with pytest.raises(OptionError, match=message):
        connect(**given)


def test_nobody_at_the_address():
    address = "tcp://127.0.0.1:9"
    with pytest.raises(ClusterError, match=f"no scheduler answers at {address} within 0.5 seconds"):
        connect(address, timeout=0.5)


def test_seconds_that_did_not_pass_are_not_told(monkeypatch):
    def refused(*given, **named):
        raise OSError("at once")

    monkeypatch.setattr(closing_client, "ClosingClient", refused)
    with pytest.raises(ClusterError, match=r"answers at tcp://127.0.0.1:9 \(OSError: at once\)"):
        connect("tcp://127.0.0.1:9", timeout=30.0)


def test_an_encrypted_address_without_certificates_is_refused():
    with pytest.raises(ClusterError, match=r"no certificates; set distributed\.comm\.tls"):
        connect("tls://127.0.0.1:9", timeout=0.5)


def test_certificates_that_are_not_there_are_named():
    names = ("ca-file", "client.cert", "client.key")
    with (
        dask.config.set({f"distributed.comm.tls.{name}": "/nowhere/it.pem" for name in names}),
        pytest.raises(ClusterError, match=r"certificates for tls://127\.0\.0\.1:9 cannot be read"),
    ):
        connect("tls://127.0.0.1:9", timeout=0.5)


def test_whoever_is_no_scheduler_leaves_no_thread():
    """Neither nobody nor a program that answers something else; dask alone would keep a thread for each."""
    before = {thread.ident for thread in threading.enumerate()}
    with socket.create_server(("127.0.0.1", 0)) as server:
        for port in (9, server.getsockname()[1]):
            with pytest.raises(ClusterError, match="no scheduler answers"):
                connect(f"tcp://127.0.0.1:{port}", timeout=0.5)
    left = [one.name for one in threading.enumerate() if one.ident not in before and "loop" in one.name]
    assert left == []


@pytest.mark.parametrize("problem", [TypeError, ValueError])
def test_a_client_closes_itself_whatever_dask_raises(problem, monkeypatch):
    async def broken(self, timeout=None):
        raise problem("broken")

    monkeypatch.setattr(closing_client.Client, "_ensure_connected", broken)
    before = {thread.ident for thread in threading.enumerate()}
    with pytest.raises(problem, match="broken"):
        closing_client.ClosingClient("tcp://127.0.0.1:9", timeout=0.5, set_as_default=False)
    assert not [one for one in threading.enumerate() if one.ident not in before and "loop" in one.name]


def test_a_scheduler_of_others_is_taken_by_its_address_and_left_running(cluster):
    address = cluster.client.scheduler.address
    with connect(address, workers=2) as second:
        assert map_batches(lambda rows: rows, [1, 2], cluster=second) == [1, 2]
        assert repr(second) == f"Cluster({address}, elsewhere)"
    assert cluster.n_workers == 2
    with pytest.raises(ClusterError, match=r"2 workers are connected to .* and 3 are wanted"):
        connect(address, workers=3, timeout=0.5)


class Client:
    """Answers of workers that are not to be had here."""

    def __init__(self, facts, threads=1):
        self.facts, self.threads = facts, threads

    def nthreads(self):
        return {"tcp://w": self.threads}

    def run(self, function, on_error):
        return {"tcp://w": self.facts}


@pytest.mark.parametrize(
    ("client", "message"),
    [
        (Client({}, threads=4), "worker tcp://w at tcp://s works on 4 threads at once"),
        (Client(ModuleNotFoundError("no", name="hybrid_opt")), "worker tcp://w cannot import hybrid_opt"),
        (Client(OSError("broken")), r"cannot say what it has \(OSError: broken\)"),
        (Client({**worker_facts(), "numpy": "1.0"}), r"has numpy 1.0 \(here "),
        (Client({**worker_facts(), "python": "2.7"}), r"has python 2.7 \(here "),
    ],
)
def test_workers_on_which_results_would_differ_are_refused(client, message):
    with pytest.raises(ClusterError, match=message):
        check_workers(client, "tcp://s")


@pytest.mark.parametrize("name", ["transformers", "accelerate", "scikit-learn", "scipy", "numba"])
def test_whatever_computes_on_workers_is_compared(name):
    assert name in worker_facts()
    with pytest.raises(ClusterError, match=rf"has {name} 0\.0 \(here "):
        check_workers(Client({**worker_facts(), name: "0.0"}), "tcp://s")


def test_what_only_the_program_has_is_not_compared():
    check_workers(Client({"python": worker_facts()["python"]}), "tcp://s")


def test_a_worker_without_this_package(cluster, monkeypatch):
    """What dask really answers when the module of a function is missing over there."""
    client = cluster.client
    answers = client.run(missing_there, on_error="return")
    refused = SimpleNamespace(nthreads=client.nthreads, run=lambda function, on_error: answers)
    with pytest.raises(ClusterError, match="cannot import nowhere_at_all"):
        check_workers(refused, "tcp://s")


def missing_there():
    import nowhere_at_all  # noqa: F401


def test_the_extra_is_named_where_dask_is_missing(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(_optional, "import_module", missing)
    with pytest.raises(MissingDependencyError, match=r'pip install "hybrid-opt\[distributed\]"'):
        connect()


UNGUARDED = """
from hybrid_opt.distributed import connect
from hybrid_opt.errors import ClusterError
import sys
try:
    connect(workers=1, timeout=3)
except ClusterError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""


def test_a_script_without_guard_is_told_so(tmp_path, root):
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False,
        env={"PYTHONPATH": str(root), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 3
    assert "if __name__ == '__main__':" in done.stderr
