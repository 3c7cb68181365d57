"""Optuna's own conformance suite for samplers, on both surrogates and on solvers of either kind."""

from __future__ import annotations

from collections.abc import Callable

import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)

from hybrid_opt.solvers import Anneal
from hybrid_opt.tuning import QuboSampler, factorization_machine


@pytest.fixture(autouse=True)
def _quiet():
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(level)


class TestDefault(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: QuboSampler(seed=0)


class TestSurrogateFromTheFirstTrial(RelativeSamplerTestCase):
    """Few levels and no start of its own, so that nearly every proposal comes from the surrogate."""

    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: QuboSampler(n_startup_trials=0, levels=2, seed=0)


class TestFactorization(RelativeSamplerTestCase):
    @pytest.fixture(autouse=True)
    def _short_training(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(factorization_machine, "STEPS", 20)

    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: QuboSampler(
            surrogate="factorization", solver=Anneal(reads=2, sweeps=10), n_startup_trials=0, levels=2, seed=0
        )
