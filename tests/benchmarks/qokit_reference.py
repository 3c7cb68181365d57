"""The C engine of QOKit in a process of its own, because its pins exclude the environment of this package.

The environment variable HYBRID_OPT_QOKIT_PYTHON names an interpreter that can import ``qokit.fur.c`` with its
library built (gcc -O3 -march=native -fopenmp). Its convention is exp(-i gamma C / 2).
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

PROGRAM = """
import json, sys, time
from qokit.fur.c.qaoa_simulator import QAOAFURXSimulatorC
task = json.loads(sys.stdin.readline())
terms = [(weight, tuple(pair)) for weight, pair in task["terms"]]
simulator = QAOAFURXSimulatorC(task["qubits"], terms=terms)
while sys.stdin.readline():
    begin = time.perf_counter()
    state = simulator.simulate_qaoa(task["gammas"], task["betas"])
    seconds = time.perf_counter() - begin
    print(json.dumps([seconds, float(simulator.get_expectation(state))]), flush=True)
"""


class QOKit:
    """One instance and one set of angles; `forward` runs it once.

    Raises:
        RuntimeError: the environment variable is not set.
    """

    def __init__(self, qubits: int, terms: list[Any], gammas: list[float], betas: list[float]) -> None:
        python = os.environ.get("HYBRID_OPT_QOKIT_PYTHON")
        if not python:
            raise RuntimeError("HYBRID_OPT_QOKIT_PYTHON is not set")
        self._child = subprocess.Popen(
            [python, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        task = {"qubits": qubits, "terms": terms, "gammas": [2 * g for g in gammas], "betas": betas}
        self._send(json.dumps(task))

    def _send(self, line: str) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()

    def forward(self) -> tuple[float, float]:
        """Seconds of one evolution, and its expectation."""
        assert self._child.stdout is not None
        self._send("run")
        seconds, value = json.loads(self._child.stdout.readline())
        return seconds, value

    def close(self) -> None:
        """End the process."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(30)
