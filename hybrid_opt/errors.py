"""Every error this package raises on purpose.

Each class is also a ``ValueError``, ``TypeError`` or ``RuntimeError``, so code that already catches those
keeps working. A message says three things: what was given, what is legal, and what to change.
"""

from __future__ import annotations

__all__ = [
    "CertificateError",
    "ClusterError",
    "ConformanceError",
    "DecodingError",
    "EncodingError",
    "HybridOptError",
    "InfeasibleModelError",
    "InfeasiblePlanError",
    "MissingDependencyError",
    "ModelError",
    "ModelTooLargeError",
    "OptionError",
    "PlanError",
    "SolverError",
    "TableError",
    "UnsupportedModelError",
]


class HybridOptError(Exception):
    """Base of all errors below; never raised itself."""


class OptionError(HybridOptError, ValueError):
    """An argument has an illegal value: unknown method, negative time limit, shots below one."""


class ModelError(HybridOptError, ValueError):
    """A model contradicts itself: unknown variable, table of the wrong length, NaN coefficient."""


class UnsupportedModelError(HybridOptError, TypeError):
    """A model holds something that is not treated exactly, e.g. real variables or soft constraints."""


class InfeasibleModelError(ModelError):
    """No assignment can satisfy the constraints; the message names the rows that clash."""


class ModelTooLargeError(HybridOptError, ValueError):
    """The chosen method cannot hold a model of this size; the message names a method that can."""


class EncodingError(HybridOptError, ValueError):
    """The requested encoding cannot represent a variable exactly; the message names those that can."""


class DecodingError(HybridOptError, ValueError):
    """A bit string stands for no value of a variable, e.g. two bits of a one-hot group are set."""


class CertificateError(HybridOptError, RuntimeError):
    """Brute force contradicted a penalty rule. This is a defect of the package; please report it."""


class SolverError(HybridOptError, RuntimeError):
    """A solver claimed something that its own or another answer contradicts, or returned no Outcome."""


class ConformanceError(HybridOptError, AssertionError):
    """A solver breaks a rule of the conformance suite; check, model and what was seen are named."""


class MissingDependencyError(HybridOptError, RuntimeError):
    """An optional part is not installed; the message names the extra that brings it."""


class TableError(HybridOptError, ValueError):
    """A table the user gave is wrong; the message names file, row and column."""


class ClusterError(HybridOptError, RuntimeError):
    """A cluster cannot be reached, does not fit this program, or has lost its workers or a task."""


class PlanError(HybridOptError, ValueError):
    """A plan cannot be made from correct tables, e.g. the bounds cannot hold the budget."""


class InfeasiblePlanError(PlanError):
    """It is proven that no plan keeps all limits; a plan that was merely not found in time is a PlanError."""
