"""The command that plans posts, called as a program."""

import json

import pytest
from typer.testing import CliRunner

from hybrid_opt.cli import app
from hybrid_opt.errors import OptionError
from hybrid_opt.marketing.synthetic_posting import shipped_posting

FILES = shipped_posting()


def run(*arguments):
    return CliRunner().invoke(app, ["plan", "posts", *map(str, arguments)])


def test_slots_are_chosen(tmp_path):
    page, book = tmp_path / "posts.html", tmp_path / "posts.xlsx"
    done = run(
        FILES.slots, "--choose", 3, "--fatigue", "0.3", "--fatigue-hours", 48, "--weekend", "1:2",
        "--seed", 0, "--json", "--report", page, "--excel", book,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["status"] == "optimal"
    assert len(content["schedule"]) == 3
    assert page.exists()
    assert book.exists()


def test_posts_are_placed():
    done = run(FILES.slots, "--posts", FILES.posts, "--max-per-day", 1, "--seed", 0, "--weekend", ":1")
    assert done.exit_code == 0, done.output
    assert "Which post when" in done.stdout


@pytest.mark.parametrize("text", ["1", "a:2", "1:2:3"])
def test_a_wrong_weekend(text):
    done = run(FILES.slots, "--choose", 2, "--weekend", text)
    assert isinstance(done.exception, OptionError)
    assert "--weekend is" in str(done.exception)


def test_past_posts_instead_of_slots():
    done = run("--history", FILES.history, "--choose", 2, "--seed", 0)
    assert done.exit_code == 0, done.output
    assert "estimated from 77 past posts" in done.stdout


def test_past_posts_in_a_zone():
    done = run("--history", FILES.history, "--timezone", "Europe/Madrid", "--choose", 2, "--seed", 0)
    assert done.exit_code == 0, done.output
    assert "Europe/Madrid" in done.stdout
