"""What the commands share: exact JSON, messages on stderr, an interruption that has shown its result."""

import pytest

from hybrid_opt.cli_output import INTERRUPTED, InterruptedWithResult, print_json, tell


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        print_json({"loss": float("nan")})


def test_results_and_messages_go_apart(capsys):
    print_json([1])
    tell("[a] message")  # brackets are no markup
    printed = capsys.readouterr()
    assert printed.out == "[\n  1\n]\n"
    assert printed.err == "[a] message\n"


def test_the_interruption_carries_its_code():
    with pytest.raises(SystemExit) as stop:
        raise InterruptedWithResult
    assert stop.value.code == INTERRUPTED == 130
