"""From a model to a QUBO: encodings, penalties with their proofs, and the way back."""

from .certificate import Certificate, PenaltyProof
from .compiler import to_qubo
from .encodings import Encoding
from .level_model import LevelModel
from .problem import Pair, Problem, Row, Variable
from .qubo import Qubo
from .reading import Model, read_model

__all__ = [
    "Certificate",
    "Encoding",
    "LevelModel",
    "Model",
    "Pair",
    "PenaltyProof",
    "Problem",
    "Qubo",
    "Row",
    "Variable",
    "read_model",
    "to_qubo",
]
