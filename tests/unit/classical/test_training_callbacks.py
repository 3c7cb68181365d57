"""Callbacks one by one; together they are tested with the training."""

import json
import signal
import threading
from types import SimpleNamespace

import pytest

from hybrid_opt.classical.checkpoints import complete_checkpoints, mark_complete
from hybrid_opt.classical.errors import TrainingError
from hybrid_opt.classical.training_callbacks import (
    CheckpointKeeper,
    EpochOrder,
    EpochSampler,
    HistoryWriter,
    InterruptGuard,
    ProgressReporter,
    StepClock,
)


def control():
    return SimpleNamespace(
        should_save=False, should_log=False, should_evaluate=False, should_training_stop=False
    )


def test_orders_depend_on_seed_and_epoch_only():
    def order(seed, epoch):
        sampler = EpochSampler(50, seed)
        sampler.set_epoch(epoch)
        assert len(sampler) == 50
        return tuple(sampler)

    orders = {order(seed, epoch) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9
    assert order(1, 2) in orders
    assert sorted(order(0, 0)) == list(range(50))


def test_a_resumed_epoch_is_the_one_it_was():
    sampler = EpochSampler(3, 0)
    callback = EpochOrder(sampler, object())
    for epoch, expected in ((None, 0), (0, 0), (1.75, 1), (2.0, 2)):
        callback.on_epoch_begin(None, SimpleNamespace(epoch=epoch), None)
        assert sampler.epoch == expected
    callback.on_train_end(None, SimpleNamespace(epoch=3.0), None)
    assert sampler.epoch == 0


def test_entries_are_appended_and_a_loss_that_is_no_number_stops(tmp_path):
    writer = HistoryWriter(tmp_path / "metrics.jsonl")
    writer.on_log(None, SimpleNamespace(global_step=3), None, {"loss": 1.5})
    with pytest.raises(TrainingError, match=r"nan at step 4; lower learning_rate"):
        writer.on_log(None, SimpleNamespace(global_step=4), None, {"loss": float("nan")})
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert rows == [{"step": 3, "loss": 1.5}, {"step": 4, "loss": None}]


def test_other_processes_write_nothing_and_still_watch():
    HistoryWriter(None).on_log(None, SimpleNamespace(global_step=1), None, {"loss": 1.0})
    with pytest.raises(TrainingError):
        HistoryWriter(None).on_log(None, SimpleNamespace(global_step=1), None, {"loss": float("inf")})


def test_progress_in_shares_and_words():
    seen = []
    reporter = ProgressReporter(lambda share, text: seen.append((share, text)))
    state = SimpleNamespace(global_step=1, max_steps=4)
    reporter.on_step_end(None, state, None)
    reporter.on_log(None, state, None, {"loss": 2.0})
    reporter.on_step_end(None, state, None)
    assert seen == [(0.25, "step 1 of 4"), (0.25, "step 1 of 4, loss 2")]


def test_the_clock_counts_steps_only(monkeypatch):
    times = iter([1.0, 3.0, 10.0, 11.0])
    monkeypatch.setattr("hybrid_opt.classical.training_callbacks.time.perf_counter", lambda: next(times))
    clock = StepClock()
    for _ in range(2):
        clock.on_step_begin(None, None, None)
        clock.on_step_end(None, None, None)
    assert (clock.steps, clock.seconds) == (2, 3.0)


def test_a_checkpoint_is_logged_and_ctrl_c_saves_and_stops():
    wish = []
    keeper = CheckpointKeeper({}, 2, save_best=False, interrupted=lambda: bool(wish))
    quiet, saving, stopped = control(), control(), control()
    saving.should_save = True
    keeper.on_step_end(None, None, quiet)
    keeper.on_step_end(None, None, saving)
    wish.append(1)
    keeper.on_step_end(None, None, stopped)
    assert not quiet.should_log
    assert saving.should_log
    assert stopped.should_save
    assert stopped.should_log
    assert stopped.should_training_stop


@pytest.mark.parametrize(("best", "loss", "saved"), [(None, 3.0, True), (2.0, 1.5, True), (2.0, 2.0, False)])
def test_a_new_best_is_saved(best, loss, saved):
    keeper = CheckpointKeeper({}, 2, save_best=True, interrupted=lambda: False)
    flags = control()
    keeper.on_evaluate(None, SimpleNamespace(best_metric=best), flags, {"eval_loss": loss})
    assert flags.should_save is saved


def test_old_checkpoints_go_and_the_best_stays(tmp_path):
    keeper = CheckpointKeeper({"data": "h"}, 2, save_best=True, interrupted=lambda: False)
    arguments = SimpleNamespace(output_dir=str(tmp_path))
    for step in range(1, 6):
        (tmp_path / f"checkpoint-{step}").mkdir()
        keeper.on_save(arguments, SimpleNamespace(global_step=step, best_global_step=2), control())
    assert [path.name for path in complete_checkpoints(tmp_path)] == [f"checkpoint-{n}" for n in (2, 4, 5)]
    facts = json.loads((tmp_path / "checkpoint-5" / "complete.json").read_text())
    assert facts == {"data": "h", "step": 5, "files": {}}


def test_a_checkpoint_that_is_being_written_does_not_count_as_one_to_keep(tmp_path):
    keeper = CheckpointKeeper({}, 1, save_best=False, interrupted=lambda: False)
    for step in (1, 2):
        (tmp_path / f"checkpoint-{step}").mkdir()
    mark_complete(tmp_path / "checkpoint-1", {})
    keeper.on_save(
        SimpleNamespace(output_dir=str(tmp_path)),
        SimpleNamespace(global_step=2, best_global_step=None),
        control(),
    )
    assert [path.name for path in complete_checkpoints(tmp_path)] == ["checkpoint-2"]


def test_the_second_ctrl_c_is_an_interruption():
    before = signal.getsignal(signal.SIGINT)
    with InterruptGuard() as guard:
        signal.raise_signal(signal.SIGINT)
        assert guard.requested()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_signals_are_left_alone():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with InterruptGuard() as guard:
            seen.append((signal.getsignal(signal.SIGINT) is before, guard.requested()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(True, False)]
