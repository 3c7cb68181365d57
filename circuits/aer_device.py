"""The PennyLane device ``hybrid.aer``: circuits on Qiskit Aer, CPU or GPU, with gradients of its own.

A tape is taken apart into a structure and a table of angles; tapes of one structure, and the rows of a batch
of parameters, are one run of Aer. Exact gradients come from an adjoint sweep over the states of that run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray
from pennylane.devices import Device, ExecutionConfig
from pennylane.devices.modifiers import simulator_tracking, single_tape_support
from pennylane.exceptions import DeviceError
from pennylane.tape import QuantumScript

from .aer_backend import AerBackend, open_backend
from .aer_preprocessing import build_pipeline
from .device_gradients import group_jacobians, group_vjps, is_differentiable
from .device_results import exact_results, mixed_results, sampled_results, sampling_key
from .errors import CircuitError
from .tape_groups import TapeGroup, group_tapes

__all__ = ["AerDevice"]

# States of the last execution are kept for its gradient up to this many amplitudes (1 GB).
_KEPT_AMPLITUDES = 2**26


@simulator_tracking
@single_tape_support
class AerDevice(Device):  # type: ignore[misc]
    """Runs PennyLane circuits on Qiskit Aer; ``qml.device("hybrid.aer", wires=n)`` makes one.

    Without shots every result is exact, computed from the final state, and differentiated by an adjoint sweep
    (``diff_method`` "best" or "adjoint"). With shots (``qml.set_shots``) samples are drawn from Aer's exact
    probabilities, or by Aer itself where noise makes those too large. With a noise model, or PennyLane
    channels in the circuit, exact results come from the density matrix. With shots or noise gradients come
    from PennyLane's parameter shift, whose circuits run together.

    Args:
        wires: number of wires, their labels, or None for whatever wires a circuit uses.
        compute: "auto" (a GPU if Aer has one that passes a self-test, else the CPU), "cpu" or "gpu".
        precision: "double" or "single" (complex128 or complex64 inside Aer; results are double).
        threads: most CPU threads; None or 0 for all.
        noise_model: a ``qiskit_aer.noise.NoiseModel``; it acts on the gates as Aer gets them, whose names
            ``circuits.noise`` lists, and its qubit i is the device's wire i. Readout errors, and noise of
            the gates that change the basis of a measurement, act on samples, probabilities, expectations and
            variances. None for no noise.
        seed: of the samples: the same seed gives the same samples, later executions continue the stream, and
            a copy of the device repeats it. None draws a fresh one, also for every copy.
        shots: PennyLane's deprecated way to set shots, taken as PennyLane's own devices do; use
            ``qml.set_shots`` on the QNode instead.

    Attributes:
        compute: where it runs, "cpu" or "gpu".
        reason: why it runs there.
        label: name for tables, such as ``Aer statevector (CPU)``.

    Raises:
        CircuitError: an illegal argument, or a noise model without wires.
        DeviceUnavailableError: compute="gpu" and no usable GPU, or Aer cannot be loaded.
        MissingAerError: Aer is not installed.

    Example:
        >>> import pennylane as qml
        >>> device = AerDevice(wires=2, compute="cpu")
        >>> @qml.qnode(device)
        ... def bell():
        ...     qml.Hadamard(0)
        ...     qml.CNOT([0, 1])
        ...     return qml.probs()
        >>> bell().round(6).tolist()
        [0.5, 0.0, 0.0, 0.5]
    """

    name = "hybrid.aer"

    def __init__(
        self,
        wires: Any = None,
        *,
        compute: str = "auto",
        precision: str = "double",
        threads: int | None = None,
        noise_model: Any = None,
        seed: int | None = None,
        shots: Any = None,
    ) -> None:
        super().__init__(wires=wires, shots=shots)
        if noise_model is not None and self.wires is None:
            raise CircuitError(
                "a noise model counts qubits: give the device its wires (wires=...), whose wire i is qubit i"
            )
        self._backend: AerBackend = open_backend(compute, precision, threads, noise_model)
        self._settings: dict[str, Any] = {
            "compute": compute,
            "precision": precision,
            "threads": threads,
            "noise_model": noise_model,
        }
        self._kept: list[tuple[TapeGroup, NDArray[np.complex128]]] = []
        integer = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
        if seed is not None and not (integer and seed >= 0):
            raise CircuitError(f"seed is {seed!r}; it must be a non-negative integer or None")
        self._seed = seed
        self._rng = np.random.default_rng(seed)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._seed is None:  # copies in several processes must not draw the same samples
            self._rng = np.random.default_rng()

    @property
    def compute(self) -> str:
        """Where circuits run: "cpu" or "gpu"."""
        return self._backend.compute

    @property
    def reason(self) -> str:
        """Why they run there."""
        return self._backend.reason

    @property
    def label(self) -> str:
        """Name for tables, such as ``Aer statevector (CPU)``."""
        return self._backend.label

    @property
    def settings(self) -> dict[str, Any]:
        """Compute, precision, threads and noise model as they were asked for; a copy."""
        return dict(self._settings)

    @property
    def noise_model(self) -> Any:
        """The noise model, or None."""
        return self._backend.noise_model

    def with_seed(self, seed: int | None) -> AerDevice:
        """A device with the same wires and settings and its own random stream.

        Args:
            seed: non-negative integer, or None for a fresh one.

        Returns:
            A new device on the same simulator.

        Example:
            >>> AerDevice(wires=2, compute="cpu").with_seed(7).compute
            'cpu'
        """
        return AerDevice(self.wires, seed=seed, **self._settings)

    def supports_derivatives(
        self, execution_config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> bool:
        """Whether the device differentiates a circuit itself: exact results of a pure state, first order.

        Args:
            execution_config: what the caller asked for.
            circuit: the circuit, or None for "in general".

        Returns:
            False for shots, noise, second derivatives, sparse Hamiltonians and trainable coefficients of
            observables.
        """
        if execution_config is None:
            return True
        if execution_config.gradient_method not in ("adjoint", "device", "best"):
            return False
        if execution_config.derivative_order > 1 or self.noise_model is not None:
            return False
        return circuit is None or is_differentiable(circuit)

    def supports_vjp(
        self, execution_config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> bool:
        """Whether the device computes vector-Jacobian products of a circuit; as `supports_derivatives`."""
        return self.supports_derivatives(execution_config, circuit)

    def setup_execution_config(
        self, config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> ExecutionConfig:
        """Settle how a circuit is executed and differentiated; measurements inside it are deferred.

        Args:
            config: what the caller asked for.
            circuit: the circuit.

        Returns:
            The configuration with every choice of this device made.

        Raises:
            DeviceError: another way of measuring inside the circuit was asked for.
        """
        config = super().setup_execution_config(config, circuit)
        method = config.mcm_config.mcm_method
        if method not in (None, "deferred"):
            raise DeviceError(f'mcm_method is "{method}"; {self.name} supports "deferred" only')
        config = replace(config, mcm_config=replace(config.mcm_config, mcm_method="deferred"))
        if config.gradient_method in ("best", "device", "adjoint") and self.supports_derivatives(
            config, circuit
        ):
            config = replace(
                config,
                gradient_method="adjoint",
                use_device_gradient=True,
                use_device_jacobian_product=True,
                grad_on_execution=False,
            )
        return config

    def preprocess_transforms(self, execution_config: ExecutionConfig | None = None) -> Any:
        """The transforms PennyLane applies before `execute`: see ``aer_preprocessing``.

        Args:
            execution_config: not needed; the choice between exact and sampled is made per tape.

        Returns:
            A ``CompilePipeline``.
        """
        return build_pipeline(self.wires, self.name, noisy_readout=self._backend.noisy_readout)

    def execute(
        self, circuits: Sequence[QuantumScript], execution_config: ExecutionConfig | None = None
    ) -> Any:
        """Run preprocessed tapes.

        Args:
            circuits: tapes of native operations; those with shots measure frequencies or samples in the
                computational basis.
            execution_config: with the gradient method "adjoint" the states are kept for `compute_vjp`.

        Returns:
            One result per tape, in PennyLane's shapes.

        Raises:
            CircuitTooLargeError: a state does not fit into free memory.
            AerRunError: Aer failed.
        """
        keep = execution_config is not None and execution_config.gradient_method == "adjoint"
        tapes, n_qubits = self._on_standard_wires(circuits)
        results: dict[int, Any] = {}
        self._kept = []
        for group in group_tapes(
            tapes, [n for n, tape in enumerate(tapes) if not tape.shots], n_qubits=n_qubits
        ):
            if self.noise_model is not None or group.program.noisy:
                results.update(mixed_results(self._backend, group, tapes))
                continue
            kept = None
            if keep and len(group.table) << group.program.n_qubits <= _KEPT_AMPLITUDES:
                kept = self._backend.states(group.program, group.table, group.initial)
                self._kept.append((group, kept))
            results.update(exact_results(self._backend, group, tapes, kept))
        sampled = [n for n, tape in enumerate(tapes) if tape.shots]
        for group in group_tapes(tapes, sampled, key=sampling_key, n_qubits=n_qubits):
            seed = int(self._rng.integers(2**63))
            results.update(sampled_results(self._backend, group, tapes, seed))
        return tuple(results[number] for number in range(len(tapes)))

    def compute_vjp(
        self,
        circuits: Sequence[QuantumScript],
        cotangents: Any,
        execution_config: ExecutionConfig | None = None,
    ) -> Any:
        """Vector-Jacobian products of preprocessed tapes.

        Args:
            circuits: tapes without shots and noise.
            cotangents: for every tape, in the shape of its result.
            execution_config: not needed.

        Returns:
            For every tape one gradient per trainable parameter, summed over the batch unless the parameter is
            a batch itself.

        Raises:
            CircuitError: a trainable parameter that is neither an angle nor a prepared state.
        """
        tapes = [tape.map_to_standard_wires() for tape in circuits]
        products: dict[int, Any] = {}
        for group in group_tapes(tapes):
            states = self._kept_states(group)
            products.update(group_vjps(group, tapes, states, cotangents, compute=self.compute))
        return tuple(products[number] for number in range(len(tapes)))

    def execute_and_compute_vjp(
        self,
        circuits: Sequence[QuantumScript],
        cotangents: Any,
        execution_config: ExecutionConfig | None = None,
    ) -> Any:
        """Results and vector-Jacobian products from one run; arguments as for `compute_vjp`."""
        config = replace(execution_config or ExecutionConfig(), gradient_method="adjoint")
        return self.execute(circuits, config), self.compute_vjp(circuits, cotangents, config)

    def compute_derivatives(
        self, circuits: Sequence[QuantumScript], execution_config: ExecutionConfig | None = None
    ) -> Any:
        """Jacobians of preprocessed tapes, one sweep per output.

        Args:
            circuits: tapes without shots, noise and parameter broadcasting.
            execution_config: not needed.

        Returns:
            One Jacobian per tape, in PennyLane's nesting.

        Raises:
            CircuitError: a tape with parameter broadcasting.
        """
        return self.execute_and_compute_derivatives(circuits, execution_config)[1]

    def execute_and_compute_derivatives(
        self, circuits: Sequence[QuantumScript], execution_config: ExecutionConfig | None = None
    ) -> Any:
        """Results and Jacobians from one run; arguments as for `compute_derivatives`."""
        results = self.execute(
            circuits, replace(execution_config or ExecutionConfig(), gradient_method="adjoint")
        )
        tapes = [tape.map_to_standard_wires() for tape in circuits]
        jacobians: dict[int, Any] = {}
        for group in group_tapes(tapes):
            states = self._kept_states(group)
            jacobians.update(group_jacobians(group, tapes, states, results, compute=self.compute))
        return results, tuple(jacobians[number] for number in range(len(tapes)))

    def _on_standard_wires(self, circuits: Sequence[QuantumScript]) -> tuple[list[Any], int | None]:
        """Tapes on the wires 0, 1, ..., and the number of wires, None for those in use.

        Without noise only wires in use take part. A noise model names qubits, so there wire i of the device
        is wire i.
        """
        if self.noise_model is None:
            return [tape.map_to_standard_wires() for tape in circuits], None
        places = {wire: place for place, wire in enumerate(self.wires)}
        return [qml.map_wires(tape, places)[0][0] for tape in circuits], len(places)

    def _kept_states(self, group: TapeGroup) -> NDArray[np.complex128]:
        """States of the last execution if it was of this table, else of a run of its own."""
        for kept, states in self._kept:
            if kept.same_rows(group):
                return states
        return self._backend.states(group.program, group.table, group.initial)
