"""Nothing is left behind: verbosity, bars, random numbers, configuration."""

import random
from types import SimpleNamespace

import numpy as np
import torch
from transformers.utils import logging

from hybrid_opt.classical.quiet_libraries import kept_configuration, preserved_random_state, quiet_libraries


def test_verbosity_and_bars_come_back():
    before = logging.get_verbosity()
    logging.set_verbosity(logging.INFO)
    try:
        with quiet_libraries():
            assert logging.get_verbosity() == logging.ERROR
            assert not logging.is_progress_bar_enabled()
        assert logging.get_verbosity() == logging.INFO
        assert logging.is_progress_bar_enabled()
    finally:
        logging.set_verbosity(before)


def test_random_numbers_come_back_after_an_error():
    def draw():
        return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002

    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    expected = draw()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    try:
        with preserved_random_state():
            draw()
            raise RuntimeError("inside")
    except RuntimeError:
        pass
    assert draw() == expected


def test_the_cache_of_generation_comes_back():
    model = SimpleNamespace(config=SimpleNamespace(use_cache=True))
    with kept_configuration(model):
        model.config.use_cache = False
    assert model.config.use_cache
