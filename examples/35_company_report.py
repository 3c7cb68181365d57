"""Messy spreadsheets in, one budget shared among plans, all plans on one page out.

The improvements that ship with the package are synthetic (made by a seeded generator); the media plan is
made up.
"""

import os
import tempfile
from pathlib import Path

import hybrid_opt as ho
from hybrid_opt.business import ProcessPlanner
from hybrid_opt.business.synthetic_processes import shipped_processes
from hybrid_opt.marketing import BudgetPlanner

# As a spreadsheet program of a Spanish office saves it: title above, total below, thousands of euros.
PLAN = """Plan de medios 2026;;;;
;;;;
Canal;Presupuesto (k€);Gasto mínimo (k€);Gasto máximo (k€);Paso (k€)
TV;60,0;0;120,0;20,0
Búsqueda;40,0;20,0;100,0;20,0
Total;100,0;20,0;220,0;
"""
CURVES = """Canal;Gasto (€);Ingresos (€)
TV;0;0
TV;60.000,00;90.500,00
TV;120.000,00;131.250,50
Búsqueda;0;0
Búsqueda;50.000,00;120.000,00
Búsqueda;100.000,00;150.000,00
"""

folder = Path(tempfile.mkdtemp())
(folder / "plan.csv").write_text(PLAN, encoding="cp1252")
(folder / "curvas.csv").write_text(CURVES, encoding="cp1252")

# What was understood stands in the notes of the planner, and of all its plans.
media = BudgetPlanner.from_csv(folder / "plan.csv", folder / "curvas.csv", spend="at_most")
for note in media.notes:
    print("-", note.replace(f"{folder}{os.sep}", ""))

shop = shipped_processes()
processes = ProcessPlanner.from_csv(
    shop.improvements,
    areas=shop.areas,
    needs=shop.needs,
    exclusions=shop.exclusions,
    limits={"cost": 240_000, "staff": 150},
)

# One budget for both: each is solved again at every multiple of 20,000, the best split of them is proven.
shared = ho.planning.share_budget(
    {"media": media, "processes": processes},
    300_000,
    step=20_000,
    limits={"processes": "limits.cost"},
    seed=0,
)
print(shared.summary())

# Warnings first, then a summary, plans of one kind side by side, and each plan with its pictures.
plans = {"Shared budget": shared, **shared.plans, "media as today": media.solve(seed=0)}
ho.planning.combined_report(plans, "company.html", title="All plans of the company")
print("page: company.html")
