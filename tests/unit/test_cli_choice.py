"""The commands that choose one option of each, called as a program."""

import json

import pytest
from typer.testing import CliRunner

from hybrid_opt.business.synthetic_prices import shipped_prices
from hybrid_opt.cli import app
from hybrid_opt.errors import OptionError

PRICES = shipped_prices()


def run(*arguments):
    return CliRunner().invoke(app, ["plan", "prices", *map(str, arguments)])


def test_prices(tmp_path):
    page, book = tmp_path / "prices.html", tmp_path / "prices.xlsx"
    done = run(
        PRICES.products, "--demand", PRICES.demand, "--cross", PRICES.cross, "--order", PRICES.order,
        "--shares", "0.9,1,1.1", "--endings", "0.99,0.49", "--max-changes", 3, "--seed", 0, "--json",
        "--report", page, "--excel", book,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["status"] == "optimal"
    assert content["prices changed"] <= 3
    assert page.exists()
    assert book.exists()


def test_tables_are_printed():
    done = run(PRICES.products, "--demand", PRICES.demand, "--seed", 0, "--what-if", "tea_small")
    assert done.exit_code == 0
    assert "What if tea_small is held" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--shares", "0.9;1"], "--shares is '0.9;1'"),
        (["--endings", "x"], "--endings is 'x'"),
        (["--shares", "1", "--ladder", PRICES.order], "not both"),
    ],
)
def test_wrong_flags(arguments, words):
    done = run(PRICES.products, "--demand", PRICES.demand, *arguments)
    assert isinstance(done.exception, OptionError)
    assert words in str(done.exception)
