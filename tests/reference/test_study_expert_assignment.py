"""The study of assigned experts in a reduced form, and the committed figures against the page."""

import json
import sys
from statistics import median

import pytest

METHODS = (
    *("milp", "exact", "qaoa (xy-exact)", "uniform (equal samples)", "uniform (equal time)"),
    *("greedy", "sinkhorn"),
)


@pytest.fixture
def study(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    import study_expert_assignment

    yield study_expert_assignment
    for name in ("record", "timing", "study_expert_assignment"):
        sys.modules.pop(name, None)


def test_reduced(study, tmp_path, monkeypatch):
    reduced = {
        "METRIC": "dot", "SEEDS": (0,), "STEPS": 6, "BATCH": 2, "LENGTH": 32, "FIRST": 2, "EVERY": 2,
        "WARMUP": 1, "HIDDEN": 16, "LAYERS": 1, "HEADS": 2, "EXPERTS": 2, "WIDTH": 16, "CLUSTERS": 3,
        "EXAMPLES": 8, "LIMIT": 12, "TEST_EXAMPLES": 4, "ROUNDS": 1,
    }  # fmt: skip
    for name, value in reduced.items():
        monkeypatch.setattr(study, name, value)
    arms = ("auxiliary", "no balancing", "assigned every 100", "frozen table, random")
    monkeypatch.setattr(study, "ARMS", {arm: study.ARMS[arm] for arm in arms})
    monkeypatch.setitem(study.ARMS["assigned every 100"], "until", 6)
    monkeypatch.setattr(study, "MODELS", {"causal_lm": study.MODELS["causal_lm"]})
    path = tmp_path / "assignment.json"
    study.main(str(path))
    parts = json.loads(path.read_text())["parts"]
    assigned = parts["causal_lm, assigned every 100, seed 0"]
    assert [entry["step"] for entry in assigned["assignments"]] == [2, 4]
    assert parts["causal_lm, auxiliary, seed 0"]["assignments"] == []
    assert parts["causal_lm, summary"]["auxiliary"]["loss minus auxiliary"]["mean"] == 0.0
    for entry in parts["causal_lm, solvers, seed 0"]:
        rows = {row["method"]: row for row in entry["rows"]}
        assert set(METHODS) <= set(rows)
        assert rows["exact"]["status"] == "optimal"
        assert rows["qaoa (xy-exact)"]["objective"] >= rows["exact"]["objective"] - 1e-9
    before = path.read_text()
    study.main(str(path))
    assert path.read_text() == before


@pytest.fixture(scope="module")
def parts(root):
    return json.loads((root / "docs" / "studies" / "expert_assignment.json").read_text())["parts"]


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "expert_assignment.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("task", ["masked_lm", "causal_lm"])
def test_the_page_has_the_losses_and_loads(task, parts, page):
    for arm, row in parts[f"{task}, summary"].items():
        apart, loads = row["loss minus auxiliary"], row["evaluation"]
        difference = f"{apart['mean']:+.3f} ± {apart['standard error']:.3f}" if arm != "auxiliary" else ""
        cells = [
            arm, f"{row['perplexity']:.2f}", difference,
            f"{row['training']['mean_pass_violation']:.2f}", f"{loads['max_violation']:.2f}",
            f"{loads['coefficient_of_variation']:.2f}", f"{100 * row['training']['dropped_share']:.1f} %",
            f"{100 * loads['tokens_without_expert']:.1f} %", f"{loads['router_entropy']:.2f}",
        ]  # fmt: skip
        assert "| " + " | ".join(cells) + " |" in page, (task, arm, cells)


def test_the_page_has_the_answers_of_the_solvers(parts, page):
    for method in METHODS:
        (line,) = [one for one in page.splitlines() if one.startswith(f"| {method} |")]
        cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
        told = []
        for kind in ("linear", "with pairs"):
            found, gaps, seconds = 0, [], []
            for name in [name for name in parts if ", solvers, " in name]:
                for entry in [entry for entry in parts[name] if entry["kind"] == kind]:
                    rows = {row["method"]: row for row in entry["rows"]}
                    best, row = rows["exact"]["objective"], rows[method]
                    found += row["feasible"] and row["objective"] <= best + 1e-9
                    gaps.append(abs(row["objective"] - best) / abs(best) if row["feasible"] else 0.0)
                    seconds.append(row["seconds"])
            told += [f"{found} of {len(gaps)}", f"{100 * max(gaps):.0f} %", f"{median(seconds):.2f}"]
        assert cells == told, method
