from hybrid_opt.progress import shown, silent


def test_nothing_is_drawn_where_stderr_is_no_terminal(capsys):
    with shown("working") as report:
        assert report is silent
        report(0.5, "half")
    assert capsys.readouterr() == ("", "")


def test_a_bar_goes_to_stderr_and_never_to_stdout(capsys):
    with shown("working", enabled=True) as report:
        report(0.5, "half way")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "working" in printed.err
