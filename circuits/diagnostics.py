"""What a circuit can do before anything is trained: one name per question.

======================  =============================================================================
`expressibility`        how close random weights come to random states (Haar)
`entangling_power`      how entangled the states of random weights are (Meyer-Wallach)
`meyer_wallach`         that measure for given states
`gradient_variance`     whether gradients vanish as circuits grow wider
`kernel_concentration`  whether a kernel's entries become indistinguishable as circuits grow wider
`fourier_coefficients`  the function of one feature as a Fourier sum
`fourier_degree`        its largest frequency over random weights
======================  =============================================================================
"""

from __future__ import annotations

from .entanglement import entangling_power, meyer_wallach
from .expressibility import expressibility
from .fourier import fourier_coefficients, fourier_degree
from .gradient_variance import gradient_variance
from .kernel_concentration import kernel_concentration

__all__ = [
    "entangling_power",
    "expressibility",
    "fourier_coefficients",
    "fourier_degree",
    "gradient_variance",
    "kernel_concentration",
    "meyer_wallach",
]
