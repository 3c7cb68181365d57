"""One hash over all that a data set consists of: two runs can tell whether they saw the same data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from .errors import DataError

__all__ = ["content_hash"]


def content_hash(*parts: Any) -> str:
    """Hash nested contents by value.

    Each part enters with its type and its length, so that ``("ab", "c")`` and ``("a", "bc")`` differ, and
    arrays with shape and number type. Mappings count in sorted order of their keys.

    Args:
        parts: text, bytes, numbers, booleans, None, arrays, tensors, and mappings or sequences of these.

    Returns:
        SHA-256 as 64 hexadecimal digits.

    Raises:
        DataError: a part is of another type.

    Example:
        >>> content_hash("a", 1)[:8], content_hash("a", 1.0)[:8]
        ('277f9fe3', '8fc285a7')
    """
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest: Any, part: Any) -> None:
    """Add one part with its type and its length."""
    if isinstance(part, torch.Tensor):
        part = part.detach().cpu().numpy()
    if isinstance(part, np.ndarray) and part.dtype != object:
        _header(digest, "array", f"{part.dtype.str} {part.shape}")
        digest.update(np.ascontiguousarray(part).tobytes())
    elif isinstance(part, str):
        encoded = part.encode("utf-8", "surrogatepass")
        _header(digest, "text", str(len(encoded)))
        digest.update(encoded)
    elif isinstance(part, bytes):
        _header(digest, "bytes", str(len(part)))
        digest.update(part)
    elif part is None or isinstance(part, bool | int | float):
        _header(digest, type(part).__name__, repr(part))
    elif isinstance(part, Mapping):
        _header(digest, "mapping", str(len(part)))
        for key in sorted(part):
            _feed(digest, key)
            _feed(digest, part[key])
    elif isinstance(part, Sequence):
        _header(digest, "sequence", str(len(part)))
        for item in part:
            _feed(digest, item)
    else:
        raise DataError(
            f"a {type(part).__name__} cannot be hashed by value; legal are text, bytes, numbers, booleans, "
            "None, arrays, tensors, mappings and sequences: convert it first"
        )


def _header(digest: Any, kind: str, size: str) -> None:
    """Type and size, closed by a byte that occurs in neither."""
    digest.update(f"{kind} {size}\0".encode())
