"""The hybrid demo as tables and plain sentences: what each step changed on held-out images, and its cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ..reports import Table
from .quantum_rows import quantum_verdict

if TYPE_CHECKING:
    from .hybrid_demo import DemoRow, HybridDemo

__all__ = ["demo_sentences", "demo_tables", "label_table"]

Align = Literal["left", "right"]

_EQUAL = 5e-5  # nats: what four decimals cannot tell apart


def demo_tables(demo: HybridDemo) -> list[Table]:
    """All tables, in the order a reader wants them.

    Args:
        demo: the result.

    Returns:
        Steps, heads, scales, quantum rows.
    """
    return [_steps(demo), _heads(demo), _scales(demo), label_table(demo)]


def _steps(demo: HybridDemo) -> Table:
    """Held-out loss and accuracy after each step, each beside the exact answer to the same question."""
    rows: list[list[str]] = []
    before: DemoRow | None = None
    for step in ("trained", "heads", "scales"):
        ours = demo.used(step)
        exact = None if step == "trained" else demo.exact(step)
        rows.append(
            [
                _step_name(ours),
                _figure(ours.test_loss),
                "" if before is None else _change(ours.test_loss, before.test_loss),
                "" if exact is None else _figure(exact.test_loss),
                _share(ours.test_accuracy),
                "" if before is None else _points(ours.test_accuracy, before.test_accuracy),
                "" if exact is None else _share(exact.test_accuracy),
                f"{ours.seconds:.1f}",
            ]
        )
        before = ours
    sizes = demo.sizes
    return Table(
        ["step", "test loss", "change", "exact", "accuracy", "change", "exact", "seconds"],
        rows,
        title=f"{sizes['layers']} layers of {sizes['heads']} heads on the digits of scikit-learn, seed "
        f"{demo.seed}",
        align=["left", *_right(7)],
        note=f"{demo.test_examples} test images that no step has seen; one image is "
        f"{100 / demo.test_examples:.1f} points of accuracy. exact: what the proven optimum of the same "
        "question gives",
    )


def _heads(demo: HybridDemo) -> Table:
    chosen = demo.selection
    rows = [
        [
            row.method,
            row.choice,
            _figure(row.calibration_loss),
            _figure(row.test_loss),
            _share(row.test_accuracy),
            "" if row.solver_seconds is None else f"{row.solver_seconds:.3f}",
        ]
        for row in _of(demo, "heads")
    ]
    used = demo.used("heads")
    shared = used.seconds - (used.solver_seconds or 0.0)
    return Table(
        ["method", "heads that stay, by layer", "calibration", "test loss", "accuracy", "seconds"],
        rows,
        title=f"Step 2: {int(chosen.mask.sum())} of {len(chosen.mask)} heads stay",
        align=["left", "left", *_right(4)],
        note=f"all methods answer one quadratic model of the loss, from gradients and {chosen.evaluations} "
        f"losses measured on {demo.sizes['calibration']} training images in {shared:.1f} s; seconds are "
        f"those of the method alone. With all heads the calibration loss is {chosen.loss_before:.4f}",
        strong=_used(_of(demo, "heads")),
    )


def _scales(demo: HybridDemo) -> Table:
    rows = [
        [
            row.method,
            row.choice,
            f"{row.evaluations}",
            _figure(row.calibration_loss),
            _figure(row.test_loss),
            _share(row.test_accuracy),
            f"{row.seconds:.1f}",
        ]
        for row in _of(demo, "scales")
    ]
    return Table(
        ["method", "factors on lambda", "losses", "calibration", "test loss", "accuracy", "seconds"],
        rows,
        title=f"Step 3: one factor on lambda per layer, {demo.grid_points} points",
        align=["left", "left", *_right(5)],
        note="losses: points that were measured; without tuning (all factors 1) the calibration loss is "
        f"{_figure(demo.used('heads').calibration_loss)}",
        strong=_used(_of(demo, "scales")),
    )


def label_table(demo: HybridDemo) -> Table:
    """What each quantum row ran.

    Args:
        demo: the result.

    Returns:
        One row per quantum step.
    """
    words = {"heads": "heads", "scales": "lambda"}
    rows = [[words[step], label] for step, label in demo.labels.items()]
    title = "What ran in the quantum steps (simulated)"
    return Table(["step", "simulator, size and effort"], rows, title=title, align=["left", "left"])


def demo_sentences(demo: HybridDemo) -> list[str]:
    """What was gained, lost, or the same, without adornment.

    Args:
        demo: the result.

    Returns:
        Sentences.
    """
    return [*_about_heads(demo), *_about_search(demo), *_about_test(demo)]


def _about_heads(demo: HybridDemo) -> list[str]:
    chosen = demo.selection
    words = [f"Heads: {quantum_verdict(chosen.solution)}"]
    if (chosen.mask != chosen.answer).any():
        words.append(
            f"Heads: the answer of QAOA was not used, for a mask that was measured on the way has the lower "
            f"calibration loss ({chosen.loss_after:.4f} against {chosen.answer_loss:.4f})."
        )
    return words


def _about_search(demo: HybridDemo) -> list[str]:
    ours, exact = demo.used("scales"), demo.exact("scales")
    plain = next(row for row in _of(demo, "scales") if row.method == "QUBO sampler, enumeration")
    random = next(row for row in _of(demo, "scales") if row.expected)
    answer = demo.scales[ours.method]
    missed = ours.calibration_loss - exact.calibration_loss
    if missed <= _EQUAL:
        found = f"found the best of all {demo.grid_points} points at trial {answer.found_at}"
    else:
        found = f"missed the best of all {demo.grid_points} points by {missed:.4f} nats"
    quicker = "longer" if exact.seconds >= ours.seconds else "less"
    words = [
        f"Lambda: the search with QAOA {found}, in {ours.seconds:.1f} s; looking at every point took "
        f"{quicker}, {exact.seconds:.1f} s."
    ]
    apart = plain.calibration_loss - ours.calibration_loss
    if "scales" not in demo.labels:
        words.append("Lambda: every trial belonged to the space-filling start; QAOA was never asked.")
    elif apart <= _EQUAL:
        better = "a better point" if apart < -_EQUAL else "as good a point"
        words.append(
            "Lambda: QAOA brought nothing here: the same search with enumeration in its place found "
            f"{better}, with {plain.solver_seconds or 0:.2g} s in the solver against "
            f"{ours.solver_seconds or 0:.2g} s."
        )
    else:
        words.append(
            f"Lambda: the same search with enumeration in place of QAOA ended {apart:.4f} nats higher: other "
            "points were looked at, which is chance, for enumeration answers each question exactly."
        )
    gain = random.calibration_loss - ours.calibration_loss
    beside = "lower than" if gain > _EQUAL else "higher than" if gain < -_EQUAL else "the same as"
    words.append(
        f"Lambda: {random.method} would reach {random.calibration_loss:.4f} on average; the search is "
        f"{beside} that{f' by {abs(gain):.4f} nats' if abs(gain) > _EQUAL else ''}."
    )
    return words


def _about_test(demo: HybridDemo) -> list[str]:
    trained, heads, scales = (demo.used(step) for step in ("trained", "heads", "scales"))
    price = ", the price of a smaller model" if (heads.test_loss or 0.0) > (trained.test_loss or 0.0) else ""
    words = [f"Held out: taking heads away {_moved(trained, heads)}{price}."]
    tuned = _moved(heads, scales)
    calibration = scales.calibration_loss - heads.calibration_loss
    if abs(calibration) <= _EQUAL:
        words.append("Held out: no factor on lambda was better than 1 on the calibration images.")
    elif (scales.test_loss or 0.0) >= (heads.test_loss or 0.0) - _EQUAL:
        words.append(
            f"Held out: tuning lambda {tuned}: the gain of {-calibration:.4f} nats on the calibration images "
            "did not carry over."
        )
    else:
        words.append(f"Held out: tuning lambda {tuned}; on the calibration images {-calibration:.4f} less.")
    return words


def _step_name(row: DemoRow) -> str:
    """A step and who answered it."""
    if row.step == "trained":
        return "1 train"
    return {
        "heads": f"2 heads{', measured mask' if row.method.startswith('measured') else ' by QAOA'}",
        "scales": "3 lambda by QAOA",
    }[row.step]


def _moved(first: DemoRow, second: DemoRow) -> str:
    change = (second.test_loss or 0.0) - (first.test_loss or 0.0)
    points = 0.0 + 100 * ((second.test_accuracy or 0.0) - (first.test_accuracy or 0.0))
    if abs(change) <= _EQUAL:
        return f"left the test loss where it was ({points:+.1f} points of accuracy)"
    verb = "raised" if change > 0 else "lowered"
    return f"{verb} the test loss by {abs(change):.4f} ({points:+.1f} points of accuracy)"


def _of(demo: HybridDemo, step: str) -> list[DemoRow]:
    return [row for row in demo.rows if row.step == step]


def _used(rows: Sequence[DemoRow]) -> list[int]:
    return [number for number, row in enumerate(rows) if row.used]


def _right(columns: int) -> list[Align]:
    return ["right"] * columns


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.4f}"


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1%}"


def _change(value: float | None, before: float | None) -> str:
    # Adding zero turns -0.0000 into +0.0000.
    return "" if value is None or before is None else f"{round(value - before, 4) + 0.0:+.4f}"


def _points(value: float | None, before: float | None) -> str:
    return "" if value is None or before is None else f"{round(100 * (value - before), 1) + 0.0:+.1f}"
