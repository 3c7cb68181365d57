"""Text formats of public benchmark instances: sparse QUBO, max-cut, quadratic knapsack.

Numbers of variables, nodes and items are those of the file, from 1.
"""

from __future__ import annotations

import os
from math import isfinite
from pathlib import Path
from typing import Any

import dimod
import networkx
import numpy as np

from ..errors import ModelError

__all__ = ["read_maxcut_file", "read_quadratic_knapsack", "read_sparse_qubo", "write_sparse_qubo"]

FilePath = str | os.PathLike[str]
Line = tuple[int, list[str]]


def read_bytes(path: FilePath) -> bytes:
    """Content of a file; a ``ModelError`` names it if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error


def read_text(path: FilePath) -> str:
    """Content of a text file in UTF-8; a ``ModelError`` names it if it is none."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError(
            f"{path} is no text file in UTF-8 (byte {error.start}); save it as UTF-8"
        ) from error


def _lines(path: FilePath) -> list[Line]:
    """Number and words of every line that is not blank."""
    numbered = enumerate(read_text(path).splitlines(), start=1)
    return [(number, line.split()) for number, line in numbered if line.strip()]


def _whole(path: FilePath, number: int, word: str, what: str, least: int, most: int | None = None) -> int:
    try:
        value = int(word)
    except ValueError:
        raise ModelError(f"{path}, line {number}: {what} is {word!r}; it must be a whole number") from None
    if value < least or (most is not None and value > most):
        limit = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ModelError(f"{path}, line {number}: {what} is {value}; it must be {limit}")
    return value


def _number(path: FilePath, number: int, word: str, what: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ModelError(f"{path}, line {number}: {what} is {word!r}; it must be a finite number")
    return value


MOST_VARIABLES = 10**6  # in a text file; beyond it a damaged header is far likelier than a model


def _entries(path: FilePath, value_name: str) -> tuple[int, list[tuple[int, int, int, float]]]:
    """Size and entries (line number, i, j, value) of a file with header ``n m`` and lines ``i j value``."""
    lines = _lines(path)
    if not lines:
        raise ModelError(f"{path} is empty; its first line must be 'n m': size and number of entries")
    first, header = lines[0]
    if len(header) != 2:
        raise ModelError(f"{path}, line {first}: the header is {' '.join(header)!r}; it must be 'n m'")
    n = _whole(path, first, header[0], "the size n", 0)
    m = _whole(path, first, header[1], "the number of entries m", 0)
    if n > MOST_VARIABLES:
        raise ModelError(
            f"{path}, line {first}: the size n is {n:,}; at most {MOST_VARIABLES:,} variables are read. "
            "Is the header right?"
        )
    entries: list[tuple[int, int, int, float]] = []
    seen: dict[tuple[int, int], int] = {}
    for number, words in lines[1:]:
        if len(words) != 3:
            raise ModelError(
                f"{path}, line {number}: {len(words)} words; every line after the header must be "
                f"'i j {value_name}'"
            )
        i = _whole(path, number, words[0], "index i", 1, n)
        j = _whole(path, number, words[1], "index j", 1, n)
        value = _number(path, number, words[2], f"the value {value_name}")
        earlier = seen.setdefault((min(i, j), max(i, j)), number)
        if earlier != number:
            raise ModelError(
                f"{path}, line {number}: entry {i} {j} is there already in line {earlier}; the matrix is "
                "symmetric, so each pair may be given once"
            )
        entries.append((number, i, j, value))
    if len(entries) != m:
        raise ModelError(f"{path}: the header in line {first} says {m} entries, the file has {len(entries)}")
    return n, entries


def read_sparse_qubo(path: FilePath) -> Any:
    """Read a QUBO in the sparse text format.

    The header is ``n m``; then m lines ``i j q``, numbered from 1. The matrix is symmetric with each pair
    given once, so the energy is ``sum q_ii x_i + sum 2 q_ij x_i x_j``, minimized.

    Args:
        path: the file.

    Returns:
        A binary ``dimod.BinaryQuadraticModel`` with variables 1..n.

    Raises:
        ModelError: the file is missing or malformed; the message names file and line.
    """
    n, entries = _entries(path, "q")
    model = dimod.BinaryQuadraticModel(dict.fromkeys(range(1, n + 1), 0.0), {}, 0.0, "BINARY")
    for _, i, j, q in entries:
        if i == j:
            model.add_linear(i, q)
        else:
            model.add_quadratic(i, j, 2.0 * q)
    return model


def _digits(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))


def write_sparse_qubo(bqm: Any, path: FilePath) -> None:
    """Write a QUBO in the sparse text format, see ``read_sparse_qubo``.

    Args:
        bqm: a binary ``dimod.BinaryQuadraticModel`` without offset. The format has no names: variable k of
            the model's order becomes number k + 1.
        path: the file; it is replaced if it exists, and left as it was if anything goes wrong.

    Raises:
        ModelError: the model has spins, an offset or a coefficient that is not finite, or the file cannot
            be written.
    """
    if not isinstance(bqm, dimod.BinaryQuadraticModel) or bqm.vartype is not dimod.BINARY:
        raise ModelError(
            "the sparse QUBO format holds a dimod.BinaryQuadraticModel with 0/1 variables; "
            "convert spins with bqm.change_vartype('BINARY', inplace=False)"
        )
    if bqm.offset != 0:
        raise ModelError(
            f"the model has the offset {bqm.offset}, for which the format has no place; set bqm.offset = 0 "
            "and add it to the energies afterwards"
        )
    position = {label: k for k, label in enumerate(bqm.variables, start=1)}
    entries = {(k, k): float(bqm.linear[label]) for label, k in position.items()}
    for u, v, bias in bqm.iter_quadratic():
        i, j = sorted((position[u], position[v]))
        entries[i, j] = float(bias) / 2.0
    if not np.isfinite(list(entries.values())).all():
        raise ModelError("a coefficient of the model is NaN or infinite; every one must be a finite number")
    kept = sorted((pair, value) for pair, value in entries.items() if value)
    lines = [f"{len(position)} {len(kept)}", *(f"{i} {j} {_digits(value)}" for (i, j), value in kept)]
    target = Path(path)
    part = target.with_name(target.name + ".part")
    try:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ModelError(f"{path} cannot be written: {error.strerror or error}") from error


def read_maxcut_file(path: FilePath) -> Any:
    """Read a weighted graph in the max-cut text format: header ``n m``, then m lines ``i j w``.

    Args:
        path: the file.

    Returns:
        An undirected ``networkx.Graph`` with nodes 1..n and edge attribute ``weight``, as ``graphs.maxcut``
        takes it.

    Raises:
        ModelError: the file is missing or malformed, or an edge joins a node to itself; the message names
            file and line.
    """
    n, entries = _entries(path, "w")
    graph: Any = networkx.Graph()
    graph.add_nodes_from(range(1, n + 1))
    for number, i, j, weight in entries:
        if i == j:
            raise ModelError(f"{path}, line {number}: the edge joins node {i} to itself")
        graph.add_edge(i, j, weight=weight)
    return graph


def read_quadratic_knapsack(path: FilePath) -> Any:
    """Read a quadratic knapsack in the format of Billionnet and Soutif (2004, EJOR 157:565).

    A name, the number of items n, n profits, the upper triangle of the pair profits in n - 1 lines, 0 for
    "at most" or 1 for "exactly", the capacity, n weights; what follows is comment.

    Args:
        path: the file.

    Returns:
        A ``dimod.ConstrainedQuadraticModel`` with binary variables 1..n and the constraint ``"capacity"``.
        Its objective is **minus** the profit, since models are minimized.

    Raises:
        ModelError: the file is missing or malformed; the message names file and line.
    """
    lines = _lines(path)

    def take(k: int, count: int, what: str) -> tuple[int, list[str]]:
        if k >= len(lines):
            raise ModelError(f"{path} ends before {what}")
        number, words = lines[k]
        if len(words) != count:
            raise ModelError(f"{path}, line {number}: {what} must be {count} numbers, there are {len(words)}")
        return number, words

    number, words = take(1, 1, "the number of items")
    n = _whole(path, number, words[0], "the number of items", 1)
    model = dimod.ConstrainedQuadraticModel()
    objective = dimod.QuadraticModel()
    number, words = take(2, n, "the profits")
    for i, word in enumerate(words, start=1):
        model.add_variable("BINARY", i)
        objective.add_variable("BINARY", i)
        objective.add_linear(i, -_number(path, number, word, f"the profit of item {i}"))
    for i in range(1, n):
        number, words = take(2 + i, n - i, f"the pair profits of item {i}")
        for j, word in enumerate(words, start=i + 1):
            profit = _number(path, number, word, f"the profit of items {i} and {j}")
            if profit:
                objective.add_quadratic(i, j, -profit)
    model.set_objective(objective)
    number, words = take(n + 2, 1, "the type of the constraint")
    sense = ("<=", "==")[_whole(path, number, words[0], "the type of the constraint", 0, 1)]
    number, words = take(n + 3, 1, "the capacity")
    capacity = _number(path, number, words[0], "the capacity")
    number, words = take(n + 4, n, "the weights")
    weights = [
        (i, _number(path, number, word, f"the weight of item {i}")) for i, word in enumerate(words, start=1)
    ]
    model.add_constraint(weights, sense, capacity, label="capacity")
    return model
