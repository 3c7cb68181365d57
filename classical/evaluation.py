"""How good a model is on held-out data: perplexity, bits per character, macro-F1, beside baselines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from .checkpoints import write_atomically
from .classification_scores import ClassificationScores, majority_scores
from .errors import ConfigurationError
from .evaluation_pass import PassSums, add_up
from .losses import IGNORED_LABEL
from .number_baselines import number_baselines
from .peak_memory import PeakMemory
from .task_data import TaskData
from .text_baselines import text_baseline_bits
from .training_result import finite_or_none

__all__ = ["Evaluation", "bits_per_character", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """Figures of one model on one part of the data; what does not apply to the task is None.

    Args:
        data: name of the data.
        task: its task.
        split: the part.
        examples: number of examples.
        items: labels (or numbers) that were predicted.
        loss: mean negative log-likelihood of a label in nats; mean squared error of a number.
        perplexity: exp(loss), of language.
        bits_per_character: of a causal language model, see :func:`bits_per_character`.
        accuracy: share of labels that were the most likely class.
        macro_f1: mean of F1 over the classes, each with the same weight.
        r_squared: 1 - squared errors / squared deviations of the numbers from their mean (regression).
        root_mean_squared_error: in the user's unit (regression).
        tokens_per_second: positions read in a second, padding included.
        seconds: time inside the model.
        peak_memory_bytes: highest memory use (GPU: torch's tensors; CPU: the process).
        baselines: figures of baselines: name -> figure -> value.
        scores: the confusion matrix of classes.
        notes: what a reader has to know.
    """

    data: str
    task: str
    split: str
    examples: int
    items: int
    loss: float
    perplexity: float | None = None
    bits_per_character: float | None = None
    accuracy: float | None = None
    macro_f1: float | None = None
    r_squared: float | None = None
    root_mean_squared_error: float | None = None
    tokens_per_second: float = 0.0
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    scores: ClassificationScores | None = None
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """The model beside its baselines.

        Returns:
            Index ``model`` and the baselines; one column for each figure that applies.
        """
        names = ("loss", "perplexity", "bits_per_character", "accuracy", "macro_f1", "r_squared")
        own = {name: getattr(self, name) for name in (*names, "root_mean_squared_error")}
        own = {name: value for name, value in own.items() if value is not None}
        return pd.DataFrame.from_dict({"model": own, **self.baselines}, orient="index", dtype=float)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values; what is not finite is None."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "scores"}
        values["notes"] = list(self.notes)
        values["classes"] = None if self.scores is None else self.scores.to_dict()
        values["baselines"] = {
            name: {figure: finite_or_none(value) for figure, value in figures.items()}
            for name, figures in self.baselines.items()
        }
        return {name: finite_or_none(value) for name, value in values.items()}

    def to_json(self, path: str | Path | None = None) -> str:
        """Everything as JSON text.

        Args:
            path: also write it there.

        Returns:
            The text.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        if path is not None:
            write_atomically(Path(path), text + "\n")
        return text


def bits_per_character(nats: float, characters: int) -> float:
    """Code length of a text under a model: sum of -ln P(token) over all tokens / (ln 2 * characters).

    All tokens that spell the text are summed, and so are the ends of documents, which are no characters: the
    figure is that of a code that can be decoded, and comparable between tokenizers.

    Args:
        nats: sum of the negative log-likelihoods, in nats.
        characters: number of characters (Unicode code points) of the text.

    Returns:
        Bits per character.

    Raises:
        ConfigurationError: there is no character.

    Example:
        >>> bits_per_character(math.log(2) * 30, 10)
        3.0
    """
    if characters < 1:
        raise ConfigurationError(f"the text has {characters} characters; bits per character need at least 1")
    return nats / (math.log(2) * characters)


def evaluate(
    model: Any,
    data: TaskData,
    split: str = "test",
    *,
    batch_size: int = 32,
    baselines: bool = True,
    progress: Callable[[float, str], None] | None = None,
) -> Evaluation:
    """Evaluate a model on a part of the data.

    The baselines are, for language, the bits per character of a unigram and a 5-gram character model and of
    LZMA, counted on the training texts; for classes, the most frequent class of the training part; for
    numbers, the mean of the training part, and for forecasts also the last value of the history.

    Args:
        model: a model of transformers for the task of the data.
        data: the data.
        split: ``"train"``, ``"validation"`` or ``"test"``.
        batch_size: examples in one forward pass; the figures do not depend on it.
        baselines: also compute the baselines (seconds for half a megabyte of text).
        progress: called with the share done and a few words.

    Returns:
        The figures.

    Raises:
        ConfigurationError: an empty part, a batch size below 1, or a model that is not for these data.
        DataError: an unknown part.

    Example:
        >>> from hybrid_opt.classical.data_registry import load_data
        >>> from hybrid_opt.classical.trained_folder import model_class
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        >>> answer = evaluate(model_class(data.task).from_config(config), data)
        >>> answer.items, answer.table().index.tolist()
        (18, ['model', 'majority'])
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ConfigurationError(f"batch_size is {batch_size!r}; it must be a whole number of at least 1")
    dataset = data.split(split)
    _check_fit(model, data)
    with PeakMemory(next(model.parameters()).device) as memory:
        sums = add_up(
            model, dataset, data.task, collate=data.collate, batch_size=batch_size, progress=progress
        )
    figures, notes = _figures(sums, data, split)
    return Evaluation(
        data=data.name,
        task=data.task,
        split=split,
        examples=sums.examples,
        items=sums.items,
        loss=sums.mean_loss,
        tokens_per_second=sums.positions / sums.seconds if sums.seconds else 0.0,
        seconds=sums.seconds,
        peak_memory_bytes=memory.peak_bytes,
        baselines=_baselines(data, split) if baselines else {},
        notes=notes,
        **figures,
    )


def _figures(sums: PassSums, data: TaskData, split: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the task asks for beyond the loss."""
    if data.task == "regression":
        mean = sums.target_sum / sums.items
        spread = sums.target_squares - sums.items * mean**2
        scale = 1.0 if data.target_scaling is None else data.target_scaling[1]
        return {
            "r_squared": 1 - sums.loss / spread if spread > 0 else math.nan,
            "root_mean_squared_error": math.sqrt(sums.mean_loss) * scale,
        }, ()
    figures: dict[str, Any] = {"accuracy": sums.correct / sums.items}
    if sums.confusion is not None:
        scores = ClassificationScores(data.labels, sums.confusion)
        return {**figures, "macro_f1": scores.macro_f1, "scores": scores}, ()
    figures["perplexity"] = math.exp(sums.mean_loss) if sums.mean_loss < 700 else math.inf
    characters = sum(map(len, data.texts.get(split, [])))
    if data.task != "causal_lm" or not characters:
        return figures, ()
    notes = ("bits per character = sum of -ln P over all tokens and document ends / (ln 2 * characters)",)
    return {**figures, "bits_per_character": bits_per_character(sums.loss, characters)}, notes


def _baselines(data: TaskData, split: str) -> dict[str, dict[str, float]]:
    if data.task == "causal_lm" and data.texts.get(split):
        table = text_baseline_bits(data.texts["train"], data.texts[split])
        return {
            str(name): {"bits_per_character": float(value)}
            for name, value in table["bits_per_character"].items()
        }
    if data.task in ("sequence_classification", "token_classification"):
        learned, true = _labels(data.train), _labels(data.split(split))
        scores = majority_scores(learned, true, data.labels)
        return {"majority": {"accuracy": scores.accuracy, "macro_f1": scores.macro_f1}}
    return number_baselines(data, split) if data.task == "regression" else {}


def _labels(dataset: Any) -> list[int]:
    """All labels that count, one after the other."""
    rows = (dataset[number]["labels"].reshape(-1).tolist() for number in range(len(dataset)))
    return [label for row in rows for label in row if label != IGNORED_LABEL]


def _check_fit(model: Any, data: TaskData) -> None:
    """Refuse a model whose kind of input, vocabulary or outputs are not those of the data."""
    config = model.config
    width = getattr(config, "value_width", data.value_width)
    if width != data.value_width:
        model_reads, data_hold = (
            "tokens" if number is None else f"{number} number(s) at each position"
            for number in (width, data.value_width)
        )
        raise ConfigurationError(
            f"the model reads {model_reads} and the data hold {data_hold}; evaluate it on data like "
            "those it was trained with"
        )
    if data.vocab_size is not None and getattr(config, "vocab_size", data.vocab_size) != data.vocab_size:
        raise ConfigurationError(
            f"the model knows {config.vocab_size} tokens and the data have {data.vocab_size}; evaluate it on "
            "data with the tokenizer it was trained with"
        )
    if data.labels and config.num_labels != len(data.labels):
        what = "numbers to predict" if data.task == "regression" else "classes"
        raise ConfigurationError(
            f"the model has {config.num_labels} {what} and the data {len(data.labels)}; evaluate it on data "
            "like those it was trained with"
        )
