"""Training of a model on all samples of a table: Adam on mini-batches, or L-BFGS on the whole."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from ..layers.circuit_layer import plain_torch
from ..progress import Progress, silent

__all__ = ["Samples", "Schedule", "TrainingCourse", "train"]

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From outputs (B, K) and targets to the loss of every sample, (B,)."""


@dataclass(frozen=True)
class Samples:
    """Samples with targets and weights, as tensors with the same first axis.

    Args:
        inputs: shape (n, n_features).
        targets: n of them.
        weights: shape (n,), with mean 1.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def part(self, rows: NDArray[np.intp]) -> Samples:
        """Some of the samples.

        Args:
            rows: their numbers.

        Returns:
            The samples in this order; weights are left as they are.
        """
        index = torch.from_numpy(rows)
        return Samples(self.inputs[index], self.targets[index], self.weights[index])


@dataclass(frozen=True)
class Schedule:
    """How to train.

    Args:
        solver: "adam" or "lbfgs".
        learning_rate: of Adam.
        max_iter: most epochs of Adam, most iterations of L-BFGS.
        batch_size: of Adam; the whole set where it is not larger.
        alpha: half of it times the squared read-out weights is added to the loss.
        tol: an improvement below it does not count.
        n_iter_no_change: training ends after so many epochs without one.
        seed: of the mini-batches.
    """

    solver: str
    learning_rate: float
    max_iter: int
    batch_size: int
    alpha: float
    tol: float
    n_iter_no_change: int
    seed: int


@dataclass
class TrainingCourse:
    """What happened.

    Args:
        losses: loss after every epoch or iteration; with mini-batches the mean over these, taken on the way.
        validation_losses: loss on the validation samples, where there are any.
        converged: whether training ended before ``max_iter``.
    """

    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    converged: bool = False


def train(
    model: torch.nn.Module,
    penalized: torch.Tensor,
    loss: Loss,
    samples: Samples,
    schedule: Schedule,
    *,
    validation: Samples | None = None,
    progress: Progress = silent,
) -> TrainingCourse:
    """Train a model in place.

    Args:
        model: from inputs to outputs.
        penalized: weights that ``alpha`` shrinks.
        loss: of every sample.
        samples: to train on.
        schedule: how.
        validation: with these, Adam ends when their loss no longer falls, and the best weights are kept.
        progress: called after every epoch or iteration.

    Returns:
        The course of the training.
    """

    def objective(part: Samples) -> torch.Tensor:
        value = (loss(model(part.inputs), part.targets) * part.weights).mean()
        return value + schedule.alpha / 2 * (penalized**2).sum() if schedule.alpha else value

    model.train()
    run = _adam if schedule.solver == "adam" else _lbfgs
    # A fit inside torch.no_grad(), inference_mode() or another default device is a fit all the same.
    with plain_torch():
        course = run(model, objective, samples, schedule, validation, progress)
    model.eval()
    return course


def _adam(
    model: torch.nn.Module,
    objective: Callable[[Samples], torch.Tensor],
    samples: Samples,
    schedule: Schedule,
    validation: Samples | None,
    progress: Progress,
) -> TrainingCourse:
    optimizer = torch.optim.Adam(model.parameters(), lr=schedule.learning_rate)
    rng = np.random.default_rng(schedule.seed)
    course = TrainingCourse()
    best, stale, kept = np.inf, 0, None
    size = min(schedule.batch_size, len(samples))
    for epoch in range(schedule.max_iter):
        # The whole set needs no order; leaving it alone keeps sums reproducible.
        order = np.arange(len(samples)) if size == len(samples) else rng.permutation(len(samples))
        total = 0.0
        for start in range(0, len(samples), size):
            batch = samples.part(order[start : start + size])
            optimizer.zero_grad()
            value = objective(batch)
            value.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += value.item() * len(batch)
        course.losses.append(total / len(samples))
        watched = course.losses[-1]
        if validation is not None:
            model.eval()
            with torch.no_grad():
                watched = objective(validation).item()
            model.train()
            course.validation_losses.append(watched)
            if watched < min(course.validation_losses[:-1], default=np.inf):
                kept = deepcopy(model.state_dict())
        progress((epoch + 1) / schedule.max_iter, f"epoch {epoch + 1}, loss {watched:.4g}")
        stale = 0 if watched < best - schedule.tol else stale + 1
        best = min(best, watched)
        if stale >= schedule.n_iter_no_change:
            course.converged = True
            break
    if kept is not None:
        model.load_state_dict(kept)
    return course


def _lbfgs(
    model: torch.nn.Module,
    objective: Callable[[Samples], torch.Tensor],
    samples: Samples,
    schedule: Schedule,
    validation: Samples | None,
    progress: Progress,
) -> TrainingCourse:
    course = TrainingCourse()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def put(vector: NDArray[np.float64]) -> None:
        with torch.no_grad():
            torch.nn.utils.vector_to_parameters(torch.from_numpy(vector.copy()), parameters)

    def evaluate(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        put(vector)
        value = objective(samples)
        gradients = torch.autograd.grad(value, parameters)
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients]).to(torch.float64)
        return value.item(), flat.numpy()

    def after(intermediate_result: Any) -> None:
        course.losses.append(float(intermediate_result.fun))
        number = len(course.losses)
        progress(number / schedule.max_iter, f"iteration {number}, loss {course.losses[-1]:.4g}")

    start = torch.nn.utils.parameters_to_vector(parameters).detach().to(torch.float64).numpy()
    options: Any = {"maxiter": schedule.max_iter, "maxfun": 10 * schedule.max_iter, "gtol": schedule.tol}
    result = minimize(evaluate, start, jac=True, method="L-BFGS-B", callback=after, options=options)
    put(result.x)
    course.converged = bool(result.success)
    if not course.losses:  # the start was a minimum
        course.losses.append(float(result.fun))
    return course
