import pytest

from hybrid_opt import errors


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_a_builtin_kind_and_documented(name):
    error = getattr(errors, name)
    assert issubclass(error, errors.HybridOptError)
    assert error.__doc__
    if error is not errors.HybridOptError:
        assert issubclass(error, (ValueError, TypeError, RuntimeError, AssertionError))
