"""What tests of several rooms look at: one trained folder and one tiny run of the hybrid demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TINY = {
    "layers": 2, "heads": 2, "hidden": 8, "steps": 4, "images": 100, "calibration": 24, "evaluations": 8,
    "levels": 3, "trials": 8,
}  # fmt: skip
"""Sizes of a hybrid demo that takes half a second."""


@pytest.fixture(scope="session")
def trained_wine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained folder: 2 layers of 4 heads on the wine table; not to be changed."""
    pytest.importorskip("transformers")
    from hybrid_opt.classical.training_run import TrainingRun

    folder = tmp_path_factory.mktemp("wine") / "run"
    TrainingRun({"source": "wine"}).changed(
        model={"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2, "metric": "l2"},
        training={"batch_size": 16, "max_steps": 30, "learning_rate": 0.01},
        folder=folder,
    ).execute()
    return folder


@pytest.fixture(scope="session")
def tiny_demo() -> Any:
    """The result of a tiny hybrid demo with seed 1."""
    pytest.importorskip("optuna")
    from hybrid_opt.tuning.hybrid_demo import run_hybrid_demo

    return run_hybrid_demo(seed=1, **TINY)


@pytest.fixture(scope="session")
def tiny_sizes() -> dict[str, int]:
    """Sizes of `tiny_demo`."""
    return dict(TINY)
