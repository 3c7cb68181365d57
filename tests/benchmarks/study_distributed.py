"""Two processes against one on the same machine: kernel matrix, circuit batch, tuning trials, training.

Times are medians of runs that take turns, as ratios; results of one and two processes are compared before
anything is timed, and the study stops where they differ. "direct" is the ordinary call in one process, whose
compiled loops take all cores; linear algebra has one thread everywhere. The load of the machine is recorded
beside every part: on a machine with other work, two processes gain less than they would.
"""

from __future__ import annotations

import json
import os

# NumPy and torch read it when they are loaded. On a busy machine their threads wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"

import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from record import Record
from timing import paired

import hybrid_opt
from hybrid_opt.circuits import FidelityKernel, VariationalCircuit
from hybrid_opt.circuits.kernel_states import STATE_CACHE
from hybrid_opt.classical import DistanceGPT, TrainingSettings, load_data, train
from hybrid_opt.distributed import connect, gram_matrix, map_batches
from hybrid_opt.layers import QNNLayer
from hybrid_opt.tuning import tune_attention

SEED = 7
WORKERS = 2
ROOT = Path(hybrid_opt.__file__).resolve().parents[1]


def kernel_matrix(cluster: Any, *, qubits: int = 12, samples: int = 768, runs: int = 3) -> dict[str, float]:
    """An exact fidelity kernel: every sample simulated once, pairs of blocks multiplied."""
    circuit = VariationalCircuit(qubits, 12, encoding="angle", reupload=True)
    kernel = FidelityKernel(circuit, simulator="native", seed=SEED)
    X = np.random.default_rng(SEED).uniform(-1, 1, (samples, qubits))
    if not np.array_equal(gram_matrix(kernel, X, cluster=cluster), gram_matrix(kernel, X)):
        raise RuntimeError("one and two processes give different matrices")

    def direct() -> None:
        STATE_CACHE.clear()
        kernel(X)

    return compared(
        runs,
        one=lambda: gram_matrix(kernel, X),
        two=lambda: gram_matrix(kernel, X, cluster=cluster),
        direct=direct,
    )


def circuit_batch(cluster: Any, *, qubits: int = 14, rows: int = 2048, runs: int = 3) -> dict[str, float]:
    """Expectation values of a QNN layer at many rows."""
    torch.manual_seed(SEED)
    layer = QNNLayer(qubits, 4, simulator="native").double()
    inputs = torch.rand(rows, qubits, dtype=torch.float64)
    if not torch.equal(map_batches(layer, inputs, cluster=cluster), map_batches(layer, inputs)):
        raise RuntimeError("one and two processes give different values")

    def direct() -> None:
        with torch.no_grad():
            layer(inputs)

    return compared(
        runs,
        one=lambda: map_batches(layer, inputs),
        two=lambda: map_batches(layer, inputs, cluster=cluster),
        direct=direct,
    )


def tuning_trials(cluster: Any, *, trials: int = 4, steps: int = 30, runs: int = 3) -> dict[str, float]:
    """A search over attention settings in rounds of four, with its finalists."""
    data = load_data("digits")
    config = data.config(hidden_size=32, num_attention_heads=4, num_hidden_layers=2)
    training = TrainingSettings(max_steps=steps, batch_size=16)

    losses = []

    def search(where: Any) -> None:
        tuning = tune_attention(
            config, data, trials=trials, training=training, parallel=4, finalists=1, fresh_seeds=2,
            cluster=where, seed=SEED,
        )  # fmt: skip
        losses.append((tuning.losses(), tuning.finalists))
        if losses[-1] != losses[0]:
            raise RuntimeError("one and two processes give different trials")

    return compared(runs, one=lambda: search(None), two=lambda: search(cluster))


def compared(runs: int, **tasks: Any) -> dict[str, float]:
    """Seconds of each task and their ratios to one process."""
    times = paired(runs, **tasks)
    return {
        **{f"seconds, {name}": value for name, value in times.items()},
        **{f"{name} / one": value / times["one"] for name, value in times.items() if name != "one"},
    }


def training(_: Any, *, steps: int = 40, runs: int = 2) -> dict[str, float]:
    """Training through accelerate with one thread per process, one process and two; start-up left out."""
    with TemporaryDirectory() as folder:
        counter = iter(range(1000))

        def launched(processes: int) -> float:
            return launch(processes, steps, Path(folder) / str(next(counter)))

        times: dict[int, list[float]] = {1: [], 2: []}
        for _run in range(runs):
            for processes, values in times.items():
                values.append(launched(processes))
    one, two = (float(np.median(times[processes])) for processes in (1, 2))
    return {"seconds, one": one, "seconds, two": two, "two / one": two / one}


def launch(processes: int, steps: int, folder: Path) -> float:
    """Seconds of the training itself in processes that accelerate starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(processes)]
    command += ["--multi_gpu"] if processes > 1 else ["--cpu"]
    command += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    command += ["--main_process_port", str(port), __file__, "--train", str(steps), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=600)
    return float(json.loads(Path(f"{folder}.seconds").read_text()))


def train_here(steps: int, folder: str) -> None:
    """What each process of a training does."""
    from time import perf_counter

    data = load_data("pydoc_topics", tokenizer="characters", sequence_length=128, limit=40)
    torch.manual_seed(SEED)
    model = DistanceGPT(
        data.config(hidden_size=128, num_attention_heads=4, num_hidden_layers=2, metric="l2")
    )
    begin = perf_counter()
    settings = TrainingSettings(max_steps=steps, batch_size=16, eval_steps=steps, save_steps=steps)
    train(model, data, folder, settings)
    if os.environ.get("RANK", "0") == "0":
        Path(f"{folder}.seconds").write_text(json.dumps(perf_counter() - begin))
    # See docs/training.md: at the ordinary end torch can wait forever for a thread of gloo.
    os._exit(0)


PARTS = {
    "kernel matrix": kernel_matrix,
    "circuit batch": circuit_batch,
    "tuning trials": tuning_trials,
    "training": training,
}


def main(path: Path) -> None:
    """Run the parts that the file does not have."""
    record = Record(path, seed=SEED)
    missing = [name for name in PARTS if not record.has(name)]
    if not missing:
        return
    with connect(workers=WORKERS, timeout=300.0) as cluster:
        for name in missing:
            before = os.getloadavg()[0]
            result = PARTS[name](cluster)
            record.add(name, {**result, "load before": before, "load after": os.getloadavg()[0]})


if __name__ == "__main__":
    if sys.argv[1] == "--train":
        train_here(int(sys.argv[2]), sys.argv[3])
    main(Path(sys.argv[1]))
