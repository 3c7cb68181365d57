"""Classical classifiers on the same split as a neural one: what a model has to beat to be worth its cost.

Shapes: N examples, F features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .classification_scores import majority_scores, score_classes
from .data_splits import SPLITS
from .errors import DataError
from .optional_libraries import load_library
from .task_data import TaskData

__all__ = ["classical_baselines"]

# Inverse strength of regularization; the validation part chooses.
_STRENGTHS = (0.1, 1.0, 10.0, 100.0)


def classical_baselines(data: TaskData) -> pd.DataFrame:
    """Majority class, logistic regression and a support vector machine with a Gaussian (RBF) kernel.

    Numbers enter as the model gets them, flattened; token numbers of images count as numbers.
    Texts become frequencies of pieces of one to four characters, weighted by rarity (TF-IDF), and get no
    kernel machine. The strength of regularization is the one of four with the best accuracy on the validation
    part; the test part is looked at once.

    Args:
        data: data of task ``"sequence_classification"``.

    Returns:
        One row for each baseline: ``accuracy``, ``macro_f1`` on the test part, and the chosen ``strength`` (C
        of scikit-learn).

    Raises:
        DataError: the data are for another task.
        MissingTransformerError: scikit-learn is not installed.

    Example:
        >>> from hybrid_opt.classical.data_registry import load_data
        >>> classical_baselines(load_data("wine")).index.tolist()
        ['majority', 'logistic regression', 'RBF SVM']
    """
    if data.task != "sequence_classification":
        raise DataError(f"baselines are for sequence_classification, and {data.name} is data for {data.task}")
    labels = {part: _column(data.split(part), "labels") for part in SPLITS}
    majority = majority_scores(labels["train"], labels["test"], data.labels)
    rows = [_row("majority", majority.accuracy, majority.macro_f1, None)]
    features = _text_features(data) if data.texts else _number_features(data)
    linear: Any = load_library("sklearn.linear_model", "ml")
    # Far more than the default of 100 rounds: an unfinished fit warns, and a warning is no result.
    candidates: dict[str, Callable[[float], Any]] = {
        "logistic regression": lambda strength: linear.LogisticRegression(C=strength, max_iter=10_000)
    }
    if not data.texts:
        machines: Any = load_library("sklearn.svm", "ml")
        candidates["RBF SVM"] = lambda strength: machines.SVC(C=strength)
    for name, build in candidates.items():
        fitted = [
            (build(strength).fit(features["train"], labels["train"]), strength) for strength in _STRENGTHS
        ]
        guesses = [model.predict(features["validation"]) for model, _ in fitted]
        # argmax takes the first of equals: the strongest regularization.
        chosen = int(np.argmax([float((guess == labels["validation"]).mean()) for guess in guesses]))
        best, strength = fitted[chosen]
        scores = score_classes(labels["test"], best.predict(features["test"]), data.labels)
        rows.append(_row(name, scores.accuracy, scores.macro_f1, strength))
    return pd.DataFrame(rows).set_index("baseline")


def _row(name: str, accuracy: float, macro_f1: float, strength: float | None) -> dict[str, Any]:
    """One line of the table."""
    return {"baseline": name, "accuracy": accuracy, "macro_f1": macro_f1, "strength": strength}


def _column(dataset: Any, name: str) -> npt.NDArray[Any]:
    """One entry of all examples, flattened to (N,) or (N, F)."""
    rows = np.stack([dataset[number][name].numpy() for number in range(len(dataset))])
    return rows.reshape(len(rows), -1) if rows.ndim > 1 else rows


def _number_features(data: TaskData) -> dict[str, npt.NDArray[Any]]:
    """The numbers of all parts (N, F)."""
    name = "input_ids" if data.value_width is None else "input_values"
    return {part: _column(data.split(part), name).astype(float) for part in SPLITS}


def _text_features(data: TaskData) -> dict[str, Any]:
    """Weighted frequencies of character pieces of all parts, sparse."""
    vectorizer = load_library("sklearn.feature_extraction.text", "ml").TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), lowercase=False, sublinear_tf=True, min_df=2
    )
    vectorizer.fit(data.texts["train"])
    return {part: vectorizer.transform(data.texts[part]) for part in SPLITS}
