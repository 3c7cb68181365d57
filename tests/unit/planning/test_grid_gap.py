from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.marketing.synthetic import shipped_example
from hybrid_opt.planning.grid_gap import finer_grid_gap
from hybrid_opt.planning.proven_answer import prove


def test_a_finer_grid_is_never_worse():
    plan, curves, caps = shipped_example()
    task = BudgetPlanner.from_csv(plan, curves, caps=caps).question
    proven = prove(task.levels())
    gap = finer_grid_gap(task, proven)
    assert gap.factor == 4
    assert gap.value == max(proven.value, prove(task.finer(4).levels()).value)
