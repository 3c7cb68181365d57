"""Read models from files: dimod's own formats, LP, and the text formats of public benchmark instances.

What a file is, is decided by its content: the first bytes of dimod's formats, a word such as "Minimize" for
LP, a header ``n m`` for a sparse QUBO.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import dimod
import numpy as np
from dimod.variables import deserialize_variable

from ..errors import ModelError, UnsupportedModelError
from .text_instances import (
    FilePath,
    read_bytes,
    read_maxcut_file,
    read_quadratic_knapsack,
    read_sparse_qubo,
    read_text,
    write_sparse_qubo,
)

__all__ = [
    "read_maxcut_file",
    "read_model_file",
    "read_quadratic_knapsack",
    "read_sparse_qubo",
    "write_sparse_qubo",
]

_CQM, _BQM = b"DIMODCQM", b"DIMODBQM"
_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    NotImplementedError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
_SENSE = re.compile(r"(min|max)(imi[sz]e|imum)?\b", re.IGNORECASE)
_SPECIAL = re.compile(r"(sos[12]?|special ordered sets?)\s*$", re.IGNORECASE)
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def read_model_file(path: FilePath) -> Any:
    """Read a model from a file.

    ====================  =====================================================================
    dimod CQM or BQM      what ``to_file`` of the model wrote
    LP                    sections Minimize or Maximize, Subject To, Bounds, General, Binary
    sparse QUBO           header ``n m``, then ``i j q`` from 1, symmetric, see ``read_sparse_qubo``
    ====================  =====================================================================

    A max-cut file has the same form as a sparse QUBO and would be read as one: use ``read_maxcut_file``.

    In LP a variable that stands in neither General nor Binary is real, which ``solve`` refuses. **Maximize**
    becomes Minimize with all signs of the objective turned, so objective and bound of an answer are minus
    those of the file.

    Args:
        path: the file.

    Returns:
        A ``dimod.ConstrainedQuadraticModel`` or a ``dimod.BinaryQuadraticModel``.

    Raises:
        ModelError: the file is missing, damaged, malformed or in no known format; the message names the
            file and, where there are lines, the line.
        UnsupportedModelError: an LP file with special ordered sets.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "two.lp"
        ...     _ = file.write_text("Maximize x + 2 y Subject To c: x + y <= 1 Binary x y End")
        ...     model = read_model_file(file)
        >>> float(model.objective.linear["y"])
        -2.0
    """
    data = read_bytes(path)
    if data.startswith(_CQM):
        return _read_dimod(path, lambda: _read_cqm(data))
    if data.startswith(_BQM):
        return _read_dimod(path, lambda: _read_bqm(data))
    if data.startswith(b"DIMOD"):
        kind = data[:8].decode("ascii", "replace")
        raise ModelError(f"{path} is a dimod file of kind {kind!r}; legal are 'DIMODCQM' and 'DIMODBQM'")
    text = read_text(path)
    words = _without_comments(text).split()
    if words and _SENSE.match(words[0]):
        return _read_lp(path, text)
    if len(words) > 1 and all(re.fullmatch(r"\d+", word) for word in words[:2]):
        return read_sparse_qubo(path)
    begin = " ".join(words[:3])
    raise ModelError(
        f"{path} begins with {begin!r}, which is no format known here; legal are dimod's CQM and BQM files, "
        "LP (begins with Minimize or Maximize) and sparse QUBO (begins with 'n m')"
    )


def _read_dimod(path: FilePath, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except _DAMAGE as error:
        reason = f"{type(error).__name__}: {error}"
        raise ModelError(f"{path} is a damaged dimod file, write it again with to_file ({reason})") from error


def _terms(expression: Any) -> list[tuple[Any, ...]]:
    return [*expression.linear.items(), *expression.iter_quadratic(), (expression.offset,)]


def _read_cqm(data: bytes) -> Any:
    """A CQM with its constraints in the order of the file; dimod's reader goes through a set."""
    loaded = dimod.ConstrainedQuadraticModel.from_file(io.BytesIO(data))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        matches = [re.match("constraints/([^/]+)/", name) for name in archive.namelist()]
    names = dict.fromkeys(match.group(1) for match in matches if match)
    labels = [deserialize_variable(json.loads(name)) for name in names]
    if set(labels) != set(loaded.constraints):
        raise ValueError("labels of constraints do not agree")
    model = dimod.ConstrainedQuadraticModel()
    for label in loaded.variables:
        bounds = {"lower_bound": loaded.lower_bound(label), "upper_bound": loaded.upper_bound(label)}
        model.add_variable(loaded.vartype(label), label, **bounds)
    model.set_objective(_terms(loaded.objective))
    for label in labels:
        comparison = loaded.constraints[label]
        side = comparison.lhs
        soft = {"weight": side.weight(), "penalty": side.penalty()} if side.is_soft() else {}
        model.add_constraint(_terms(side), comparison.sense.value, comparison.rhs, label=label, **soft)
        if side.is_discrete():
            model.constraints[label].lhs.mark_discrete()
    return model


def _read_bqm(data: bytes) -> Any:
    """A BQM; indices are looked at first, because dimod's reader crashes on one that is out of range."""
    (length,) = struct.unpack_from("<I", data, 10)
    header = json.loads(data[14 : 14 + length].decode("ascii"))
    n, m = header["shape"]
    bias = np.dtype(header["dtype"])
    neighbor = np.dtype([("variable", np.dtype(header["itype"])), ("bias", bias)])
    start = 14 + length + bias.itemsize + n * (np.dtype(header["ntype"]).itemsize + bias.itemsize)
    variables = np.frombuffer(data, neighbor, count=2 * m, offset=start)["variable"]
    if m and not (variables.min() >= 0 and variables.max() < n):
        raise ValueError("the index of a variable is out of range")
    return dimod.BinaryQuadraticModel.from_file(io.BytesIO(data))


def _without_comments(text: str) -> str:
    return "\n".join(line.split("\\", 1)[0] for line in text.splitlines())


def _read_lp(path: FilePath, text: str) -> Any:
    """An LP file, looked through for what dimod's reader would misread without a word."""
    for number, line in enumerate(_without_comments(text).splitlines(), start=1):
        if _SPECIAL.fullmatch(line.strip()):
            raise UnsupportedModelError(
                f"{path}, line {number}: special ordered sets are not supported; write 'at most one' as a "
                "constraint x + y <= 1"
            )
        for word in re.split(r"[\s+\-*/^:<>=\[\]]+", line):
            match = _NUMBER.match(word)
            if match and re.match(r"[\d.]", word[match.end() :]):
                raise ModelError(f"{path}, line {number}: {word!r} is no number and no name")
    try:
        model = dimod.lp.loads(text)
    except ValueError as error:
        raise ModelError(
            f"{path} is no LP file that can be read ({error}). It needs the sections Minimize or Maximize, "
            "Subject To and End; two-sided constraints must be written as two"
        ) from error
    if not len(model.variables):
        raise ModelError(f"{path} is an LP file without variables; check its sections, the last is End")
    return model
