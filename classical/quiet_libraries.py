"""Leave the process as it was: messages and bars of transformers off, random numbers put back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from .optional_libraries import load_library

__all__ = ["kept_configuration", "preserved_random_state", "quiet_libraries"]


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """No progress bars and no messages below errors from transformers inside the block; then as before."""
    logging = load_library("transformers.utils.logging", "transformer")
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def kept_configuration(model: Any) -> Iterator[None]:
    """Put the generation cache of a configuration back: the Trainer turns it off, and it would be saved so.

    Args:
        model: a model of transformers.
    """
    before = getattr(model.config, "use_cache", None)
    try:
        yield
    finally:
        if before is not None:
            model.config.use_cache = before


@contextmanager
def preserved_random_state() -> Iterator[None]:
    """The random generators of Python, NumPy and torch are put back to where they were before the block.

    The Trainer seeds all of them; a caller's own random numbers must not depend on whether something was
    trained.

    Example:
        >>> _ = torch.manual_seed(5)
        >>> with preserved_random_state():
        ...     _ = torch.manual_seed(0)
        >>> torch.initial_seed()
        5
    """
    # The generators of other people's code are meant, which are these global ones.
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng():
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
