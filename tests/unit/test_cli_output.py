"""What the commands share: exact JSON, messages on stderr, an interruption that has shown its result."""


import pytest

from hybrid_opt.cli_output import (
    INTERRUPTED,
    InterruptedWithResult,
    check_report,
    print_json,
    print_plan,
    print_sentences,
    print_tables,
    tell,
)
from hybrid_opt.errors import OptionError


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


def test_sentences_are_broken_between_words(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    print_sentences(["a [tag] sentence that is longer than one-line of thirty", "short"])
    assert capsys.readouterr().out.splitlines() == [
        "a [tag] sentence that is",
        "  longer than one-line of",
        "  thirty",
        "short",
    ]


def test_tables_are_set_apart(capsys):
    from hybrid_opt.reports import Table

    print_tables([Table(["a"], [["x"]]), Table(["b"], [["y"]])])
    blocks = capsys.readouterr().out.split("\n\n")
    assert [block.split()[0] for block in blocks if block.strip()] == ["a", "b"]


def test_plans_go_to_stdout_and_their_page_to_a_file(capsys, tmp_path):
    class Plan:
        def report(self, path):
            path.write_text("page")
            return path

        def to_dict(self):
            return {"a": 1}

        def tables(self):
            return []

    print_plan(Plan(), as_json=True, report=tmp_path / "x.html")
    printed = capsys.readouterr()
    assert printed.out == '{\n  "a": 1\n}\n'
    assert printed.err.startswith("report: ")
    assert (tmp_path / "x.html").read_text() == "page"
    print_plan(Plan(), as_json=False, report=None)
    assert capsys.readouterr() == ("", "")


def test_a_report_without_a_folder_is_refused(tmp_path):
    with pytest.raises(OptionError, match="its folder does not exist"):
        check_report(tmp_path / "no" / "x.html")


@pytest.mark.parametrize("name", ["x.pdf", "x", "html"])
def test_a_report_of_another_form_is_refused(tmp_path, name):
    with pytest.raises(OptionError, match=r"does not end with \.html; only that form is written"):
        check_report(tmp_path / name)
