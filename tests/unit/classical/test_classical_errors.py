"""Errors of the classical half can be caught as the built-in errors they refine."""

import pytest

from hybrid_opt.classical import errors


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_a_value_type_or_runtime_error(name):
    assert issubclass(getattr(errors, name), ValueError | TypeError | RuntimeError)


def test_a_component_error_is_a_configuration_error():
    assert issubclass(errors.ComponentError, errors.ConfigurationError)
