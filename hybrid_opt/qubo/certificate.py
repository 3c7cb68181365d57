"""What is known about a QUBO: the rule behind each penalty weight, why it applies, what was confirmed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import isinf
from typing import Any

__all__ = ["LEFT_OUT", "Certificate", "PenaltyProof"]

LEFT_OUT = "left out"
"""What stands in place of a rule for a row that was given the weight 0."""


@dataclass(frozen=True)
class PenaltyProof:
    """Where one penalty weight comes from.

    Attributes:
        rule: name of the rule, see ``hybrid_opt.qubo.penalty_rules``; "left out" for a row without penalty.
        bound: the weight must be strictly larger than this (objective units per squared row unit); infinite
            for a row left out, for which no weight was looked for.
        weight: the weight that was used.
        preconditions: what was checked before the rule was applied.
        form: how the row became quadratic, and with how many slack bits.
    """

    rule: str
    bound: float
    weight: float
    preconditions: tuple[str, ...] = ()
    form: str = ""


@dataclass(frozen=True)
class Certificate:
    """Why the minimum of a QUBO is the optimum of its model.

    Attributes:
        constraints: constraint label -> proof of its weight; rows that cannot bind are in ``dropped``.
        validity: variable label -> proof of the weight on bit strings that stand for no value.
        dropped: constraint label -> why it needs no penalty.
        proven: True if every weight comes from a rule whose preconditions were checked. Never with a row
            left out: the other weights then certify the model without that row.
        confirmed: up to 20 bits, whether enumeration found that every minimizer of the QUBO decodes to an
            optimum of the model and the energies agree; None where that was not looked at.
        note: a sentence on ``confirmed``.
    """

    constraints: Mapping[Hashable, PenaltyProof]
    validity: Mapping[Hashable, PenaltyProof]
    dropped: Mapping[Hashable, str]
    proven: bool
    confirmed: bool | None
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values, labels as strings; the bound of a row left out is None."""

        def plain(proofs: Mapping[Hashable, PenaltyProof]) -> dict[str, Any]:
            names = [str(label) for label in proofs]
            keys = names if len(set(names)) == len(names) else [repr(label) for label in proofs]
            return {
                key: {
                    "rule": proof.rule,
                    "bound": None if isinf(proof.bound) else proof.bound,
                    "weight": proof.weight,
                    "preconditions": list(proof.preconditions),
                    "form": proof.form,
                }
                for key, proof in zip(keys, proofs.values())
            }

        return {
            "constraints": plain(self.constraints),
            "validity": plain(self.validity),
            "dropped": {str(label): reason for label, reason in self.dropped.items()},
            "proven": self.proven,
            "confirmed": self.confirmed,
            "note": self.note,
        }

    def __str__(self) -> str:
        lines = []
        for title, proofs in (("constraint", self.constraints), ("bits of", self.validity)):
            for label, proof in proofs.items():
                if proof.rule == LEFT_OUT:
                    lines.append(f"{title} {label!r} left out: {proof.form}; not certified")
                    continue
                sign = ">" if proof.weight > proof.bound else "<="
                comparison = f"{proof.weight:g} {sign} {proof.bound:g}"
                lines.append(f"{title} {label!r}: {comparison} by rule '{proof.rule}'")
                lines += [f"    {condition}" for condition in proof.preconditions]
        lines += [f"constraint {label!r} dropped: {reason}" for label, reason in self.dropped.items()]
        return "\n".join([*lines, self.note])
