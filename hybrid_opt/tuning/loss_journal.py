"""Measured losses of masks in a file, so that a search that was killed does not measure them again.

One line per loss, written to the disk before the search goes on. The first line says what the losses belong
to: a hash of the model's weights and of the calibration data. A file that belongs to something else is begun
anew; a last line that a kill cut in two is left out.

Shapes: N heads of the model.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ..errors import OptionError
from ..reports.atomic import write_whole
from .labelled_batches import LabelledBatches

__all__ = ["LossJournal"]


class LossJournal:
    """Calibration losses of a model under masks, remembered.

    Args:
        model: the model; it must not change while the journal is in use.
        batches: calibration data.
        path: the file; None remembers nothing and measures everything.

    Attributes:
        known: how many losses the file held at the start.

    Raises:
        OptionError: the file cannot be read or written.

    Example:
        >>> from hybrid_opt.classical import DistanceEncoderForSequenceClassification, load_data
        >>> from hybrid_opt.tuning.labelled_batches import read_batches
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2)
        >>> model = DistanceEncoderForSequenceClassification(config)
        >>> losses = LossJournal(model, read_batches(data, model, examples=8, seed=1))
        >>> losses.loss(np.ones(8)) > 0
        True
    """

    def __init__(
        self, model: nn.Module, batches: LabelledBatches, path: str | os.PathLike[str] | None = None
    ) -> None:
        self._model, self._batches = model, batches
        self._path = None if path is None else Path(path)
        self._losses: dict[str, float] = {}
        if self._path is not None:
            key = _fingerprint(model, batches)
            self._losses = _read(self._path, key)
            if not self._losses:
                write_whole(self._path, (json.dumps({"losses of": key}) + "\n").encode())
        self.known = len(self._losses)

    def loss(self, mask: Any) -> float:
        """The loss under a mask, measured unless the file has it.

        Args:
            mask: (N,) of 0 and 1.

        Returns:
            Calibration loss per item.

        Raises:
            OptionError: the file cannot be written.
        """
        if self._path is None:
            return self._batches.mean_loss(self._model, mask)
        name = "".join("1" if bit else "0" for bit in np.asarray(mask))
        if name not in self._losses:
            self._losses[name] = self._batches.mean_loss(self._model, mask)
            self._append({"mask": name, "loss": self._losses[name]})
        return self._losses[name]

    def _append(self, entry: dict[str, Any]) -> None:
        try:
            with open(self._path or os.devnull, "a", encoding="utf-8") as stream:
                stream.write(json.dumps(entry) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise OptionError(f"cannot write {self._path}: {error.strerror}; choose another place") from error


def _read(path: Path, key: str) -> dict[str, float]:
    """The losses in a file; none where it is not there or belongs to something else."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{path} cannot be read ({error}); remove it, or choose another place") from error
    whole = [line for line in lines if line.endswith("\n")]
    try:
        first, *entries = [json.loads(line) for line in whole]
        if first != {"losses of": key}:
            return {}
        losses = {str(entry["mask"]): float(entry["loss"]) for entry in entries}
    except (ValueError, KeyError, TypeError):
        return {}
    if len(whole) < len(lines):  # what a kill left of the last line would run into the next one
        write_whole(path, "".join(whole).encode())
    return losses


def _fingerprint(model: nn.Module, batches: LabelledBatches) -> str:
    """SHA-256 over the weights and the calibration data."""
    digest = hashlib.sha256(batches.task.encode())
    for name, tensor in model.state_dict().items():
        _take(digest, name, tensor)
    for batch in batches.batches:
        for name in sorted(batch):
            _take(digest, name, batch[name])
    return digest.hexdigest()


def _take(digest: Any, name: str, value: Any) -> None:
    digest.update(name.encode())
    if isinstance(value, torch.Tensor):
        tensor = value.detach().cpu().contiguous()
        digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    else:
        digest.update(repr(value).encode())
