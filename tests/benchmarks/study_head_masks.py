"""Which heads may go: masks from a quadratic model, exactly and by QAOA, beside the rules of the literature.

A digits encoder and a character GPT of 4 layers with 6 heads, trained for the purpose, five seeds each. At
18, 12 and 6 of 24 heads, every mask is chosen on the same calibration examples (of the training split) and
judged by its loss on held-out ones.

* ``qubo, fisher``: gradient and Fisher matrix, measured again in steps; ``qubo, fisher only``: without the
  gradient; ``qubo, measured``: 96 measured losses, four per head; all three solved exactly. ``qubo, greedy +
  swap``: the measured question by the greedy method.
* the rules of `head_baselines`; "greedy loss" goes one path to 6 heads and is read off on the way. "random"
  is the mean over 20 masks.
* "solvers": the measured question of each seed by every method: gap to the exact optimum, seconds. "qaoa,
  rule angles" has 8 layers, 1,000 shots and no training. "trained angles": QAOA as `solver_of` sets it, on
  the same questions, beside rows at equal samples and equal time.
* "check": 200 random masks, predicted against measured, for the Fisher matrix and for the measured model
  (whose own masks are others): Spearman and fitted scale of the quadratic term.

``summary``: means over seeds with half-widths of 95 % intervals (Student), and of differences seed by seed to
"michel" and to the best rule.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from record import Record
from scipy.stats import t as student

from hybrid_opt.classical import DistanceGPT, load_data, train
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.seeds import child_seed
from hybrid_opt.solvers import QAOA, solve
from hybrid_opt.tuning import (
    HeadQuestion,
    check_surrogate,
    head_baseline,
    head_statistics,
    read_batches,
    select_heads,
)
from hybrid_opt.tuning.head_baselines import greedy_path, random_mask
from hybrid_opt.tuning.head_methods import solver_of

SEEDS = (0, 1, 2, 3, 4)
KEEPS = (18, 12, 6)
HIDDEN, LAYERS, HEADS = 48, 4, 6
CALIBRATION, HELD_OUT, BATCH = 128, 400, 64
CHECKED, DRAWN = 200, 20
EVALUATIONS = 96
STEPS = {"digits": 500, "characters": 800}
RULES = ("magnitude", "michel", "michel iterative", "kwon diagonal", "kwon")
SOLVERS = ("qaoa, rule angles", "anneal", "milp", "greedy")
QUBO = ("qubo, fisher", "qubo, fisher only", "qubo, measured", "qubo, greedy + swap")


def make(kind: str) -> Any:
    """Data of a kind."""
    if kind == "digits":
        return load_data("digits", seed=0)
    return load_data("pydoc_topics", tokenizer="characters", sequence_length=64, seed=0)


def trained(kind: str, data: Any, seed: int) -> Any:
    """A model trained for the purpose."""
    torch.manual_seed(seed)
    sizes = {"hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    if kind == "digits":
        config = data.config(metric="l2", intermediate_size=2 * HIDDEN, **sizes)
        model: Any = DistanceEncoderForSequenceClassification(config)
    else:
        model = DistanceGPT(data.config(metric="l1", intermediate_size=4 * HIDDEN, **sizes))
    settings = TrainingSettings(
        max_steps=STEPS[kind], batch_size=32, learning_rate=2e-3, schedule="one_cycle", seed=seed,
        eval_steps=STEPS[kind], save_steps=STEPS[kind],
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        train(model, data, Path(folder) / "run", settings)
    return model.eval()


def by_name(name: str, question: HeadQuestion) -> Any:
    """The solver of a row."""
    if name != "qaoa, rule angles":
        return solver_of(name, question)
    left_out = dict.fromkeys(question.layer_rows, 0.0)
    return QAOA(depth=8, mixer="xy-exact", penalty=left_out or "certified")


def trained_angles(kind: str, data: Any, seed: int) -> dict[str, Any]:
    """QAOA with its trained angles on the measured questions of one model, beside rows at equal effort.

    ``rows`` holds the exact and the greedy answer, uniform feasible draws (where they can be counted), and
    annealing at equal samples and at equal time; gaps are to the exact optimum.
    """
    model, rows = trained(kind, data, seed), {}
    for keep in KEEPS:
        chosen = select_heads(
            model, data, keep, evaluations=EVALUATIONS, examples=CALIBRATION, batch_size=BATCH, seed=seed
        )
        solver = solver_of("qaoa", chosen.question)
        rivals = (solver_of("exact", chosen.question), "greedy", "anneal", "uniform")
        answer = solve(chosen.question.to_cqm(), solver, compare=rivals, seed=seed, time_limit=600)
        exact, record = chosen.solution.objective, answer.quantum

        def gap(value: float | None, exact: float = exact) -> float | None:
            return None if value is None else (value - exact) / max(abs(exact), 1e-12)

        rows[str(keep)] = {
            "gap": gap(answer.objective),
            "seconds": answer.timings["method"],
            "rows": {
                row.method: {
                    "gap": gap(row.objective) if row.feasible else None,
                    "samples": row.samples,
                    "feasible share": row.feasible_share,
                    "optimum share": row.optimum_share,
                    "seconds": row.seconds,
                    "note": row.note,
                }
                for row in answer.baselines
            },
            "uniform": None if record.uniform is None else vars(record.uniform),
            "qubits": record.qubits,
            "depth": record.depth,
            "shots": record.shots,
            "samples counted": record.samples_counted,
            "feasible share": record.feasible_share,
            "two-qubit depth": record.two_qubit_depth,
        }
    return rows


def run_seed(kind: str, data: Any, seed: int) -> dict[str, Any]:
    """All arms on one model."""
    model = trained(kind, data, seed)
    splits = ("validation", "test") if kind == "digits" else ("test",)
    held = [read_batches(data, model, split=split, examples=HELD_OUT, batch_size=BATCH) for split in splits]
    calibration = read_batches(
        data, model, examples=CALIBRATION, batch_size=BATCH, seed=child_seed(seed, "calibration")
    )

    def held_out(mask: Any) -> float:
        return sum(part.mean_loss(model, mask) * part.total_items for part in held) / sum(
            part.total_items for part in held
        )

    def judged(mask: Any, **more: Any) -> dict[str, Any]:
        return {
            "mask": np.asarray(mask).tolist(),
            "calibration": calibration.mean_loss(model, mask),
            "held out": held_out(mask),
            **more,
        }

    everything = np.ones(LAYERS * HEADS)
    statistics = head_statistics(model, calibration)
    result: dict[str, Any] = {"full": judged(everything)}
    path, cost = greedy_path(model, calibration, HeadQuestion(statistics, keep=min(KEEPS)))
    for keep in KEEPS:
        question = HeadQuestion(statistics, keep=keep)
        arms: dict[str, Any] = {}
        for rule in RULES:
            found = head_baseline(rule, model, calibration, question, seed=seed)
            arms[rule] = judged(found.mask, losses=found.losses, gradients=found.gradients)
        rng = np.random.default_rng(seed)
        losses = [held_out(random_mask(question, rng)) for _ in range(DRAWN)]
        arms["random"] = {"held out": mean(losses)}
        arms["greedy loss"] = judged(path[keep], losses=cost[keep])
        common: dict[str, Any] = {"examples": CALIBRATION, "batch_size": BATCH, "seed": seed}
        arms["qubo, fisher"] = judged(select_heads(model, data, keep, evaluations=0, **common).mask)
        only = select_heads(model, data, keep, evaluations=0, linear_term=False, **common)
        arms["qubo, fisher only"] = judged(only.mask)
        chosen = select_heads(model, data, keep, evaluations=EVALUATIONS, **common)
        arms["qubo, measured"] = judged(
            chosen.mask, losses=chosen.evaluations, source=chosen.source, answer=judged(chosen.answer)
        )
        cqm, exact = chosen.question.to_cqm(), chosen.solution.objective
        solvers: dict[str, Any] = {}
        for name in SOLVERS:
            answer = solve(cqm, by_name(name, chosen.question), seed=seed)
            gap = None if answer.objective is None else (answer.objective - exact) / max(abs(exact), 1e-12)
            solvers[name] = {"gap": gap, "seconds": answer.timings["total"], "feasible": answer.feasible}
            if name == "greedy" and answer.sample is not None:
                arms["qubo, greedy + swap"] = judged(chosen.question.mask(answer.sample))
            if answer.quantum is not None:
                solvers[name]["feasible share"] = answer.quantum.feasible_share
                solvers[name]["qubits"] = answer.quantum.qubits
        checks = {}
        for name, model_of_loss in (("fisher", statistics), ("measured", chosen.question.statistics)):
            check = check_surrogate(
                model, calibration, replace(question, statistics=model_of_loss), masks=CHECKED, seed=seed
            )
            checks[name] = {"spearman": check.spearman, "scale": check.scale}
        result[str(keep)] = {"arms": arms, "solvers": solvers, "check": checks}
    return result


def spread(values: list[float]) -> dict[str, float]:
    """Mean and half-width of its 95 % interval."""
    count = len(values)
    width = float(student.ppf(0.975, count - 1)) * stdev(values) / count**0.5 if count > 1 else 0.0
    return {"mean": mean(values), "half width": width}


def summary(parts: dict[str, Any], kind: str) -> dict[str, Any]:
    """Over seeds, by number of heads."""
    rows = [parts[f"{kind}, seed {seed}"] for seed in SEEDS]
    table: dict[str, Any] = {"full": spread([row["full"]["held out"] for row in rows])}
    for keep in KEEPS:
        found = [row[str(keep)] for row in rows]
        losses = {arm: [each["arms"][arm]["held out"] for each in found] for arm in found[0]["arms"]}
        rules = [arm for arm in losses if not arm.startswith("qubo")]
        best = min(rules, key=lambda arm: mean(losses[arm]))
        entry: dict[str, Any] = {"held out": {arm: spread(values) for arm, values in losses.items()}}
        entry["best rule"] = best
        for arm in QUBO:
            for name, other in (("michel", "michel"), ("best rule", best)):
                pairs = zip(losses[arm], losses[other], strict=True)
                entry[f"{arm} minus {name}"] = spread([ours - theirs for ours, theirs in pairs])
        entry["largest gap"] = {
            name: max(np.inf if each["solvers"][name]["gap"] is None else each["solvers"][name]["gap"]
                      for each in found)
            for name in SOLVERS
        }
        entry["check"] = {
            name: {
                figure: spread([each["check"][name][figure] for each in found])
                for figure in ("spearman", "scale")
            }
            for name in ("fisher", "measured")
        }
        table[str(keep)] = entry
    return table


def main(path: str, kinds: tuple[str, ...] = ("digits", "characters")) -> None:
    """Run what is not yet in the file."""
    record = Record(Path(path), seed=0)
    for kind in kinds:
        data = make(kind)
        for seed in SEEDS:
            if not record.has(f"{kind}, seed {seed}"):
                record.add(f"{kind}, seed {seed}", run_seed(kind, data, seed))
            if not record.has(f"{kind}, trained angles, seed {seed}"):
                record.add(f"{kind}, trained angles, seed {seed}", trained_angles(kind, data, seed))
        if not record.has(f"{kind}, summary"):
            record.add(f"{kind}, summary", summary(record.content["parts"], kind))


if __name__ == "__main__":
    main(sys.argv[1])
