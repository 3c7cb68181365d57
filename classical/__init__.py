"""The classical half: a distance-attention transformer for torch and Hugging Face.

The names below are loaded on first use: the attention functions and layers bring in torch, models, data and
training also transformers (extra ``transformer``).

Conventions: tensors are (B, H, T, D) (batch, heads, tokens, head width); logits are
-lambda * distance / sqrt(D); a mask is boolean and True where a key may be attended.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import errors

__all__ = [
    "errors",
]

_HOMES: dict[str, str] = {}
_MODULES = {"errors"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
