"""PennyLane's own conformance tests for devices, run against hybrid.aer as PennyLane runs them.

Every skip has to be one of the reasons below; a new one is looked at before it is added.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pennylane
import pytest

SUITE = Path(pennylane.__file__).parent / "devices" / "tests"

# reason of a skip -> why it is right for this device
REASONS = {
    "could not import 'jax'": "JAX is not a dependency",
    "Device is in non-analytical mode": "about exact results",
    "analytic mode": "about exact results",
    "analytic-mode": "about exact results",
    "Device is in analytical mode": "about shots",
    "analytic mode only": "about shots",
    "only works with backprop": "hybrid.aer differentiates by adjoint",
    "only works with parameter-shift": "hybrid.aer differentiates by adjoint",
    "device does not support diff_method": "hybrid.aer differentiates by adjoint, the test uses backprop",
    "operation not supported on the device": "QubitDensityMatrix: Aer starts from pure states",
    "old interface": "about PennyLane's former device interface",
    "old device interface": "about PennyLane's former device interface",
    "Shots must be specified": "about shots",
    "If shots!=None no error is raised": "about exact results",
    "If shots=None no warning is raised": "about shots",
    "Some plugins don't update state information": "about exact results",
    "only works on qutrit devices": "about three-level systems",
}


def run_suite(tmp_path, *options):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", str(SUITE), "-c", os.devnull, f"--rootdir={tmp_path}"]
    command += ["-p", "no:cacheprovider", "-q", "-rs", "--maxfail=20", "--tb=short"]
    command += ["--device", "hybrid.aer", *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("options", [(), ("--shots", "20000")], ids=["exact", "20,000 shots"])
def test_device_suite(tmp_path, options):
    names = {entry.name for entry in importlib.metadata.entry_points(group="pennylane.plugins")}
    if "hybrid.aer" not in names:
        pytest.skip("hybrid-opt is not installed, so PennyLane does not know hybrid.aer; run `make test`")
    code, output = run_suite(tmp_path, *options)
    assert code == 0, output[-4000:]
    passed = re.search(r"(\d+) passed", output)
    assert passed is not None
    assert int(passed.group(1)) > 350
    skipped = set(re.findall(r"^SKIPPED \[\d+\] .*?: (.*)$", output, re.MULTILINE))
    assert [line for line in sorted(skipped) if not any(reason in line for reason in REASONS)] == []
