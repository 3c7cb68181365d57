"""What training and evaluation need to know about data, whatever it is: text, pixels, tables, series.

Shapes: B batch, T tokens or positions of an example, V values of a position, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from .data_splits import SPLITS
from .errors import DataError
from .training_settings import check_names

if TYPE_CHECKING:
    from .configuration import DistanceTransformerConfig

__all__ = ["TASKS", "TaskData", "model_setting_names"]

TASKS = (
    "causal_lm",
    "masked_lm",
    "sequence_classification",
    "token_classification",
    "regression",
    "seq2seq",
)


def model_setting_names() -> list[str]:
    """Names that a configuration of our models takes.

    Example:
        >>> "metric" in model_setting_names(), "metrics" in model_setting_names()
        (True, False)
    """
    from .configuration import DistanceTransformerConfig

    own = [name for name in DistanceTransformerConfig.__dataclass_fields__ if not name.startswith("_")]
    return [*own, "num_labels"]


@dataclass(frozen=True)
class TaskData:
    """Data of one task, split, encoded and hashed.

    Examples are dictionaries of tensors as models of ``transformers`` take them: ``input_ids`` (T,) or, for
    numbers instead of tokens, ``input_values`` (T, V); ``labels``; and ``attention_mask`` (T,) where there is
    padding.

    Args:
        name: name of the data set, or of the user's file.
        task: one of ``TASKS``.
        train: data set to learn from; has ``__len__`` and ``__getitem__``.
        validation: data set to choose by.
        test: data set to report.
        sequence_length: T.
        hash: SHA-256 over contents, split and encoding, as hexadecimal digits.
        tokenizer: the ``transformers`` tokenizer of text, otherwise None.
        vocab_size: number of tokens, or None for numbers.
        value_width: V, or None for tokens.
        labels: names of the classes, or of the predicted numbers.
        texts: the text of each split as a list of documents or examples; empty where data are no text.
        collate: makes a batch of examples; None stands for stacking, which fits wherever T is the same for
            all.
        notes: what a reader of results has to know: how it was split, what was dropped, class counts.
        target_scaling: for regression, mean and standard deviation by which targets were standardized: a
            prediction times the deviation plus the mean is in the user's unit. One pair, because all numbers
            of a forecast are in one unit.

    Raises:
        DataError: an unknown task, neither tokens nor values, or classes without names.

    Example:
        >>> from hybrid_opt.classical.data_registry import load_data
        >>> data = load_data("wine")
        >>> data.task, len(data.train), data.labels
        ('sequence_classification', 142, ('class_0', 'class_1', 'class_2'))
    """

    name: str
    task: str
    train: Any
    validation: Any
    test: Any
    sequence_length: int
    hash: str
    tokenizer: Any = None
    vocab_size: int | None = None
    value_width: int | None = None
    labels: tuple[str, ...] = ()
    texts: Mapping[str, list[str]] = field(default_factory=dict)
    collate: Callable[[list[dict[str, Any]]], dict[str, Any]] | None = None
    notes: tuple[str, ...] = ()
    target_scaling: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise DataError(f"unknown task {self.task!r}; legal are {', '.join(TASKS)}")
        if (self.vocab_size is None) == (self.value_width is None):
            raise DataError(
                "examples hold tokens or values: give exactly one of vocab_size and value_width, got "
                f"vocab_size={self.vocab_size!r} and value_width={self.value_width!r}"
            )
        if self.task.endswith("classification") and len(self.labels) < 2:
            raise DataError(f"classification needs at least 2 labels, got {self.labels!r}")

    def split(self, name: str) -> Any:
        """One of the three parts by its name.

        Args:
            name: ``"train"``, ``"validation"`` or ``"test"``.

        Returns:
            The data set.

        Raises:
            DataError: another name.
        """
        if name not in SPLITS:
            raise DataError(f"unknown split {name!r}; legal are {', '.join(SPLITS)}")
        return getattr(self, name)

    def config(self, **overrides: Any) -> DistanceTransformerConfig:
        """A model configuration that fits the data: vocabulary, lengths, labels and token numbers.

        Args:
            overrides: any setting of ``DistanceTransformerConfig``, e.g. ``hidden_size=64, metric="cosine"``.

        Returns:
            The configuration. What the data do not say keeps the default of the configuration.

        Raises:
            ConfigurationError: a name that is no setting, which ``transformers`` would take without a word.
            MissingTransformerError: ``transformers`` is not installed.
        """
        from .configuration import DistanceTransformerConfig  # transformers is optional and slow to import

        check_names(overrides, model_setting_names(), "model setting")
        return DistanceTransformerConfig(**{**self.config_settings(), **overrides})

    def config_settings(self) -> dict[str, Any]:
        """The settings that the data determine, as ``config`` hands them over.

        Returns:
            Names and values, a new dictionary at each call.
        """
        settings: dict[str, Any] = {"max_position_embeddings": self.sequence_length}
        if self.value_width is not None:
            settings["value_width"] = self.value_width
        else:
            settings["vocab_size"] = self.vocab_size
        # Without a tokenizer no token is special, whatever the defaults of the configuration say.
        for role in ("pad", "bos", "eos"):
            settings[f"{role}_token_id"] = getattr(self.tokenizer, f"{role}_token_id", None)
        if self.task.endswith("classification"):
            settings["id2label"] = dict(enumerate(self.labels))
            settings["label2id"] = {label: number for number, label in enumerate(self.labels)}
        elif self.task == "regression":
            settings["num_labels"] = max(len(self.labels), 1)
            settings["problem_type"] = "regression"
        elif self.task == "seq2seq":
            settings["is_encoder_decoder"] = True
            settings["decoder_start_token_id"] = settings["bos_token_id"]
        if self.task == "sequence_classification":
            settings["problem_type"] = "single_label_classification"
        return settings

    def table(self) -> pd.DataFrame:
        """Sizes at a glance.

        Returns:
            One row for each split: examples, positions of an example, and for text the documents and
            characters.
        """
        rows = []
        for name in SPLITS:
            row = {"split": name, "examples": len(self.split(name)), "sequence_length": self.sequence_length}
            if self.texts:
                row["documents"] = len(self.texts[name])
                row["characters"] = sum(map(len, self.texts[name]))
            rows.append(row)
        return pd.DataFrame(rows).set_index("split")
