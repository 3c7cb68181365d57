"""Scores of class predictions from counts: accuracy, macro-F1, confusion matrix, and the majority class.

Shapes: N examples, L classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import DataError

__all__ = ["ClassificationScores", "confusion_matrix", "majority_scores", "score_classes"]


@dataclass(frozen=True)
class ClassificationScores:
    """Scores of predictions on N examples.

    Args:
        labels: names of the L classes.
        confusion: counts (L, L), rows the true classes, columns the predicted ones.

    Example:
        >>> score_classes([0, 0, 1], [0, 1, 1], ("no", "yes")).accuracy
        0.6666666666666666
    """

    labels: tuple[str, ...]
    confusion: npt.NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Share of examples whose class was predicted."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def f1(self) -> npt.NDArray[np.float64]:
        """F1 of each class (L,): 2 hits / (examples of the class + predictions of it), 0 where both are 0."""
        hits = np.diag(self.confusion)
        involved = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        return np.asarray(2 * hits / np.maximum(involved, 1), dtype=np.float64)

    @property
    def macro_f1(self) -> float:
        """Mean of F1 over all classes, each with the same weight however rare it is."""
        return float(self.f1.mean())

    def table(self) -> pd.DataFrame:
        """The confusion matrix with names.

        Returns:
            Rows true classes, columns predicted classes.
        """
        rows = pd.Index(self.labels, name="true")
        return pd.DataFrame(self.confusion, index=rows, columns=pd.Index(self.labels, name="predicted"))

    def to_dict(self) -> dict[str, object]:
        """All figures as plain numbers and lists, for JSON.

        Returns:
            ``accuracy``, ``macro_f1``, ``f1`` by class name, ``confusion`` and ``labels``.
        """
        return {
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "f1": dict(zip(self.labels, self.f1.tolist(), strict=True)),
            "confusion": self.confusion.tolist(),
            "labels": list(self.labels),
        }


def confusion_matrix(true: npt.ArrayLike, predicted: npt.ArrayLike, classes: int) -> npt.NDArray[np.int64]:
    """Count how often each class was predicted for each class.

    Args:
        true: class numbers (N,).
        predicted: class numbers (N,).
        classes: number of classes L.

    Returns:
        Counts (L, L), rows true.

    Raises:
        DataError: no examples, different lengths, or numbers outside 0..L-1.

    Example:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2).tolist()
        [[1, 1], [0, 1]]
    """
    truth, guess = np.asarray(true), np.asarray(predicted)
    if truth.ndim != 1 or truth.shape != guess.shape or truth.size == 0:
        raise DataError(
            "true and predicted classes must be two rows of the same length, at least 1 each; got shapes "
            f"{truth.shape} and {guess.shape}"
        )
    for name, numbers in (("true", truth), ("predicted", guess)):
        if not np.issubdtype(numbers.dtype, np.integer) or numbers.min() < 0 or numbers.max() >= classes:
            raise DataError(
                f"{name} classes must be integers from 0 to {classes - 1}, got numbers of type "
                f"{numbers.dtype} from {numbers.min()} to {numbers.max()}"
            )
    counts = np.bincount(truth * classes + guess, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def score_classes(
    true: npt.ArrayLike, predicted: npt.ArrayLike, labels: Sequence[str]
) -> ClassificationScores:
    """Score predictions.

    Args:
        true: class numbers (N,).
        predicted: class numbers (N,).
        labels: names of the L classes; all of them count in macro-F1, also those without an example.

    Returns:
        The scores.

    Raises:
        DataError: no examples, different lengths, or numbers that no name belongs to.

    Example:
        >>> score_classes([0, 1, 1], [0, 1, 0], ("no", "yes")).f1.round(3).tolist()
        [0.667, 0.667]
    """
    names = tuple(labels)
    return ClassificationScores(names, confusion_matrix(true, predicted, len(names)))


def majority_scores(train: npt.ArrayLike, true: npt.ArrayLike, labels: Sequence[str]) -> ClassificationScores:
    """Score the rule that always answers the most frequent class of the training part.

    Args:
        train: class numbers of the training part; of equally frequent classes the first is taken.
        true: class numbers (N,) of the part to score.
        labels: names of the classes.

    Returns:
        The scores: what any model has to beat.

    Raises:
        DataError: no examples, or numbers that no name belongs to.

    Example:
        >>> majority_scores([1, 1, 0], [0, 1], ("no", "yes")).accuracy
        0.5
    """
    learned = np.diag(confusion_matrix(train, train, len(labels)))
    return score_classes(true, np.full(np.shape(true), int(learned.argmax())), labels)
