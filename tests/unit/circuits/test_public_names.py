"""Public names of the room: each exists, and none can be shadowed by a module of the same name."""

from pathlib import Path

import pytest

from hybrid_opt import circuits


@pytest.mark.parametrize("name", circuits.__all__)
def test_every_name_is_there(name):
    assert getattr(circuits, name) is not None


def test_no_function_is_named_like_a_module():
    # Importing a module sets an attribute of its name on the package, in place of the function.
    modules = {path.stem for path in Path(circuits.__file__).parent.glob("*.py")}
    shared = modules & set(circuits.__all__)
    assert shared == {"ansatz", "diagnostics", "encodings", "errors", "noise", "objectives"}
