"""Arguments and counts of the Trainer; and two processes that do what one does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hybrid_opt.classical.distance_trainer import process_count, step_counts, trainer_arguments
from hybrid_opt.classical.errors import ConfigurationError, TrainingError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.language_data import build_language_data
from hybrid_opt.classical.text_sources import Document
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_settings import TrainingSettings


@pytest.mark.parametrize(
    ("examples", "changes", "expected"),
    [
        (40, {}, (5, 5)),
        (47, {}, (5, 5)),
        (40, {"gradient_accumulation": 2}, (3, 3)),
        (40, {"num_epochs": 2.5}, (5, 12)),
        (40, {"num_epochs": 0.01}, (5, 1)),
        (40, {"max_steps": 3, "num_epochs": 9}, (5, 3)),
    ],
)
def test_steps(examples, changes, expected):
    assert step_counts(TrainingSettings(batch_size=8, **changes), examples) == expected


def test_less_than_a_batch():
    with pytest.raises(TrainingError, match=r"7 examples .* at most 7"):
        step_counts(TrainingSettings(batch_size=8), 7)


def test_the_batch_is_divided_among_processes(monkeypatch, tmp_path):
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert process_count() == 3
    with pytest.raises(ConfigurationError, match="multiple of 3"):
        trainer_arguments(TrainingSettings(batch_size=8), 40, str(tmp_path), unused=False)


def test_arguments_are_quiet_and_offline(tmp_path):
    settings = TrainingSettings(batch_size=8, max_grad_norm=None, eval_steps=7, max_steps=25)
    arguments = trainer_arguments(settings, 40, str(tmp_path), unused=True)
    assert arguments.report_to == []
    assert arguments.disable_tqdm
    assert not arguments.push_to_hub
    assert (arguments.eval_steps, arguments.save_steps, arguments.max_steps) == (7, 3, 25)
    assert arguments.max_grad_norm == 0.0
    assert arguments.ddp_find_unused_parameters
    assert arguments.per_device_train_batch_size == 8


DOCUMENTS = [Document(f"d{number}", "abcde fghij " * 8) for number in range(8)]
SETTINGS = TrainingSettings(
    batch_size=8, max_steps=4, eval_steps=2, save_steps=2, logging_steps=1, gradient_accumulation=2
)


def run_one(folder):
    data = build_language_data("letters", DOCUMENTS, tokenizer="characters", sequence_length=12)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "metric": "l2"}
    return train(DistanceGPT(data.config(**sizes)), data, folder, SETTINGS)


SCRIPT = """
import os, sys
sys.path.insert(0, sys.argv[2])
import test_distance_trainer as here
result = here.run_one(sys.argv[1])
with open(f"{sys.argv[1]}.steps{os.environ['RANK']}", "w") as file:
    file.write(str(result.steps))
# At its end torch's reducer holds the interpreter's lock while it waits for a thread of gloo, which may be
# waiting for that lock (seen with torch 2.13): the process ends without it.
os._exit(0)
"""


@pytest.mark.skipif(
    not torch.distributed.is_available(), reason="this build of torch has no distributed part"
)
def test_two_processes_give_the_result_of_one(tmp_path, root):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    command += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    command += ["--main_process_port", str(port), str(script), str(tmp_path / "two")]
    command += [str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [(tmp_path / f"two.steps{rank}").read_text() for rank in range(2)] == ["4", "4"]
    run_one(tmp_path / "one")
    histories = [
        json.loads((tmp_path / name / "metrics.json").read_text())["history"] for name in ("one", "two")
    ]
    assert len(histories[0]) == 4
    for ours, theirs in zip(*histories, strict=True):
        for name, value in ours.items():
            assert theirs[name] == (None if value is None else pytest.approx(value, rel=1e-5)), name
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=0, atol=1e-5)
    saved = tmp_path / "two" / "checkpoints" / "checkpoint-4"
    assert {"rng_state_0.pth", "rng_state_1.pth"} <= set(os.listdir(saved))
    assert json.loads((saved / "complete.json").read_text())["processes"] == 2
