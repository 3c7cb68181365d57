"""The folder of a search over settings: what it is about, its trials, what was confirmed; safe against kills.

====================  ====================================================================
``tuning.json``       configuration, data, training, search space and seed of the search
``trials.db``         Optuna's storage (SQLite); Optuna's dashboard opens it
``confirmed.json``    losses of the finalists on fresh seeds
``config.json``       the chosen configuration of the model
``training.json``     the chosen settings of the training
``report.html``       the report
``in_use.db``         held locked while a process works here
====================  ====================================================================
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, InMemoryStorage, RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from ..errors import OptionError
from ..reports.atomic import write_whole
from .optuna_log import quiet_optuna

__all__ = ["FACTS", "TRIALS", "TuningFolder", "open_study", "readable_storage"]

FACTS, TRIALS, CONFIRMED, IN_USE = "tuning.json", "trials.db", "confirmed.json", "in_use.db"
BUSY_SECONDS = 20  # how long a write waits for another program that reads the trials


@contextmanager
def readable_storage(place: str) -> Iterator[None]:
    """Turn what the database says about a lock, or about a file that is none, into one sentence.

    Args:
        place: the storage, as the user knows it.

    Raises:
        OptionError: the storage is locked, cannot be written, or is none.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError, sqlite3.Error) as error:
        reason = str(error.__cause__ or error).split("\n")[0]
        if "locked" in reason:
            raise OptionError(
                f"the storage {place} is locked by another program; close it (a dashboard, a database "
                "browser, another search) and run the same again: no finished trial is lost"
            ) from error
        raise OptionError(
            f"the storage {place} cannot be used ({reason}); choose another folder, or restore the file"
        ) from error


class TuningFolder:
    """Where a search keeps what it knows; without a path it keeps it in memory.

    Args:
        path: the folder; it is made where it is missing. None for memory.

    Raises:
        OptionError: the path is a file, or its parent cannot be written.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path)
        self._memory: dict[str, Any] = {}
        if self.path is None:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"{self.path} cannot be a folder ({error.strerror}); name another") from error

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Hold the folder for this process; a killed process lets go of it by itself.

        Raises:
            OptionError: another process works in it.
        """
        if self.path is None:
            yield
            return
        lock = sqlite3.connect(self.path / IN_USE, timeout=0.0, isolation_level=None)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise OptionError(
                    f"{self.path} is in use by another process ({error}); wait for it, stop it, or name "
                    "another folder"
                ) from error
            yield
        finally:
            lock.close()

    def facts(self) -> dict[str, Any] | None:
        """What the search in this folder is about; None where there is none yet.

        Raises:
            OptionError: the file is damaged.
        """
        return self._read(FACTS)

    def claim(self, facts: Mapping[str, Any]) -> None:
        """Write what the search is about, or refuse a folder that holds another search.

        Args:
            facts: JSON values.

        Raises:
            OptionError: the folder holds another search, or something else.
        """
        old = self.facts()
        if old is None:
            if self.path is not None:
                foreign = [name for name in ("config.json", TRIALS) if (self.path / name).exists()]
                if foreign:
                    raise OptionError(
                        f"{self.path} holds {' and '.join(foreign)} of something else, which the search "
                        "would overwrite; name another folder"
                    )
            self._write(FACTS, facts)
            return
        # JSON knows no tuples and only one kind of key.
        new = json.loads(json.dumps(facts))
        differing = sorted(name for name in new.keys() | old.keys() if new.get(name) != old.get(name))

        def told(name: str) -> str:
            if name != "threads":
                return name
            return f"{name} ({old.get(name)} there, {new.get(name)} here, see torch.set_num_threads)"

        if differing:
            raise OptionError(
                f"{self.path} holds a search that differs in {', '.join(map(told, differing))}; name another "
                "folder, or give what it was begun with"
            )

    def storage(self) -> BaseStorage:
        """Optuna's storage.

        Raises:
            OptionError: it is locked, or damaged.
        """
        if self.path is None:
            return InMemoryStorage()
        place = self.path / TRIALS
        with readable_storage(str(place)):
            return RDBStorage(
                f"sqlite:///{place}", engine_kwargs={"connect_args": {"timeout": BUSY_SECONDS}}
            )

    @property
    def place(self) -> str:
        """The storage, in words."""
        return "in memory" if self.path is None else str(self.path / TRIALS)

    def confirmed(self) -> dict[str, Any]:
        """Losses of finalists that were measured: name -> seed -> pair of losses.

        Raises:
            OptionError: the file is damaged.
        """
        return self._read(CONFIRMED) or {}

    def confirm(self, content: Mapping[str, Any]) -> None:
        """Write the losses of finalists, whole or not at all."""
        self._write(CONFIRMED, content)

    def _read(self, name: str) -> dict[str, Any] | None:
        if self.path is None:
            return self._memory.get(name)
        try:
            content = json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise OptionError(
                f"{self.path / name} is damaged ({error}); restore it, or name another folder"
            ) from error
        if not isinstance(content, dict):
            raise OptionError(f"{self.path / name} holds no mapping; restore it, or name another folder")
        return content

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        if self.path is None:
            self._memory[name] = json.loads(json.dumps(content))
            return
        write_whole(self.path / name, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def open_study(
    storage: BaseStorage, name: str, objectives: int, sampler: Any, pruner: Any, place: str
) -> optuna.Study:
    """A study of the storage, new or taken up again, without Optuna's messages.

    Args:
        storage: the storage.
        name: name of the study in it.
        objectives: how many numbers are minimized.
        sampler: proposes.
        pruner: ends trials; None ends none.
        place: the storage, in words, for messages.

    Returns:
        The study.

    Raises:
        OptionError: the storage is locked or damaged.
    """
    with quiet_optuna(), readable_storage(place):
        return optuna.create_study(
            storage=storage,
            study_name=name,
            directions=["minimize"] * objectives,
            sampler=sampler,
            pruner=pruner or optuna.pruners.NopPruner(),
            load_if_exists=True,
        )
