"""One thread inside, the number from before outside."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from hybrid_opt.tuning.torch_threads import one_torch_thread


def test_one_inside_and_the_old_number_after_an_error():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_torch_thread():
            assert torch.get_num_threads() == 1
        with pytest.raises(ZeroDivisionError), one_torch_thread():
            raise ZeroDivisionError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_torch_stays_unloaded(root):
    code = (
        "import sys; from hybrid_opt.tuning.torch_threads import one_torch_thread\n"
        "with one_torch_thread(): pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
