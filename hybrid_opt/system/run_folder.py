"""The folder of a run: what it is about, trainings, steps, tests; written whole after each of them.

==================  =====================================================================
``state.json``      configuration, trainings, proposals of the steps, tests, facts of models
``weights/``        of the trainings of the recipe that the next step builds on
``attention/``      the search over attention settings, see ``tuning.tune_attention``
``heads/``          measured losses of head masks
``in_use.db``       held locked while a process works here
==================  =====================================================================
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from ..errors import OptionError
from ..reports.atomic import write_whole
from ..tuning.tuning_folder import TuningFolder
from .recipe import Recipe
from .recipe_training import TrainingRecord

__all__ = ["STATE", "RunFolder"]

STATE = "state.json"
_EMPTY: dict[str, Any] = {"trainings": {}, "steps": [], "tests": {}, "models": {}}


class RunFolder:
    """What a run knows, on disk.

    Args:
        path: the folder; it is made where it is missing.

    Raises:
        OptionError: the path cannot be a folder, or its state is damaged.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as path:
        ...     folder = RunFolder(path)
        ...     folder.claim({"seed": 1})
        ...     RunFolder(path).facts
        {'seed': 1}
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = TuningFolder(path)
        self._state = self._read()

    def in_use(self) -> Any:
        """A context that holds the folder for this process; a killed process lets go of it by itself."""
        return self._lock.in_use()

    def reread(self) -> None:
        """Read the state again, once the folder is held.

        Raises:
            OptionError: it is damaged.
        """
        self._state = self._read()

    @property
    def facts(self) -> dict[str, Any] | None:
        """What the run is about; None where there is none yet."""
        found: dict[str, Any] | None = self._state.get("facts")
        return found

    def claim(self, facts: Mapping[str, Any]) -> None:
        """Write what the run is about, or refuse a folder that holds another.

        Args:
            facts: JSON values.

        Raises:
            OptionError: the folder holds a run that differs; the message says in what.
        """
        new = json.loads(json.dumps(facts))
        if self.facts is None:
            self._state["facts"] = new
            self._write()
            return
        differing = _differences(self.facts, new)
        if differing:
            raise OptionError(
                f"{self.path} holds a run that differs in {'; '.join(differing)}. Name another folder, or "
                "give what it was begun with"
            )

    def training(self, recipe: Recipe, seed: int) -> TrainingRecord | None:
        """The record of a training, None where it is still to be done."""
        found = self._state["trainings"].get(recipe.key, {}).get(str(seed))
        return None if found is None else TrainingRecord.from_dict(found)

    def keep_training(self, recipe: Recipe, seed: int, record: TrainingRecord) -> None:
        """Remember a training."""
        self._state["trainings"].setdefault(recipe.key, {})[str(seed)] = record.to_dict()
        self._write()

    def test(self, recipe: Recipe, seed: int) -> dict[str, Any] | None:
        """Losses of a fresh training: "validation" and "test"; None where it is still to be done."""
        found: dict[str, Any] | None = self._state["tests"].get(recipe.key, {}).get(str(seed))
        return found

    def keep_test(self, recipe: Recipe, seed: int, losses: Mapping[str, Any]) -> None:
        """Remember a fresh training."""
        self._state["tests"].setdefault(recipe.key, {})[str(seed)] = dict(losses)
        self._write()

    def model_facts(self, recipe: Recipe) -> dict[str, Any] | None:
        """Size and attention of a trained model of a recipe; None where they are not known."""
        found: dict[str, Any] | None = self._state["models"].get(recipe.key)
        return found

    def keep_model_facts(self, recipe: Recipe, facts: Mapping[str, Any]) -> None:
        """Remember them."""
        self._state["models"][recipe.key] = dict(facts)
        self._write()

    def step(self, number: int) -> dict[str, Any] | None:
        """The proposal of a step; None where it is still to be made. Decisions follow from the trainings."""
        steps: list[dict[str, Any]] = self._state["steps"]
        return steps[number] if number < len(steps) else None

    def keep_step(self, number: int, content: Mapping[str, Any]) -> None:
        """Remember the proposal of a step; those before it are known."""
        steps = self._state["steps"]
        steps[number : number + 1] = [json.loads(json.dumps(content))]
        self._write()

    def weights(self, recipe: Recipe, seed: int) -> dict[str, Any] | None:
        """The weights of a training, None where they are not kept.

        Raises:
            OptionError: the file is damaged.
        """
        place = self._weights(recipe, seed)
        if not place.is_file():
            return None
        try:
            found: dict[str, Any] = torch.load(place, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError) as error:
            raise OptionError(f"{place} is damaged ({error}); remove it and run the same again") from error
        return found

    def keep_weights(self, recipe: Recipe, seed: int, model: Any) -> None:
        """Keep the weights of a training."""
        place = self._weights(recipe, seed)
        place.parent.mkdir(exist_ok=True)
        content = BytesIO()
        torch.save(model.state_dict(), content)
        write_whole(place, content.getvalue())

    def drop_weights(self, current: Recipe) -> None:
        """Remove weights of all recipes but one."""
        for place in self.path.glob("weights/*.pt"):
            if not place.name.startswith(current.trained_key):
                place.unlink()

    def journal(self, recipe: Recipe, seed: int) -> Path:
        """Where measured losses of head masks of one training go."""
        (self.path / "heads").mkdir(exist_ok=True)
        return self.path / "heads" / f"{recipe.trained_key}-{seed}.jsonl"

    def _weights(self, recipe: Recipe, seed: int) -> Path:
        return self.path / "weights" / f"{recipe.trained_key}-{seed}.pt"

    def _read(self) -> dict[str, Any]:
        place = self.path / STATE
        try:
            content = json.loads(place.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return json.loads(json.dumps(_EMPTY))  # type: ignore[no-any-return]
        except (OSError, ValueError) as error:
            raise OptionError(f"{place} is damaged ({error}); restore it, or name another folder") from error
        if not isinstance(content, dict) or not set(_EMPTY) <= set(content):
            raise OptionError(f"{place} holds no run; restore it, or name another folder")
        return content

    def _write(self) -> None:
        write_whole(self.path / STATE, (json.dumps(self._state, indent=1) + "\n").encode())


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Each setting that differs, with both values."""
    lines = []
    for name in sorted(old.keys() | new.keys()):
        mine, theirs = old.get(name), new.get(name)
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            lines += _differences(mine, theirs, f"{prefix}{name}.")
        elif mine != theirs:
            lines.append(f"{prefix}{name} ({mine!r} there, {theirs!r} now)")
    return lines
