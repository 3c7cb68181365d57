"""The commands that choose one option of each, called as a program."""

import json

import pytest
from typer.testing import CliRunner

from hybrid_opt.business.synthetic_prices import shipped_prices
from hybrid_opt.cli import app
from hybrid_opt.errors import OptionError
from hybrid_opt.marketing.synthetic_content import shipped_content

PRICES, CONTENT = shipped_prices(), shipped_content()


def run(*arguments):
    return CliRunner().invoke(app, ["plan", "prices", *map(str, arguments)])


def run_content(*arguments):
    return CliRunner().invoke(app, ["plan", "content", *map(str, arguments)])


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


def test_content(tmp_path):
    page = tmp_path / "content.html"
    done = run_content(
        CONTENT.levels, "--pairs", CONTENT.pairs, "--audiences", CONTENT.audiences, "--forbidden",
        CONTENT.forbidden, "--worth", 30, "--budget", 1400, "--fatigue", 0.25, "--explore", 1, "--seed", 0,
        "--what-if", "startup: image", "--json", "--report", page,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["status"] == "optimal"
    assert content["production cost"] <= 1400
    assert set(content["variants"]) == {"enterprise", "startup", "consumer"}
    assert page.exists()


def test_content_from_tests():
    done = run_content(
        "--tests", CONTENT.tests, "--interactions", "headline*image, image * call", "--scale", "logit",
        "--seed", 0,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "estimated from the tests" in done.stdout


def test_wrong_interactions():
    done = run_content("--tests", CONTENT.tests, "--interactions", "headline,image")
    assert isinstance(done.exception, OptionError)
    assert "write pairs of factors" in str(done.exception)
