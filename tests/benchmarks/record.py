"""A JSON file that grows part by part, so that a study can be ended and taken up again."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = (
    *("numpy", "scipy", "numba", "torch", "dimod", "dwave-samplers"),
    *("pennylane", "qiskit", "qiskit-aer", "scikit-learn"),
)


class Record:
    """Parts of a study by name, written after each part."""

    def __init__(self, path: Path, *, seed: int) -> None:
        self.path = path
        if path.is_file():
            self.content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        else:
            self.content = {
                "seed": seed,
                "cores": os.cpu_count(),
                "versions": {name: version(name) for name in PACKAGES},
                "parts": {},
            }

    def has(self, part: str) -> bool:
        """Whether a part is done."""
        return part in self.content["parts"]

    def add(self, part: str, result: Any) -> None:
        """Keep a part and write the file, whole or not at all."""
        self.content["parts"][part] = result
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        fresh.replace(self.path)
