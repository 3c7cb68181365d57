"""Everything at once: steps in levels on a small transformer, plans beside it, each step kept or undone.

Stop the script and run it again: it goes on where it was. Needs the extras "transformer", "tuning", "ml" and
"aer". The tables of the plans are synthetic.
"""

import os

import hybrid_opt as ho
from hybrid_opt.classical import TrainingSettings, load_data
from hybrid_opt.system.shipped_plans import shipped_planners

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
LEVEL, STEPS, SEEDS = ("basic", 2, 2) if FAST else ("full", 60, 3)

data = load_data("digit_patches", limit=200 if FAST else None, seed=0)
config = ho.HybridConfig(
    model=data.config(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, metric="l2"),
    data=data,
    plans=shipped_planners(),
    level=LEVEL,
    settings=TrainingSettings(max_steps=STEPS, batch_size=32, learning_rate=5e-3),
    seeds=SEEDS,
    test_seeds=SEEDS,
    seed=0,
    threads=1,
)
report = ho.HybridOptimizer(config).run("hybrid_run")
print(report)

# What was kept is an ordinary configuration with ordinary training settings.
print(report.recipe.configuration().metric, report.recipe.training.learning_rate)
print("page:", report.report("hybrid_run.html"))
