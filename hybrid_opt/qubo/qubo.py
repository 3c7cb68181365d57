"""The compiled QUBO: a dimod model over bits, and the way back to the user's variables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DecodingError, ModelError
from .certificate import Certificate
from .encodings import Encoding
from .integer_rows import IntegerRow
from .problem import Problem
from .row_forms import RowForm

__all__ = ["Qubo"]


@dataclass(frozen=True, eq=False)
class Qubo:
    """What ``to_qubo`` returns.

    Attributes:
        bqm: dimod BINARY model; its energy is the model's objective plus penalties. Bit i is wire i.
        problem: the model it encodes.
        encodings: one per variable of the model, in order; ``encodings[i].bits`` are its wires.
        groups: labels of bits of which exactly one is set in every feasible answer.
        weight_groups: labels of bits of which several are set in every feasible answer, and how many. No bit
            stands in two groups of either kind.
        penalties: constraint label -> weight per squared unit of the row; 0 for a row left out on request.
        certificate: why the minimum of ``bqm`` is the optimum of the model; of which rows that is not known.
        rows: the constraints in whole units, after presolve and without those left out.
        forms: their penalties.
        first_states: state of the model's variable that is state 0 here (presolve shrinks domains).
    """

    bqm: Any
    problem: Problem
    encodings: Sequence[Encoding]
    groups: Sequence[tuple[Hashable, ...]]
    weight_groups: Sequence[tuple[tuple[Hashable, ...], int]]
    penalties: Mapping[Hashable, float]
    certificate: Certificate
    rows: Sequence[IntegerRow]
    forms: Sequence[RowForm]
    first_states: NDArray[np.int64]

    @property
    def n_bits(self) -> int:
        """Number of bits, slack included."""
        return int(self.bqm.num_variables)

    @property
    def n_slack_bits(self) -> int:
        """Number of bits that only measure slack."""
        return sum(len(form.slack) for form in self.forms)

    def decode_bits(self, bits: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Turn bit strings into states of the model's variables; nothing is repaired.

        Args:
            bits: 0/1 array, shape (S, n_bits), columns in the order of ``bqm.variables``.

        Returns:
            States, shape (S, N), and whether each string stands for any assignment at all, shape (S,). Slack
            bits are ignored: feasibility is decided on the model.

        Raises:
            ModelError: the array has another number of columns, or holds something else than 0 and 1.
        """
        bits = np.asarray(bits)
        if bits.ndim != 2 or bits.shape[1] != self.n_bits:
            raise ModelError(f"the bits have shape {bits.shape}; it must be (samples, {self.n_bits})")
        if bits.size and not ((bits == 0) | (bits == 1)).all():
            raise ModelError("the bits hold something else than 0 and 1; convert spins s by (s + 1) / 2")
        states = np.zeros((len(bits), len(self.encodings)), dtype=np.int64)
        valid = np.ones(len(bits), dtype=np.bool_)
        for i, encoding in enumerate(self.encodings):
            states[:, i], own = encoding.decode(bits)
            valid &= own
        return states + self.first_states, valid

    def decode(self, sample: Mapping[Any, int]) -> dict[Hashable, int]:
        """Turn one sample of ``bqm`` into the user's variables.

        Args:
            sample: bit label -> 0 or 1.

        Returns:
            Variable label -> value, as the model defines it (a spin is -1 or +1, a level its number).

        Raises:
            DecodingError: the bits of a variable stand for no value. It is never repaired.
            ModelError: a bit is missing or neither 0 nor 1.
        """
        labels = list(self.bqm.variables)
        for label in labels:
            if label not in sample:
                raise ModelError(f"the sample has no value for bit {label!r}")
            if sample[label] not in (0, 1):
                raise ModelError(f"bit {label!r} is {sample[label]!r} in the sample; legal are 0 and 1")
        bits = np.array([[sample[label] for label in labels]], dtype=np.int64)
        states, valid = self.decode_bits(bits)
        if not valid[0]:
            for variable, encoding in zip(self.problem.variables, self.encodings):
                if not encoding.decode(bits)[1][0]:
                    shown = "".join(str(b) for b in bits[0, list(encoding.bits)])
                    raise DecodingError(
                        f"the bits {shown} of variable {variable.label!r} are no {encoding.name} string "
                        f"({'exactly one 1' if encoding.name == 'one-hot' else 'ones first'}); raise its "
                        "penalty, or drop such samples"
                    )
        return self.problem.to_sample(states[0])

    def encode_states(self, states: NDArray[Any]) -> NDArray[np.uint8]:
        """One bit string that decodes to an assignment, slack bits set as well as they can be.

        Args:
            states: states of the model's variables, shape (N,).

        Returns:
            Bits, shape (n_bits,). For an optimum its energy is the objective; for any feasible assignment
            too, unless the slack was proven to need less than its full range.

        Raises:
            ModelError: the wrong number of states, or the assignment lies outside the domains that presolve
                left, so it is not feasible.
        """
        if np.shape(states) != (len(self.encodings),):
            raise ModelError(f"the states have shape {np.shape(states)}; it must be ({len(self.encodings)},)")
        own = np.asarray(states) - self.first_states
        bits = np.zeros(self.n_bits, dtype=np.uint8)
        for variable, encoding, state in zip(self.problem.variables, self.encodings, own.tolist()):
            if not 0 <= state < encoding.size:
                raise ModelError(
                    f"variable {variable.label!r} has a value that no feasible assignment has; "
                    "the constraints were used to shrink its domain"
                )
            bits[list(encoding.bits)] = encoding.encode(state)
        for row, form in zip(self.rows, self.forms):
            left = sum(int(row.weights(i)[own[i]]) for i in row.members)
            rest = int(np.clip(row.rhs - left, 0, form.slack.sum()))
            for k in reversed(range(len(form.slack))):
                if rest >= form.slack[k]:
                    bits[form.first_slack + k], rest = 1, rest - int(form.slack[k])
        return bits

    def __repr__(self) -> str:
        return (
            f"Qubo({self.n_bits} bits for {len(self.problem.variables)} variables, {self.n_slack_bits} of "
            f"them slack; {len(self.penalties)} penalties; {self.certificate.note})"
        )
