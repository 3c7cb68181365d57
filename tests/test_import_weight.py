"""`import hybrid_opt` is cheap, and solving classically needs none of the quantum libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUANTUM = {"torch", "pennylane", "qiskit", "qiskit_aer", "transformers"}
HEAVY = QUANTUM | {
    *("dask", "distributed", "matplotlib", "pandas", "scipy", "numpy"),
    *("dimod", "networkx", "rich", "typer", "jinja2"),
}


def loaded_by(code: str) -> set[str]:
    """The top-level modules a fresh interpreter holds after running the code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_the_package_alone_loads_nothing_heavy():
    assert loaded_by("import hybrid_opt\ndir(hybrid_opt)") & HEAVY == set()


def test_naming_solve_loads_nothing_quantum():
    code = "import hybrid_opt as ho\nho.solve, ho.methods, ho.Solution, ho.to_qubo, ho.LevelModel"
    assert loaded_by(code) & QUANTUM == set()


def test_solving_classically_loads_nothing_quantum():
    code = (
        "import dimod, hybrid_opt as ho\n"
        "model = dimod.BinaryQuadraticModel({'a': 1.0, 'b': -2.0}, {('a', 'b'): 0.5}, 0.0, 'BINARY')\n"
        "for method in ('auto', 'exact', 'milp', 'anneal', 'tabu'):\n"
        "    assert ho.solve(model, method, seed=1).objective == -2.0, method\n"
    )
    assert loaded_by(code) & (QUANTUM | {"matplotlib"}) == set()
