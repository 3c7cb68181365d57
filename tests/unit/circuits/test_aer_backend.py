"""Which simulator is used and why. No GPU is needed: what Aer reports is replaced."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
from qiskit import QuantumCircuit

from hybrid_opt.circuits import AerDevice, aer_installation, available_devices
from hybrid_opt.circuits import aer_backend as module
from hybrid_opt.circuits.errors import (
    AerRunError,
    CircuitError,
    ConflictingAerError,
    DeviceUnavailableError,
    MissingAerError,
)


@pytest.fixture
def fresh():
    """Forget what was found out before and, afterwards, what a test pretended."""
    caches = (aer_installation.import_aer, module._gpu_problem, module._open)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.fixture
def no_gpu(fresh, monkeypatch):
    monkeypatch.setattr(module, "reported_devices", lambda: ("CPU",))


@pytest.fixture
def pretended_gpu(fresh, monkeypatch):
    """Aer reports a GPU; simulators asked for on it run on the CPU."""
    real = module._simulator
    monkeypatch.setattr(module, "reported_devices", lambda: ("CPU", "GPU"))
    monkeypatch.setattr(module, "_simulator", lambda compute, *rest: real("cpu", *rest))


def test_cpu_is_used_without_a_gpu(no_gpu):
    backend = module.open_backend("auto")
    assert backend.compute == "cpu"
    assert backend.label == "Aer statevector (CPU)"
    assert "no GPU" in backend.reason


def test_gpu_asked_for_and_absent(no_gpu):
    with pytest.raises(DeviceUnavailableError, match=r"no GPU.*aer-gpu.*Use compute"):
        module.open_backend("gpu")
    with pytest.raises(DeviceUnavailableError):
        AerDevice(wires=1, compute="gpu")


def test_equal_settings_share_a_simulator():
    assert module.open_backend("cpu") is module.open_backend("cpu", "double", 0)
    assert module.open_backend("cpu") is not module.open_backend("cpu", "single")
    assert module.open_backend("cpu") is not module.open_backend("cpu", "double", 1)


def test_gpu_that_passes_its_test_is_used(pretended_gpu):
    backend = module.open_backend("auto")
    assert backend.compute == "gpu"
    assert backend.label == "Aer statevector (GPU)"
    assert "self-test passed" in backend.reason
    assert module.open_backend("gpu") is not None
    table = available_devices()
    assert table.set_index(["device", "compute"]).used_by_default.to_dict() == {
        ("hybrid.aer", "cpu"): False,
        ("hybrid.aer", "gpu"): True,
        ("default.qubit", "cpu"): False,
    }


@pytest.mark.parametrize("precision", ["double", "single"])
def test_gpu_that_computes_wrongly_is_refused(pretended_gpu, monkeypatch, precision):
    monkeypatch.setattr(module, "_test_difference", lambda precision: 1e-3)
    backend = module.open_backend("auto", precision)
    assert backend.compute == "cpu"
    assert "differs from the CPU's by 1.0e-03" in backend.reason
    with pytest.raises(DeviceUnavailableError, match="differs"):
        module.open_backend("gpu", precision)


def test_gpu_that_gives_nan_is_refused(pretended_gpu, monkeypatch):
    monkeypatch.setattr(module, "_test_difference", lambda precision: float("nan"))
    assert module.open_backend("auto").compute == "cpu"


def test_gpu_whose_first_run_fails_is_refused(pretended_gpu, monkeypatch):
    def fail(precision):
        raise RuntimeError("libcustatevec.so.1: cannot open shared object file")

    monkeypatch.setattr(module, "_test_difference", fail)
    backend = module.open_backend("auto")
    assert backend.compute == "cpu"
    assert "libcustatevec" in backend.reason
    assert "libcustatevec" in available_devices().reason[1]


def test_reported_gpu_that_is_not_there_falls_back(fresh, monkeypatch):
    """Aer asked for a device it does not have: its own failure becomes the reason."""
    real = module._simulator

    def elsewhere(compute, *rest):
        simulator = real(compute, *rest)
        if compute == "gpu":
            simulator.set_options(target_gpus=[10**6])
        return simulator

    monkeypatch.setattr(module, "_simulator", elsewhere)
    monkeypatch.setattr(module, "reported_devices", lambda: ("CPU", "GPU"))
    backend = module.open_backend("auto")
    assert backend.compute == "cpu"
    assert "first run on the GPU failed" in backend.reason


def test_table_of_devices(no_gpu):
    table = available_devices()
    assert list(table.columns) == ["device", "compute", "available", "used_by_default", "reason"]
    assert table.used_by_default.tolist() == [True, False, False]
    assert table.available.tolist() == [True, False, True]
    assert (table.reason.str.len() > 0).all()


def test_both_builds_installed(fresh, monkeypatch):
    monkeypatch.setattr(aer_installation.metadata, "version", lambda name: "0.18.2")
    for call in (module.open_backend, aer_installation.reported_devices, lambda: AerDevice(wires=1)):
        with pytest.raises(ConflictingAerError, match="pip uninstall -y qiskit-aer qiskit-aer-gpu"):
            call()
    table = available_devices()
    assert table.available.tolist() == [False, False, True]
    assert "both" in table.reason[0]


def test_aer_missing(fresh, monkeypatch):
    monkeypatch.setattr(aer_installation, "_installed", lambda name: False)
    monkeypatch.setitem(sys.modules, "qiskit_aer", None)
    with pytest.raises(MissingAerError, match=r'pip install "hybrid-opt\[aer\]"'):
        module.open_backend()
    assert available_devices().available.tolist() == [False, False, True]


def test_aer_that_cannot_be_loaded(fresh, monkeypatch):
    def broken(name):
        raise ImportError("libcudart.so.12: cannot open shared object file")

    monkeypatch.setattr(aer_installation, "import_module", broken)
    with pytest.raises(DeviceUnavailableError, match="libcudart") as caught:
        module.open_backend()
    assert not isinstance(caught.value, MissingAerError)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"compute": "tpu"}, "compute"),
        ({"compute": None}, "compute"),
        ({"precision": "half"}, "precision"),
        ({"threads": -1}, "threads"),
        ({"threads": 1.5}, "threads"),
        ({"threads": True}, "threads"),
    ],
)
def test_unknown_settings(arguments, words):
    with pytest.raises(CircuitError, match=words):
        module.open_backend(**arguments)


def test_aer_failure_carries_its_words():
    circuit = QuantumCircuit(2)
    circuit.ch(0, 1)
    with pytest.raises(AerRunError, match="unknown instruction: ch"):
        module.open_backend("cpu").states([circuit])


def test_samples_keep_the_asked_order():
    circuit = QuantumCircuit(3)
    circuit.x(0)
    bits = module.open_backend("cpu").samples(circuit, [2, 0], shots=5, seed=1)
    assert bits.dtype == np.uint8
    assert bits.tolist() == [[0, 1]] * 5


def test_importing_the_folder_is_light():
    code = (
        "import sys, hybrid_opt.circuits; "
        "bad = [m for m in ('pennylane', 'qiskit', 'qiskit_aer', 'torch', 'pandas') if m in sys.modules]; "
        "sys.exit(repr(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_unknown_name_of_the_folder():
    folder = importlib.import_module("hybrid_opt.circuits")
    assert "AerDevice" in dir(folder)
    with pytest.raises(AttributeError, match="nothing"):
        _ = folder.nothing
