"""Which simulator is used and why. No GPU is needed: what Aer reports is replaced."""

import copy
import importlib
import os
import pickle
import subprocess
import sys

import pytest

from hybrid_opt.circuits import AerDevice, aer_installation, available_devices
from hybrid_opt.circuits import aer_backend as module
from hybrid_opt.circuits.errors import (
    CircuitError,
    ConflictingAerError,
    DeviceUnavailableError,
    MissingAerError,
)
from hybrid_opt.circuits.noise import depolarizing_noise, readout_noise


@pytest.fixture
def fresh():
    """Forget what was found out before and, afterwards, what a test pretended."""
    caches = (aer_installation.import_aer, module._gpu_problem, module._binds_at_runtime, module._open)
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


@pytest.mark.skipif("GPU" in aer_installation.reported_devices(), reason="Aer has a GPU here")
def test_reported_gpu_that_is_not_there_falls_back(fresh, monkeypatch):
    """Aer asked for a device it does not have: its own failure becomes the reason."""
    monkeypatch.setattr(module, "reported_devices", lambda: ("CPU", "GPU"))
    backend = module.open_backend("auto")
    assert backend.compute == "cpu"
    assert "first run on the GPU failed: Aer did not run the circuit" in backend.reason


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


@pytest.mark.parametrize("wrong", ["depolarizing", 0.01, True, {}])
def test_something_else_than_a_noise_model(wrong):
    with pytest.raises(CircuitError, match=r"noise_model is .*NoiseModel"):
        module.open_backend("cpu", noise_model=wrong)


def test_noise_model_is_a_copy_and_named():
    model = readout_noise(0.1)
    backend = module.open_backend("cpu", "single", noise_model=model)
    assert backend.label == "Aer statevector (CPU, single precision, noise model)"
    model.add_all_qubit_readout_error([[0.5, 0.5], [0.5, 0.5]], warnings=False)
    assert backend.noise_model == readout_noise(0.1)
    assert module.open_backend("cpu", "single").noise_model is None
    assert backend is not module.open_backend("cpu", "single", noise_model=model)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, copy.copy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_open_the_same(duplicate):
    plain = module.open_backend("cpu", "double", 1)
    assert duplicate(plain) is plain
    noisy = duplicate(module.open_backend("cpu", "single", 1, depolarizing_noise(0.1, 0.2)))
    assert noisy.noise_model == depolarizing_noise(0.1, 0.2)
    assert (noisy.compute, noisy.precision, noisy.settings) == ("cpu", "single", ("cpu", "single", 1))
    assert noisy.executor.threads == 1


def test_threads_of_the_machine(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert module._cores() == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= module._cores() <= os.cpu_count()


def test_runtime_binding_needs_one_gpu(pretended_gpu, monkeypatch):
    for count, used in ((None, False), (0, False), (1, True), (2, False)):
        module._binds_at_runtime.cache_clear()
        module._open.cache_clear()
        monkeypatch.setattr(module, "gpu_count", lambda count=count: count)
        assert module.open_backend("gpu").executor.runtime_binding is used
    assert module.open_backend("cpu").executor.runtime_binding is True


def test_runtime_binding_that_differs_is_not_used(fresh, monkeypatch):
    real = module._test_states
    monkeypatch.setattr(module, "_test_states", lambda executor: real(executor) + executor.runtime_binding)
    assert module.open_backend("cpu").executor.runtime_binding is False


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
