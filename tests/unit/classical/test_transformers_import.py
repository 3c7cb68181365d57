"""Without transformers, models say what to install; attention works all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(root: Path, code: str) -> str:
    """Output of code in a process in which transformers cannot be imported."""
    blocked = f"import sys; sys.modules['transformers'] = None\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", blocked], cwd=root, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def test_a_missing_library_names_its_extra(root: Path):
    output = run(
        root,
        "from hybrid_opt.classical.errors import MissingTransformerError\n"
        "try:\n    import hybrid_opt.classical.gpt\n"
        "except MissingTransformerError as error:\n    print(error)\n"
        "from hybrid_opt.classical.attention_layer import DistanceAttention\n"
        "import torch\n"
        "print(DistanceAttention(8, 2)(torch.zeros(1, 3, 8))[0].shape)\n",
    )
    assert 'pip install "hybrid-opt[transformer]"' in output
    assert "torch.Size([1, 3, 8])" in output
