"""Calls from one compiled loop to another through its address.

numba copies every function that a compiled one calls into it and optimizes it there again. A loop that
several others use is compiled once instead, as a C function of pointers and numbers, and they get its
address.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .kernel_compilation import compile_or_forgo_cache, name_with_fingerprint

__all__ = ["CalledLoop", "call_loop"]

_KINDS = {"i": types.int64, "f": types.float64}


class CalledLoop:
    """A loop that others call through its address.

    Args:
        function: returns nothing.
        kinds: one letter for each argument: "a" for an array's pointer, "i" for an integer, "f" for a float.
        depends_on: modules whose intrinsics or loops the function uses, as for `compiled_loop`.
    """

    def __init__(self, function: Callable[..., None], kinds: str, *depends_on: ModuleType) -> None:
        name_with_fingerprint(function, depends_on)
        self._function = function
        self._kinds = kinds
        self._compiled: dict[np.dtype[Any], Any] = {}

    def address(self, dtype: Any) -> int:
        """Where the loop for arrays of a type stands in memory; compiles it when first asked.

        Args:
            dtype: numpy's float32 or float64.

        Returns:
            The address, for `call_loop`.
        """
        dtype = np.dtype(dtype)
        if dtype not in self._compiled:
            pointer = types.CPointer(numba.from_dtype(dtype))
            signature = types.void(*(_KINDS.get(kind, pointer) for kind in self._kinds))
            self._compiled[dtype] = compile_or_forgo_cache(
                lambda cache: numba.cfunc(signature, cache=cache)(self._function)
            )
        return int(self._compiled[dtype].address)


def _call_loop(typing_context: Any, address: Any, arguments: Any) -> Any:
    """Call the loop at an address with a tuple of the arrays, integers and floats it was made for."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        operands = []
        for kind, value in zip(arguments, cgutils.unpack_tuple(builder, values[1], len(arguments))):
            if isinstance(kind, types.Array):
                operands.append(context.make_array(kind)(context, builder, value).data)
            else:
                target = types.int64 if isinstance(kind, types.Integer) else types.float64
                operands.append(context.cast(builder, value, kind, target))
        pointer = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands]).as_pointer()
        builder.call(builder.inttoptr(values[0], pointer), operands)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), generate


call_loop = intrinsic(_call_loop)
