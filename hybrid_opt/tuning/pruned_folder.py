"""A trained folder without the heads that go: written beside its final place, then moved there.

The new folder holds the pruned model, the tokenizer, what the data were, the settings of the training, and
``heads.json`` with the selection; checkpoints and figures of the training stay in the old one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ..classical.checkpoints import write_atomically
from ..classical.quiet_libraries import quiet_libraries
from ..classical.trained_folder import DATA, SETTINGS, TrainedModel
from ..errors import OptionError

if TYPE_CHECKING:
    from .head_choice import HeadSelection

__all__ = ["HEADS", "check_new_folder", "write_pruned_folder"]

HEADS = "heads.json"
"""The file with the selection."""


def check_new_folder(path: str | os.PathLike[str]) -> Path:
    """Refuse a place where a new folder cannot stand, before the work.

    Args:
        path: the folder to be.

    Returns:
        The path.

    Raises:
        OptionError: it is a file or holds something, or its parent is not there.

    Example:
        >>> check_new_folder("a new folder").name
        'a new folder'
    """
    place = Path(path)
    if place.exists() and not place.is_dir():
        raise OptionError(f"{place} is a file; name a new folder for the pruned model")
    if place.is_dir() and any(place.iterdir()):
        raise OptionError(f"{place} exists and is not empty; name a new folder for the pruned model")
    if not place.absolute().parent.is_dir():
        raise OptionError(f"{place} cannot be written: its parent folder does not exist; create it first")
    return place


def write_pruned_folder(
    trained: TrainedModel, selection: HeadSelection, path: str | os.PathLike[str]
) -> Path:
    """Write a model that has been pruned as a trained folder, whole or not at all.

    Args:
        trained: the model after ``selection.prune``, with tokenizer and description of its data.
        selection: the selection, for the record.
        path: the new folder; an empty one may be there.

    Returns:
        The path; ``hybrid-opt evaluate`` and ``load_trained`` take it.

    Raises:
        OptionError: see `check_new_folder`, or the system refuses to write.
    """
    place = check_new_folder(path)
    draft = place.absolute().with_name(f".{place.name}.{secrets.token_hex(8)}.tmp")
    try:
        try:
            draft.mkdir()
            with quiet_libraries():
                trained.model.save_pretrained(draft)
            if trained.tokenizer is not None:
                trained.tokenizer.save_pretrained(draft)
            write_atomically(draft / DATA, json.dumps(_described(trained), indent=1) + "\n")
            if (trained.folder / SETTINGS).is_file():
                shutil.copyfile(trained.folder / SETTINGS, draft / SETTINGS)
            write_atomically(draft / HEADS, selection.to_json() + "\n")
            if place.is_dir():
                place.rmdir()  # empty, or this is the error
            os.replace(draft, place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise OptionError(f"cannot write {place}: {error.strerror or error}; choose another place") from error
    return place


def _described(trained: TrainedModel) -> dict[str, object]:
    """The description of the data, with a sentence on where the model comes from."""
    notes = [*trained.data.get("notes", []), f"heads were pruned after training; {HEADS} says which"]
    return {**trained.data, "notes": notes}
