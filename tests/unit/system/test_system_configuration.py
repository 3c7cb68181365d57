"""Every wrong setting of a run is refused, and says what is legal."""

from __future__ import annotations

import pytest

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import TrainingError
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.errors import OptionError
from hybrid_opt.system.configuration import HybridConfig, plan_room
from hybrid_opt.system.shipped_plans import shipped_planners

DATA = load_data("wine")
MODEL = DATA.config(hidden_size=8, num_attention_heads=2)
BUDGETED = TrainingSettings(callbacks={"memory_budget": {"mebibytes": 4096}})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": "best"}, "level is 'best'; legal are basic, advanced, full"),
        ({"simulator": "gpu"}, "simulator is 'gpu'; legal are native, aer"),
        ({"quantum": 1}, "quantum is 1; it must be True or False"),
        ({"business": "no"}, "business is 'no'"),
        ({"seed": -1}, "seed is -1"),
        ({"seeds": 1}, "seeds is 1"),
        ({"test_seeds": 1}, "test_seeds is 1"),
        ({"trials": 0}, "trials is 0"),
        ({"experts": 1}, "experts is 1"),
        ({"threads": 0}, "threads is 0"),
        ({"keep": 1.0}, "keep is 1.0; it must be a share"),
        ({"keep": True}, "keep is True"),
        ({"time_limit": 0.0}, "time_limit is 0"),
        ({"settings": {"max_steps": 3}}, "settings is dict"),
        ({"settings": TrainingSettings(early_stopping_patience=2)}, "early_stopping_patience"),
        ({"settings": BUDGETED}, "settings.callbacks has memory_budget, .* leave it out"),
        ({"plans": "budget"}, "plans is 'budget'; it must be a list"),
        ({"plans": [3]}, r"plans\[0\] is int; legal are planners"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(OptionError, match=message):
        HybridConfig(MODEL, DATA, **settings)


def test_data_that_do_not_fit_are_refused():
    with pytest.raises(OptionError, match="config is str"):
        HybridConfig("model", DATA)
    with pytest.raises(OptionError, match="data is str"):
        HybridConfig(MODEL, "wine")
    with pytest.raises(OptionError, match="the data 'digit_patches' need"):
        HybridConfig(MODEL, load_data("digit_patches", limit=100))
    with pytest.raises(TrainingError):
        HybridConfig(MODEL, DATA, settings=TrainingSettings(batch_size=1000))


def test_levels_hold_those_below():
    assert HybridConfig(MODEL, DATA).levels() == ("basic",)
    assert HybridConfig(MODEL, DATA, level="full").levels() == ("basic", "advanced", "full")
    assert HybridConfig(MODEL, DATA, neural=False, quantum=False).switched_off() == ["quantum", "neural"]


def test_facts_tell_runs_apart_but_not_levels():
    one, two = HybridConfig(MODEL, DATA), HybridConfig(MODEL, DATA, level="full")
    assert one.facts(1) == two.facts(1) != one.facts(2)
    for other in ({"quantum": False}, {"threads": 1}, {"time_limit": 5.0}):
        assert one.facts(1) != HybridConfig(MODEL, DATA, **other).facts(1)


def test_planners_and_plans_are_known_by_their_room():
    named = {type(planner).__name__: planner for planner in shipped_planners()}
    budget, resources = named["BudgetPlanner"], named["ResourcePlanner"]
    config = HybridConfig(MODEL, DATA, plans=[budget, resources])
    assert [plan_room(plan) for plan in config.plans] == ["marketing", "business"]

    class Own(type(budget)):
        pass

    assert plan_room(Own.__new__(Own)) == "marketing"
    assert plan_room(DATA) is None
