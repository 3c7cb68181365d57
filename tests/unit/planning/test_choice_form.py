"""Choices of one option per group by groups: values, limits and models against a loop over all of them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from hybrid_opt.errors import ModelTooLargeError, PlanError
from hybrid_opt.planning import choice_search, choice_windows
from hybrid_opt.planning.choice_form import ChoiceForm
from hybrid_opt.planning.choice_near import near_choices
from hybrid_opt.planning.choice_search import all_choices, best_choice
from hybrid_opt.planning.choice_windows import choice_window, coarsen_choices, improve_choices
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.side_constraint import SideConstraint
from hybrid_opt.qubo import read_model, to_qubo
from hybrid_opt.qubo.enumeration import count_and_minimize


def question(groups=3, options=3, seed=0, limits=True):
    random = np.random.default_rng(seed)
    n = groups * options
    lines = [
        Line(f"g{g}o{k}", [0, 1], [0.0, float(random.integers(1, 9))], f"g{g}")
        for g in range(groups)
        for k in range(options)
    ]
    pairs = [
        Synergy(a, b, float(random.integers(-4, 5)))
        for a in range(n)
        for b in range(a + 1, n)
        if a // options != b // options
    ]
    order = tuple((i % options) * {0: 1, 1: -1}.get(i // options, 0) for i in range(n))
    changed = tuple(int(i % options != 1) for i in range(n))
    sides = [SideConstraint("order", order, None, 0), SideConstraint("changes", changed, None, groups - 1)]
    caps = {f"g{g}": 1 for g in range(groups)}
    return LevelQuestion(
        lines, groups, caps=caps, synergies=pairs, reference=1.0, sides=sides if limits else ()
    )


def brute(asked):
    """All feasible choices as 0 or 1 per line, with their values."""
    groups = [asked.members(group) for group in asked.caps]
    found = []
    for pick in itertools.product(*groups):
        units = np.zeros(len(asked.lines), dtype=np.int64)
        units[list(pick)] = 1
        if all(side.keeps(units) for side in asked.sides):
            found.append((pick, asked.value(units)))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_enumeration_and_program_equal_brute_force(seed):
    asked = question(seed=seed)
    form, expected = ChoiceForm.of(asked), brute(question(seed=seed))
    found = all_choices(form)
    assert [tuple(pick) for pick in found.picks.tolist()] == [pick for pick, _ in expected]
    np.testing.assert_allclose(found.values, [value for _, value in expected])
    np.testing.assert_allclose(form.values_of(found.picks), found.values)
    pick, bound = best_choice(form, 10.0)
    best = max(value for _, value in expected)
    assert form.value(pick) == pytest.approx(best)
    assert bound == pytest.approx(best)


@pytest.mark.parametrize("seed", range(3))
def test_the_qubo_minimum_is_the_optimum(seed):
    asked = question(seed=seed)
    form = ChoiceForm.of(asked)
    qubo = to_qubo(form.model(), encoding="one-hot")
    bits = count_and_minimize(read_model(qubo.bqm)).minimizers[:1]
    sample = dict(zip(form.groups, qubo.decode_bits(bits)[0][0].tolist()))
    assert form.value(form.pick(sample)) == max(value for _, value in brute(asked))


def test_a_limit_on_two_groups_needs_no_slack():
    asked = question(limits=False)
    order = question().sides[0]
    form = ChoiceForm.of(LevelQuestion(
        asked.lines, 3, caps=asked.caps, synergies=asked.synergies, reference=1.0, sides=[order]
    ))  # fmt: skip
    assert to_qubo(form.model(), encoding="one-hot").n_slack_bits == 0


def test_held_lines():
    asked = question()
    lines = list(asked.lines)
    lines[0] = Line("g0o0", [0], [0.0], "g0")
    lines[4] = Line("g1o1", [1], [5.0], "g1")
    form = ChoiceForm.of(LevelQuestion(lines, 3, caps=asked.caps, reference=1.0))
    assert [own.tolist() for own in form.options] == [[1, 2], [4], [6, 7, 8]]


def held_question(change):
    asked = question()
    lines = list(asked.lines)
    for i, units in change.items():
        lines[i] = Line(lines[i].label, [units], [0.0], lines[i].group)
    return LevelQuestion(lines, 3, caps=asked.caps, reference=1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [({0: 0, 1: 0, 2: 0}, "no option left"), ({0: 1, 1: 1}, "two options that must be taken")],
)
def test_groups_without_a_choice_are_refused(change, words):
    with pytest.raises(PlanError, match=words):
        ChoiceForm.of(held_question(change))


def test_other_selections_are_refused():
    asked = question()
    with pytest.raises(PlanError, match="no choice of one option per group"):
        ChoiceForm.of(LevelQuestion(asked.lines, 2, caps=asked.caps, reference=1.0))


def test_limits_that_clash_and_sizes_are_named():
    asked = question(limits=False)
    never = [SideConstraint("never", tuple([1] * 9), None, 2)]
    form = ChoiceForm.of(LevelQuestion(asked.lines, 3, caps=asked.caps, reference=1.0, sides=never))
    with pytest.raises(PlanError, match="never"):
        all_choices(form)
    with pytest.raises(PlanError, match="never"):
        best_choice(form, 5.0)
    with pytest.raises(ModelTooLargeError, match="too many to look at"):
        all_choices(ChoiceForm.of(question(groups=13)))


def test_neighbors_differ_in_one_or_two_groups():
    asked = question()
    form = ChoiceForm.of(asked)
    feasible = {pick for pick, _ in brute(asked)}
    start = (1, 4, 7)
    expected = {pick for pick in feasible if sum(a != b for a, b in zip(pick, start)) <= 2}
    assert {tuple(pick) for pick in form.neighbors(np.array(start)).tolist()} == expected


def test_near_choices_count_all():
    asked = question()
    form, found = ChoiceForm.of(asked), all_choices(ChoiceForm.of(asked))
    best = int(np.argmax(found.values))
    value = float(found.values[best])
    units = form.units(found.picks[best][None, :])[0]
    near = near_choices(
        asked, form, found.picks, found.values, units, value, tolerance=0.5, most=4, seed=3, exact=True
    )
    within = found.picks[found.values >= value - 0.5 * abs(value)]
    assert near.count == len(within)
    assert near.values[0] == value
    assert near.ranges[:, 1].tolist() == [int((within == i).any()) for i in range(9)]
    assert near.ranges[:, 0].tolist() == [int((within == i).any(axis=1).all()) for i in range(9)]


def test_a_window_frees_some_groups_and_lifts_back():
    asked = question(limits=False)
    anchor = form_units(asked, (0, 4, 8))
    small = choice_window(asked, anchor, ["g1"])
    assert small.lift(np.array([0, 2, 0])).tolist() == form_units(asked, (0, 5, 8)).tolist()
    assert ChoiceForm.of(small.question).size == 3


def form_units(asked, pick):
    units = np.zeros(len(asked.lines), dtype=np.int64)
    units[list(pick)] = 1
    return units


def test_coarsening_takes_what_fits():
    asked = question(limits=False)
    anchor = form_units(asked, (0, 4, 8))
    small, qubo = coarsen_choices(asked, anchor, 9)
    assert qubo.n_bits == 9
    assert all(len(kept) == 2 for kept in small.kept)
    small, qubo = coarsen_choices(asked, anchor, 7)
    assert qubo.n_bits == 6
    with pytest.raises(ModelTooLargeError, match="two groups"):
        coarsen_choices(asked, anchor, 4)
    with pytest.raises(PlanError, match="nothing to choose"):
        coarsen_choices(choice_window(asked, anchor, []).question, np.zeros(9, dtype=np.int64), 9)


def test_improvement_by_blocks_never_gets_worse_and_finds_a_small_optimum():
    asked = question()
    start = form_units(asked, (0, 4, 7))
    whole = improve_choices(asked, start, "exact", max_bits=9, seed=1)
    assert whole.value == max(value for _, value in brute(asked))
    assert len(whole.rounds) == 1
    blocks = improve_choices(asked, start, "exact", max_bits=6, seed=1)
    assert asked.value(start) <= blocks.value <= whole.value
    assert len(blocks.rounds) == 4


def test_ctrl_c_inside_a_solver_is_not_swallowed(monkeypatch):
    """Solvers end at ctrl-C with what they have, and say so; so do plans."""
    for room in (choice_search, choice_windows):

        def cut(*given, own=room.solve, **options):
            return replace(own(*given, **options), interrupted=True)

        monkeypatch.setattr(room, "solve", cut)
    asked = question()
    with pytest.raises(KeyboardInterrupt):
        best_choice(ChoiceForm.of(asked), 10.0)
    found = improve_choices(asked, form_units(asked, (0, 4, 7)), "exact", max_bits=6, seed=1)
    assert (found.interrupted, found.deterministic, len(found.rounds)) == (True, False, 1)
