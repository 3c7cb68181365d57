"""The same results on several processes: a batch of circuits, a kernel matrix, a search over settings.

Two workers are started on this machine; ``connect("tcp://scheduler:8786")`` instead takes those of a
scheduler on other machines (docs/beyond_one_machine.md). Everything is computed twice, with and without the
workers, to show that the answers are equal bit for bit, and what the workers gained. On small tasks they gain
nothing: sending costs some milliseconds for each piece.
"""

import os
from time import perf_counter

import numpy as np

FAST = os.environ.get("HYBRID_OPT_EXAMPLE_FAST") == "1"
ROWS, SAMPLES, QUBITS = (64, 24, 4) if FAST else (2048, 512, 12)


def timed(work):
    """A result and its seconds."""
    begin = perf_counter()
    result = work()
    return result, perf_counter() - begin


def compare(name, equal, here, there):
    """One line: are they the same, and how long did each take?"""
    print(f"{name}: same bits: {equal}; one process {here:.2f} s, two {there:.2f} s")


def main():
    import hybrid_opt as ho
    from hybrid_opt.circuits import DiagonalQAOA, FidelityKernel
    from hybrid_opt.classical import TrainingSettings, load_data
    from hybrid_opt.distributed import AngleEnergies, connect, gram_matrix, map_batches
    from hybrid_opt.progress import shown

    rng = np.random.default_rng(0)
    with connect(workers=2) as cluster, shown("two processes") as progress:
        # Energies of a QAOA at many angles. The first call is slower: workers import what they need.
        engine = DiagonalQAOA(rng.normal(size=2**QUBITS))
        angles = rng.uniform(0, np.pi, (ROWS, 6))
        energies = AngleEnergies(engine)
        map_batches(energies, angles[:2], cluster=cluster, chunk=1)
        here, seconds = timed(lambda: map_batches(energies, angles))
        there, other = timed(lambda: map_batches(energies, angles, cluster=cluster, progress=progress))
        compare("QAOA energies", np.array_equal(here, there), seconds, other)

        # A kernel matrix: every sample is simulated once, pairs of blocks are multiplied.
        kernel = FidelityKernel(QUBITS, simulator="native", seed=0)
        X = rng.uniform(-1, 1, (SAMPLES, kernel.n_inputs))
        gram_matrix(kernel, X[:2], cluster=cluster, block=1)
        here, seconds = timed(lambda: gram_matrix(kernel, X))
        there, other = timed(lambda: gram_matrix(kernel, X, cluster=cluster, progress=progress))
        compare("kernel matrix", np.array_equal(here, there), seconds, other)

        if FAST:  # two workers that import torch and transformers take longer than all the rest
            return

        # A search: four trials are chosen together and told together, wherever they run.
        data = load_data("wine")
        config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        settings = {
            "trials": 16, "training": TrainingSettings(max_steps=60, learning_rate=0.01),
            "parallel": 4, "finalists": 1, "fresh_seeds": 2, "seed": 1,
        }  # fmt: skip
        here, seconds = timed(lambda: ho.tuning.tune_attention(config, data, **settings))
        there, other = timed(
            lambda: ho.tuning.tune_attention(config, data, cluster=cluster, progress=progress, **settings)
        )
        compare("search", here.losses() == there.losses(), seconds, other)
    print(there.verdict)


# Local workers import this script: without the next line each of them would start workers of its own.
if __name__ == "__main__":
    main()
