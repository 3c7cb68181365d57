"""Random models of every kind: the minimum of the QUBO is the optimum that enumeration finds.

Nothing of ``to_qubo`` is used to judge it but ``decode_bits``: bit strings are enumerated here.
"""

from __future__ import annotations

from itertools import combinations, product
from math import prod

import dimod
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.errors import DecodingError, EncodingError, InfeasibleModelError, ModelError
from hybrid_opt.qubo import LevelModel, Pair, Problem, Qubo, Row, Variable, read_model, to_qubo

MAX_BITS = 13
ENCODINGS = ("auto", "one-hot", "domain-wall", "binary", "increments")
CHECK = settings(max_examples=60)

# Hypothesis draws the seed of a NumPy generator: numbers drawn one by one crowd around zero and repeat each
# other, and then presolve removes nearly every row.
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
SENSES = ("<=", ">=", "==")


def strings(n: int) -> np.ndarray:
    return np.array(list(product((0, 1), repeat=n)), dtype=np.int8).reshape(2**n, n)


def every_state(problem: Problem) -> np.ndarray:
    return np.array(list(product(*(range(v.size) for v in problem.variables))), dtype=np.int64).reshape(
        problem.n_states, len(problem.variables)
    )


def assert_exact(model, qubo: Qubo) -> None:
    """Compare all bit strings with all assignments."""
    problem = read_model(model)
    states = every_state(problem)
    feasible = problem.feasible(states)
    objective = problem.objective(states)
    bits = strings(qubo.n_bits)
    energies = qubo.bqm.energies((bits, list(qubo.bqm.variables)))
    decoded, valid = qubo.decode_bits(bits)
    good = valid & problem.feasible(decoded)

    # decoding never repairs: whatever is called feasible is, and no string beats the objective it decodes to
    assert (energies[good] >= problem.objective(decoded[good]) - 1e-7).all()
    if not feasible.any():
        assert not good.any()
        assert qubo.certificate.confirmed is None
        return
    best = objective[feasible].min()
    lowest = energies <= energies.min() + 1e-7
    assert energies.min() == pytest.approx(best, abs=1e-7)
    assert good[lowest].all()
    assert problem.objective(decoded[lowest]) == pytest.approx(best, abs=1e-7)
    assert qubo.certificate.proven
    assert qubo.certificate.confirmed is True

    # there and back again; where the slack was cut short, only answers without room for another item are free
    short = any(
        form.slack.sum() < row.slack_range and "slack" in form.kind.split("no slack")[0]
        for form, row in zip(qubo.forms, qubo.rows)
    )
    for state, cost in zip(states[feasible], objective[feasible]):
        back = qubo.encode_states(state)
        assert qubo.decode_bits(back[None])[0][0].tolist() == state.tolist()
        energy = qubo.bqm.energy(dict(zip(qubo.bqm.variables, back.tolist())))
        assert energy >= cost - 1e-7
        if not short or cost <= best + 1e-9:
            assert energy == pytest.approx(cost, abs=1e-6)


def assert_exact_in_every_encoding(model) -> None:
    for encoding in ENCODINGS:
        try:
            qubo = to_qubo(model, encoding=encoding)
        except EncodingError:
            assert encoding in ("binary", "increments")
            continue
        except InfeasibleModelError:
            problem = read_model(model)
            assert not problem.feasible(every_state(problem)).any()
            return
        if qubo.n_bits <= MAX_BITS:
            assert_exact(model, qubo)


def middling(lefts: list[float], rng: np.random.Generator) -> float:
    """A right side that neither everything nor nothing meets, most of the time."""
    return float(sorted(lefts)[len(lefts) // 2] + rng.choice([0, 0, 0, 0, -1, 1]))


def with_rows(problem: Problem, rows: list[tuple[str, dict]], rng: np.random.Generator) -> Problem:
    """Add rows whose right side some middling assignment meets, or misses by one."""
    made = []
    for sense, terms in rows:
        row = Row("", "<=", 0.0, terms)
        lefts = [sum(rng.choice(problem.weights(row, i)) for i in terms) for _ in range(5)]
        made.append(Row(f"r{len(made)}", sense, middling(lefts, rng), terms))
    return Problem(problem.variables, problem.pairs, made, problem.offset)


def quadratic_model(rng: np.random.Generator) -> dimod.ConstrainedQuadraticModel:
    """CQMs of binaries, spins and integers with any lower bound, any quadratic costs, rows of all senses."""
    kinds = rng.choice(["binary", "binary", "spin", "integer"], rng.integers(1, 6)).tolist()
    n_rows, density = rng.integers(1, 4), rng.choice([0.0, 0.5])
    cqm = dimod.ConstrainedQuadraticModel()
    x = []
    for i, kind in enumerate(kinds):
        lower = int(rng.integers(-3, 3))
        wide = dimod.Integer(f"v{i}", lower_bound=lower, upper_bound=lower + int(rng.integers(0, 4)))
        x.append(
            wide if kind == "integer" else dimod.Binary(f"v{i}") if kind == "binary" else dimod.Spin(f"v{i}")
        )
    objective = dimod.quicksum(rng.integers(-9, 10) / 2 * v for v in x) + 0.5
    for i, first in enumerate(x):
        for second in x[i:]:
            if rng.random() < density:
                objective += int(rng.integers(-5, 6)) * first * second
    cqm.set_objective(objective)
    base = read_model(cqm)
    for r in range(n_rows):
        weights = (
            rng.choice([-2, -1, 0, 1, 1, 2, 3, 0.5], len(x))
            if rng.random() < 0.6
            else rng.choice([-1, 1], len(x))
        )
        weights[rng.integers(len(x))] = 1
        left = dimod.quicksum(w * v for w, v in zip(weights, x))
        samples = [base.to_sample(np.array([rng.integers(v.size) for v in base.variables])) for _ in range(5)]
        rhs, sense = middling([left.energy(sample) for sample in samples], rng), rng.choice(SENSES)
        cqm.add_constraint(
            left <= rhs if sense == "<=" else left >= rhs if sense == ">=" else left == rhs, label=f"r{r}"
        )
    return cqm


def level_model(rng: np.random.Generator) -> LevelModel:
    """Value tables of any shape, units with unequal steps, pair tables, rows by unit or by level."""
    sizes = rng.choice([1, 2, 3, 3, 4, 5], rng.integers(1, 5)).tolist()
    shape, n_rows, equal = rng.choice(["any", "convex", "falling"]), rng.integers(1, 3), rng.random() < 0.5
    model = LevelModel()
    model.offset = float(rng.integers(-5, 6))
    for i, size in enumerate(sizes):
        steps = rng.integers(-8, 9, size) / 2
        costs = {"any": steps, "convex": np.cumsum(np.sort(steps)), "falling": -np.cumsum(np.abs(steps))}[
            shape
        ]
        model.add_variable(f"u{i}", costs, units=None if equal else np.cumsum(rng.integers(1, 4, size)))
    for i, j in combinations(range(len(sizes)), 2):
        how = rng.integers(4)
        if how == 1:
            model.add_pair(f"u{i}", f"u{j}", per_unit=int(rng.integers(-3, 4)))
        elif how == 2:
            model.add_pair(f"u{j}", f"u{i}", table=rng.integers(-5, 6, (sizes[j], sizes[i])))
    for _ in range(n_rows):
        weights = {}
        for i in rng.permutation(len(sizes))[: rng.integers(1, len(sizes) + 1)].tolist():
            table = rng.integers(-2, 6, sizes[i])
            weights[f"u{i}"] = (
                table.tolist()
                if rng.random() < 0.3
                else 1
                if rng.random() < 0.7
                else int(rng.integers(-1, 3))
            )
        lefts = [
            sum(rng.choice(w if isinstance(w, list) else w * model.units(k)) for k, w in weights.items())
            for _ in range(5)
        ]
        model.add_constraint(weights, str(rng.choice(SENSES)), middling(lefts, rng))
    return model


def mixed_problem(rng: np.random.Generator) -> Problem:
    """The internal form with what no reader makes: tables on top of products, all kinds in one row."""
    kinds = rng.choice(["binary", "spin", "integer", "level"], rng.integers(2, 5)).tolist()
    n_rows = rng.integers(1, 4)
    variables = []
    for i, kind in enumerate(kinds):
        size = 2 if kind in ("binary", "spin") else int(rng.integers(2, 5))
        lower = {"binary": 0, "spin": -1, "integer": int(rng.integers(-3, 3)), "level": 0}[kind]
        table = rng.integers(-8, 9, size) / 2 if rng.random() < 0.5 else None
        step, linear, square = (
            2 if kind == "spin" else 1,
            float(rng.integers(-6, 7)),
            float(rng.integers(-1, 2)),
        )
        variables.append(Variable(f"x{i}", kind, size, lower, step, linear, square, table))
    pairs = []
    for i, j in combinations(range(len(kinds)), 2):
        if rng.random() < 0.5:
            table = rng.integers(-5, 6, (variables[i].size, variables[j].size)).astype(float)
            pairs.append(Pair(i, j, float(rng.integers(-3, 4)), table if rng.random() < 0.5 else None))
    rows = []
    for _ in range(n_rows):
        terms = {}
        for i in rng.permutation(len(kinds))[: rng.integers(1, len(kinds) + 1)].tolist():
            steps = (
                rng.integers(1, 4, variables[i].size)
                if rng.random() < 0.6
                else rng.integers(-3, 4, variables[i].size)
            )
            terms[i] = np.cumsum(steps) / 2 if rng.random() < 0.4 else float(rng.choice([1, 1, 2, 3, -1]))
        rows.append((str(rng.choice(SENSES)), terms))
    return with_rows(Problem(variables, pairs, offset=0.25), rows, rng)


@CHECK
@given(generators)
def test_quadratic_models(rng):
    assert_exact_in_every_encoding(quadratic_model(rng))


@CHECK
@given(generators)
def test_level_models(rng):
    assert_exact_in_every_encoding(level_model(rng))


@CHECK
@given(generators)
def test_problems(rng):
    assert_exact_in_every_encoding(mixed_problem(rng))


@CHECK
@given(st.sampled_from([quadratic_model, level_model, mixed_problem]), generators)
def test_rows_left_out_leave_the_model_without_them(make, rng):
    problem = read_model(make(rng))
    chosen = [row.label for row in problem.rows if rng.random() < 0.5] or [problem.rows[0].label]
    held = Problem(
        problem.variables, problem.pairs, [r for r in problem.rows if r.label not in chosen], problem.offset
    )
    try:
        qubo = to_qubo(problem, penalty=dict.fromkeys(chosen, 0))
    except InfeasibleModelError:
        assert not problem.feasible(every_state(problem)).any()
        return
    if qubo.n_bits > MAX_BITS:
        return
    out = [label for label in chosen if label not in qubo.certificate.dropped]
    assert {label for label, weight in qubo.penalties.items() if weight == 0} == set(out)
    bits = strings(qubo.n_bits)
    energies = qubo.bqm.energies((bits, list(qubo.bqm.variables)))
    states, valid = qubo.decode_bits(bits[energies <= energies.min() + 1e-7])
    # Presolve cuts off states by all rows, so only what it kept is compared.
    kept = every_state(problem)
    low, sizes = qubo.first_states, np.array([encoding.size for encoding in qubo.encodings])
    kept = kept[((kept >= low) & (kept < low + sizes)).all(axis=1)]
    kept = kept[held.feasible(kept)]
    if len(kept):
        assert energies.min() == pytest.approx(problem.objective(kept).min(), abs=1e-7)
        assert valid.all()
        assert held.feasible(states).all()
    if out:
        assert not qubo.certificate.proven


@CHECK
@given(st.sampled_from(["BINARY", "SPIN"]), st.integers(0, 7), generators)
def test_quadratic_models_without_constraints_keep_every_energy(vartype, n, rng):
    bqm = dimod.BinaryQuadraticModel(vartype)
    for i in range(n):
        bqm.add_linear(i, float(rng.normal()))
        for j in range(i):
            bqm.add_quadratic(i, j, float(rng.choice([0, 0, -2, 1.5])))
    bqm.offset = float(rng.normal())
    qubo = to_qubo(bqm)
    assert qubo.n_bits == n
    bits = strings(n)
    decoded, valid = qubo.decode_bits(bits)
    assert valid.all()
    assert decoded.tolist() == bits.tolist()
    original = bqm if vartype == "BINARY" else bqm.change_vartype("BINARY", inplace=False)
    labels = list(range(n))
    assert qubo.bqm.energies((bits, labels)) == pytest.approx(original.energies((bits, labels)))


@CHECK
@given(generators, st.sampled_from(["one-hot", "domain-wall"]))
def test_strings_that_stand_for_nothing_are_refused(rng, encoding):
    try:
        qubo = to_qubo(level_model(rng), encoding=encoding)
    except InfeasibleModelError:
        return
    if qubo.n_bits > 8:
        return
    labels = list(qubo.bqm.variables)
    bits = strings(qubo.n_bits)
    _, valid = qubo.decode_bits(bits)
    for row, good in zip(bits, valid):
        sample = dict(zip(labels, row.tolist()))
        if good:
            qubo.problem.to_states(qubo.decode(sample))
        else:
            with pytest.raises(DecodingError):
                qubo.decode(sample)
    # every combination of states has one string per setting of the slack bits
    assert valid.sum() == prod(e.size for e in qubo.encodings) * 2**qubo.n_slack_bits


@CHECK
@given(generators)
def test_what_presolve_cut_off_is_infeasible(rng):
    problem = mixed_problem(rng)
    try:
        qubo = to_qubo(problem)
    except InfeasibleModelError:
        return
    for state in every_state(problem):
        try:
            qubo.encode_states(state)
        except ModelError:
            assert not problem.feasible(state[None])[0]
