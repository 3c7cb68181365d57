"""Look at a circuit before training it: five questions, three families of layers, one picture.

The separable family has no entangling gates. Where it answers a question as well as the others, entanglement
is not what the answer depends on.
"""

import os

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hybrid_opt.circuits import VariationalCircuit, diagnostics

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
SAMPLES = 200 if FAST else 2000
WIDTHS = (2, 3, 4) if FAST else (2, 4, 6, 8)
LAYERS = 4
SEED = 1
FAMILIES = ("strongly_entangling", "brick_wall", "separable")
COLORS = ("#2b6ca3", "#c48a2c", "#5b8c3a")


def circuit(family: str, n_qubits: int = 4) -> VariationalCircuit:
    """Four layers, the features encoded again before each."""
    return VariationalCircuit(n_qubits, LAYERS, ansatz=family, reupload=True)


print(f"4 qubits, {LAYERS} layers, encoding repeated; features at zero where only weights are drawn\n")
print(f"{'':<21}{'distance':>13}{'entangle-':>11}{'gradient,':>12}{'kernel,':>12}{'Fourier':>9}")
print(f"{'':<21}{'from Haar':>13}{'ment Q':>11}{'per qubit':>12}{'per qubit':>12}{'degree':>9}")
found = {}
for family in FAMILIES:
    # How close do random weights come to random states? 0 is as close as possible.
    reach = diagnostics.expressibility(circuit(family), SAMPLES, seed=SEED)
    # How entangled are these states? 0 for products, 1 at most.
    power = diagnostics.entangling_power(circuit(family), SAMPLES // 4, seed=SEED)
    # How fast does the gradient of <Z0> vanish with the width? Slopes of log2(variance): -1 halves per qubit.
    plateau = diagnostics.gradient_variance(
        family, n_qubits=WIDTHS, n_layers=LAYERS, n_samples=SAMPLES // 10, seed=SEED
    )
    # And the spread of kernel values between random samples?
    kernel = diagnostics.kernel_concentration(
        lambda width, family=family: circuit(family, width), n_qubits=WIDTHS, n_samples=60, seed=SEED
    )
    # Which function of one feature can <Z0> be at all? At most one frequency per repetition.
    series = diagnostics.fourier_degree(circuit(family), 20, seed=SEED)
    found[family] = reach, power, plateau, kernel, series
    rate = plateau.rates["uniform"]
    print(
        f"{family:<21}{reach.divergence:>7.3f} ±{reach.standard_error:.3f}{power.mean:>11.2f}"
        f"{rate.slope:>6.2f} ±{rate.error:.2f}{kernel.rate.slope:>6.2f} ±{kernel.rate.error:.2f}"
        f"{series.degree:>4} of {series.bound}"
    )
reach, power = found[FAMILIES[0]][:2]
floor = f"{reach.haar_floor:>7.3f} ±{reach.haar_floor_deviation:.3f}"
print(f"{'Haar-random states':<21}{floor}{power.haar_mean:>11.2f}")
print("(a finite sample of random states is never at distance 0 itself)")

print(f"\nat {WIDTHS[-1]} qubits{'variance of the gradient':>35}{'shots that tell kernel values apart':>38}")
for family, (_, _, plateau, kernel, _) in found.items():
    print(f"  {family:<21}{plateau.rows[-1].variance:>16.1e}{kernel.rows[-1].shots_needed:>28.0f}")

print("""
What it means: strongly entangling layers look like random states, and pay for it: the variance of their
gradient halves with every qubit, and kernel values grow alike fastest. Brick walls keep a gradient and reach
fewer states (their gates are real). Separable layers reach the same frequencies without entanglement, so no
quantum computer is needed for what they do: keep them beside every score.""")

# Every result has table() and plot(); for one picture the tables are drawn side by side.
figure = Figure(figsize=(10, 7), layout="constrained")
axes = figure.subplots(2, 2)


def above(shares: np.ndarray) -> np.ndarray:
    """Share of pairs at or above every bin of fidelity."""
    return np.cumsum(shares[::-1])[::-1]


for (family, (reach, _, plateau, kernel, series)), color in zip(found.items(), COLORS):
    fidelities = reach.table()
    axes[0, 0].semilogy(fidelities.fidelity_from, above(fidelities.circuit), color=color, label=family)
    of_gradient, of_kernel, of_series = plateau.table(), kernel.table(), series.table()
    axes[0, 1].semilogy(of_gradient.n_qubits, of_gradient.variance, "o-", color=color, base=2)
    axes[1, 0].semilogy(of_kernel.n_qubits, of_kernel.variance**0.5, "o-", color=color)
    axes[1, 1].plot(of_series.frequency, of_series["mean"], "o-", color=color)
axes[0, 0].semilogy(fidelities.fidelity_from, above(fidelities.haar), "--", color="gray", label="Haar-random")
axes[0, 0].set(xlabel="fidelity of two random states", ylabel="share of pairs above", ylim=(1 / SAMPLES, 1.5))
axes[0, 0].legend(frameon=False)
axes[0, 1].set(xlabel="qubits", ylabel="variance of the gradient of <Z0>")
axes[1, 0].set(xlabel="qubits", ylabel="spread of the kernel values")
axes[1, 1].set(xlabel="frequency", ylabel="mean magnitude of the coefficient")
for panel in (axes[0, 1], axes[1, 0], axes[1, 1]):
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
figure.savefig("ansatz_diagnosis.png", dpi=120)
print("\npicture: ansatz_diagnosis.png")
