"""The command system: options reach the question, results on stdout, messages on stderr."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_opt.cli import app
from hybrid_opt.errors import OptionError
from hybrid_opt.system import optimizer

runner = CliRunner()


class Found(SimpleNamespace):
    """A report with nothing in it."""

    interrupted = False
    seed = 7

    def tables(self) -> list[Any]:
        return []

    def sentences(self) -> list[str]:
        return ["Nothing was kept."]

    def to_dict(self) -> dict[str, Any]:
        return {"verdict": "nothing"}

    def report(self, path):
        path.write_text("page")


@pytest.fixture
def asked(monkeypatch):
    """What the optimizer was asked, without running it."""
    seen: list[Any] = []
    found = Found()

    def run(self, path, *, progress):
        seen.extend([self.config, path])
        return found

    monkeypatch.setattr(optimizer.HybridOptimizer, "run", run)
    return SimpleNamespace(seen=seen, found=found)


def test_a_small_model_by_default(asked):
    result = runner.invoke(app, ["system", "--data", "wine", "--level", "basic", "--seed", "3"])
    assert result.exit_code == 0, result.output
    config, path = asked.seen
    assert (config.model.hidden_size, config.model.num_hidden_layers, config.level) == (32, 2, "basic")
    assert (config.seed, config.plans, config.threads, str(path)) == (3, (), 1, "system")
    assert result.stdout == "Nothing was kept.\n"
    assert "folder: system, seed: 7" in result.stderr


def test_no_steps_are_refused(asked, capsys, monkeypatch):
    result = runner.invoke(app, ["system", "--data", "wine", "--level", "basic", "--steps", "0"])
    assert result.exit_code != 0
    assert "max_steps is 0" in str(result.exception)
    assert asked.seen == []


def test_the_reference_has_its_sizes_and_full_its_plans(asked, tmp_path):
    arguments = ["system", "--reference", "--data", "wine", "--no-quantum", "--path", str(tmp_path), "--json"]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    config, path = asked.seen
    model = config.model
    sizes = (model.hidden_size, model.num_attention_heads, model.num_hidden_layers, model.metric)
    assert sizes == (256, 8, 4, "l1")
    assert (config.quantum, path) == (False, tmp_path)
    assert [type(plan).__name__ for plan in config.plans] == [
        f"{task}Planner"
        for task in ("Budget", "Audience", "Content", "Posting", "Price", "Resource", "Process", "Strategy")
    ]
    assert json.loads(result.stdout) == {"verdict": "nothing"}


def test_a_page_is_written_and_its_place_checked_first(asked, tmp_path):
    page = tmp_path / "page.html"
    arguments = ["system", "--data", "wine", "--level", "basic", "--html", str(page)]
    assert runner.invoke(app, arguments).exit_code == 0
    assert page.read_text() == "page"
    asked.seen.clear()
    result = runner.invoke(app, [*arguments[:-1], str(tmp_path / "nowhere" / "page.html")])
    assert isinstance(result.exception, OptionError)
    assert asked.seen == []


def test_an_interruption_shows_what_there_is_and_says_how_to_go_on(asked):
    asked.found.interrupted = True
    result = runner.invoke(app, ["system", "--data", "wine", "--level", "basic"])
    assert result.exit_code == 130
    assert "Nothing was kept." in result.stdout
    assert "the same command goes on from system" in result.stderr


def test_a_wrong_level_is_refused(asked):
    result = runner.invoke(app, ["system", "--data", "wine", "--level", "best"])
    assert isinstance(result.exception, OptionError)
    assert "legal are basic, advanced, full" in str(result.exception)
