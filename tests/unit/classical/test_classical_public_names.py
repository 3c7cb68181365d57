"""Public names of the room: each exists, and none can be shadowed by a module of the same name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_opt import classical


@pytest.mark.parametrize("name", classical.__all__)
def test_every_name_is_there(name):
    assert getattr(classical, name) is not None


def test_every_lazy_name_is_listed():
    assert set(classical._HOMES) | classical._MODULES == set(classical.__all__)


def test_no_function_is_named_like_a_module():
    # Importing a module sets an attribute of its name on the package, in place of the function.
    modules = {path.stem for path in Path(classical.__file__).parent.glob("*.py")}
    assert modules & set(classical.__all__) == classical._MODULES


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = classical.no_such_name


def test_the_room_alone_loads_neither_torch_nor_transformers(root):
    code = "import sys, hybrid_opt.classical; print({'torch', 'transformers', 'numba'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "set()"
