"""Small blocks of numbers in vector registers, for use inside compiled loops.

Shapes: L lanes per vector (16 singles or 8 doubles: 64 bytes), V vectors per block.

A loop that a compiler vectorises by itself keeps its running sums in memory, because it cannot prove that
arrays do not overlap. A `Block` is a value of V vectors instead: LLVM keeps it in registers (one of AVX-512,
two of AVX2, four of SSE or NEON per vector) and every operation acts on all V x L numbers at once. Offsets
are not checked.

Everything here exists inside compiled loops only.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

__all__ = [
    "Block",
    "LaneBuilder",
    "block_function",
    "joined",
    "lane_count",
    "parts_of",
    "splat",
    "vector_type",
]

_BYTES = 64
_INT32 = ir.IntType(32)
# A product and the sum that takes it up may be rounded once; nothing else is allowed to change.
_FLAGS = ("contract",)


class Block(types.Type):  # type: ignore[misc]
    """The numba type of V vectors of L numbers.

    Args:
        scalar: numba's float32 or float64.
        count: number of vectors, V.
    """

    def __init__(self, scalar: Any, count: int) -> None:
        self.scalar = scalar
        self.count = count
        super().__init__(name=f"Block({scalar}, {count})")


def lane_count(scalar: Any) -> int:
    """Numbers of a numba type in one vector, L."""
    return _BYTES * 8 // int(scalar.bitwidth)


def vector_type(scalar: Any) -> Any:
    """LLVM's type of one vector of a numba type."""
    entry = ir.FloatType() if scalar == types.float32 else ir.DoubleType()
    return ir.VectorType(entry, lane_count(scalar))


@register_model(Block)
class _BlockModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, block: Block) -> None:
        super().__init__(manager, block, ir.ArrayType(vector_type(block.scalar), block.count))


class LaneBuilder:
    """Writes LLVM instructions on vectors of one floating type; floats and integers of the same bits.

    Args:
        builder: llvmlite's builder.
        scalar: numba's float32 or float64.
    """

    def __init__(self, builder: Any, scalar: Any) -> None:
        self.builder = builder
        self.lanes = lane_count(scalar)
        self.floats = vector_type(scalar)
        self.bits = 32 if scalar == types.float32 else 64
        self.mantissa_bits = 23 if self.bits == 32 else 52
        self.integers = ir.VectorType(ir.IntType(self.bits), self.lanes)

    def number(self, value: float) -> Any:
        """The same number in all lanes."""
        return ir.Constant(self.floats, [value] * self.lanes)

    def integer(self, value: int) -> Any:
        """The same integer in all lanes."""
        return ir.Constant(self.integers, [value] * self.lanes)

    def as_integers(self, value: Any) -> Any:
        """The bits of floats."""
        return self.builder.bitcast(value, self.integers)

    def as_floats(self, value: Any) -> Any:
        """Floats of given bits."""
        return self.builder.bitcast(value, self.floats)

    def add(self, left: Any, right: Any) -> Any:
        """Sum."""
        return self.builder.fadd(left, right, flags=_FLAGS)

    def subtract(self, left: Any, right: Any) -> Any:
        """Difference."""
        return self.builder.fsub(left, right, flags=_FLAGS)

    def multiply(self, left: Any, right: Any) -> Any:
        """Product."""
        return self.builder.fmul(left, right, flags=_FLAGS)

    def divide(self, left: Any, right: Any) -> Any:
        """Quotient."""
        return self.builder.fdiv(left, right)

    def polynomial(self, variable: Any, coefficients: list[float]) -> Any:
        """Sum of coefficients times powers of the variable, from the constant on, by Horner's rule."""
        total = self.number(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = self.add(self.multiply(total, variable), self.number(coefficient))
        return total

    def magnitude(self, value: Any) -> Any:
        """Absolute value."""
        return self.as_floats(
            self.builder.and_(self.as_integers(value), self.integer(2 ** (self.bits - 1) - 1))
        )

    def sign_bit(self, value: Any) -> Any:
        """The sign as an integer, all other bits 0."""
        return self.builder.and_(self.as_integers(value), self.integer(-(2 ** (self.bits - 1))))

    def mask(self, condition: Any) -> Any:
        """All bits 1 where a condition holds, all 0 elsewhere."""
        return self.builder.sext(condition, self.integers)

    def square_root(self, value: Any) -> Any:
        """Square root."""
        name = f"llvm.sqrt.v{self.lanes}f{self.bits}"
        known = self.builder.module.globals.get(name)
        function = known or ir.Function(
            self.builder.module, ir.FunctionType(self.floats, [self.floats]), name
        )
        return self.builder.call(function, [value])


def parts_of(builder: Any, value: Any) -> list[Any]:
    """The vectors of a block."""
    return [builder.extract_value(value, number) for number in range(value.type.count)]


def joined(builder: Any, parts: list[Any]) -> Any:
    """The block of some vectors."""
    block = ir.Constant(ir.ArrayType(parts[0].type, len(parts)), ir.Undefined)
    for number, part in enumerate(parts):
        block = builder.insert_value(block, part, number)
    return block


def splat(builder: Any, number: Any, vector_type: Any) -> Any:
    """A number in all lanes of a vector."""
    nothing = ir.Constant(vector_type, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(_INT32, 0))
    everywhere = ir.Constant(ir.VectorType(_INT32, vector_type.count), [0] * vector_type.count)
    return builder.shuffle_vector(first, nothing, everywhere)


def block_function(rule: Callable[..., Any]) -> Any:
    """Make a rule for single vectors a function of blocks, and of numbers beside them.

    Args:
        rule: (lane builder, vector, ...) -> vector.

    Returns:
        An intrinsic of as many arguments: the first is a block, others are blocks of as many vectors, or of
        one vector, which then goes with each, or numbers, which go to every lane.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        block = signature.return_type
        lane_builder = LaneBuilder(builder, block.scalar)
        operands = []
        for argument, kind in zip(arguments, signature.args):
            if isinstance(kind, Block):
                parts = parts_of(builder, argument)
                operands.append(parts if kind.count == block.count else parts * block.count)
            else:
                number = context.cast(builder, argument, kind, block.scalar)
                operands.append([splat(builder, number, lane_builder.floats)] * block.count)
        return joined(builder, [rule(lane_builder, *vectors) for vectors in zip(*operands)])

    def typed_1(typing_context: Any, a: Any) -> Any:
        return a(a), generate

    def typed_2(typing_context: Any, a: Any, b: Any) -> Any:
        return a(a, b), generate

    def typed_3(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
        return a(a, b, c), generate

    def typed_4(typing_context: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
        return a(a, b, c, d), generate

    # numba reads the number of arguments off the function.
    return intrinsic((typed_1, typed_2, typed_3, typed_4)[rule.__code__.co_argcount - 2])


def _define_operator(symbol: Any, method: str) -> None:
    """Give Python's operator its meaning for two blocks."""

    @infer_global(symbol)
    class _Typed(AbstractTemplate):  # type: ignore[misc]
        def generic(self, arguments: Any, keywords: Any) -> Any:
            if len(arguments) == 2 and isinstance(arguments[0], Block) and arguments[0] == arguments[1]:
                return signature(arguments[0], *arguments)
            return None

    @lower_builtin(symbol, Block, Block)  # type: ignore[untyped-decorator]
    def _generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        act = getattr(LaneBuilder(builder, signature.return_type.scalar), method)
        pairs = zip(parts_of(builder, arguments[0]), parts_of(builder, arguments[1]))
        return joined(builder, [act(left, right) for left, right in pairs])


_define_operator(operator.add, "add")
_define_operator(operator.sub, "subtract")
_define_operator(operator.mul, "multiply")
