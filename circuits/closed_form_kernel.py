"""The compiled loops under `closed_form`: products of cosines over the neighbors of every pair.

Cosines and sines of single angles are computed once per neighbor; those of sums and differences follow from
them by the addition theorems, so that the inner loop only multiplies.

Shapes: N qubits, K pairs, neighbor lists in compressed rows of 2 K entries.
"""

from __future__ import annotations

from typing import Any

from .compiled import compile_kernel

__all__ = ["field_terms", "pair_terms"]


def _field_terms(fields, field_waves, starts, weights, waves, result):  # type: ignore[no-untyped-def]
    """<Z_i> / sin(2 beta) into result[0, i], its derivative by gamma into result[1, i].

    Each table of waves, shape (2, entries), holds cos(2 gamma w) and sin(2 gamma w) of the numbers w
    beside it.
    """
    for i in range(len(fields)):
        product = field_waves[1, i]
        slope = 2 * fields[i] * field_waves[0, i]
        for k in range(starts[i], starts[i + 1]):
            slope = slope * waves[0, k] - product * 2 * weights[k] * waves[1, k]
            product *= waves[0, k]
        result[0, i] = product
        result[1, i] = slope


def _pair_terms(  # type: ignore[no-untyped-def]
    fields,
    field_waves,
    starts,
    neighbors,
    weights,
    waves,
    pairs,
    couplings,
    coupling_waves,
    first,
    last,
    result,
):
    """Pairs first..last: rows of the result are <Z Y> + <Y Z>, its derivative by gamma, the same of <Y Y>.

    Both sorted neighbor lists are walked side by side, so that common neighbors meet. A product and its
    derivative are carried together: nothing is divided by a cosine that may be 0.
    """
    n = len(fields)
    for k in range(first, last):
        i = pairs[k, 0]
        j = pairs[k, 1]
        h = fields[i]
        g = fields[j]
        # Products over the other neighbors: of i alone, of j alone, of sums and of differences of weights.
        own = field_waves[0, i]
        own_slope = -2 * h * field_waves[1, i]
        other = field_waves[0, j]
        other_slope = -2 * g * field_waves[1, j]
        cosines = field_waves[0, i] * field_waves[0, j]
        sines = field_waves[1, i] * field_waves[1, j]
        mixed = field_waves[1, i] * field_waves[0, j]
        turned = field_waves[0, i] * field_waves[1, j]
        plus = cosines - sines
        plus_slope = -2 * (h + g) * (mixed + turned)
        minus = cosines + sines
        minus_slope = -2 * (h - g) * (mixed - turned)
        a = starts[i]
        b = starts[j]
        while a < starts[i + 1] or b < starts[j + 1]:
            left = neighbors[a] if a < starts[i + 1] else n
            right = neighbors[b] if b < starts[j + 1] else n
            here = left <= right
            there = right <= left
            if here and there:
                cosine = waves[0, a]
                sine = waves[1, a]
                cosine_there = waves[0, b]
                sine_there = waves[1, b]
                own_slope = own_slope * cosine - own * 2 * weights[a] * sine
                own *= cosine
                other_slope = other_slope * cosine_there - other * 2 * weights[b] * sine_there
                other *= cosine_there
                cosines = cosine * cosine_there
                sines = sine * sine_there
                mixed = sine * cosine_there
                turned = cosine * sine_there
                total = 2 * (weights[a] + weights[b])
                plus_slope = plus_slope * (cosines - sines) - plus * total * (mixed + turned)
                plus *= cosines - sines
                total = 2 * (weights[a] - weights[b])
                minus_slope = minus_slope * (cosines + sines) - minus * total * (mixed - turned)
                minus *= cosines + sines
            elif here:
                if left != j:
                    cosine = waves[0, a]
                    change = 2 * weights[a] * waves[1, a]
                    own_slope = own_slope * cosine - own * change
                    own *= cosine
                    plus_slope = plus_slope * cosine - plus * change
                    plus *= cosine
                    minus_slope = minus_slope * cosine - minus * change
                    minus *= cosine
            elif right != i:
                cosine = waves[0, b]
                change = 2 * weights[b] * waves[1, b]
                other_slope = other_slope * cosine - other * change
                other *= cosine
                plus_slope = plus_slope * cosine - plus * change
                plus *= cosine
                minus_slope = minus_slope * cosine - minus * change
                minus *= cosine
            a += here
            b += there
        sine = coupling_waves[1, k]
        sine_slope = 2 * couplings[k] * coupling_waves[0, k]
        result[0, k] = sine * (own + other)
        result[1, k] = sine_slope * (own + other) + sine * (own_slope + other_slope)
        result[2, k] = (minus - plus) / 2
        result[3, k] = (minus_slope - plus_slope) / 2


field_terms: Any = compile_kernel(_field_terms)
pair_terms: Any = compile_kernel(_pair_terms)
