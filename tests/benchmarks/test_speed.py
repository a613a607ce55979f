"""The benchmarks measure what they say: both sides agree, and a disagreement would show."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import evaluation, training_epoch
from causalrec.config import Settings

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_evaluation_agrees_with_the_loop() -> None:
    data, users, items = evaluation.problem(60, 300, seed=1)
    found = evaluation.measure(data, users, items, rounds=2, loop_users=25)
    assert found.difference == 0.0
    assert len(found.ours) == len(found.loop) == 2
    assert found.ratio > 0
    other = users.copy()
    other[:, 0] += 3.0
    some = np.unique(data.test[0])[:25].tolist()
    assert not np.array_equal(
        evaluation.loop(data, users, items, some)["ndcg@20"],
        evaluation.loop(data, other, items, some)["ndcg@20"],
    )


def test_propagations_agree_at_the_same_depth_only() -> None:
    data = training_epoch.synthetic(50, 40)
    settings = Settings.model_validate({"model": {"name": "lightgcn", "dim": 8}})
    assert training_epoch.disagreement(data, settings) < training_epoch.AGREE
    states = torch.ones(90, 2)
    graph = training_epoch.adjacency(data)
    one, two = (training_epoch.plain_propagation(graph, states, layers, 50)[0] for layers in (1, 2))
    assert not np.allclose(one, two)


def test_negatives_of_the_plain_side_are_no_training_items() -> None:
    data = training_epoch.synthetic(50, 40)
    settings = Settings.model_validate({"model": {"name": "lightgcn", "dim": 8}})
    side = training_epoch.Plain(data, settings)
    assert all(side.negative(user) not in side.seen[user] for user, _ in side.pairs)
    before = side.embedding.detach().clone()
    side.epoch()
    assert not np.array_equal(before, side.embedding.detach())


@pytest.mark.parametrize(
    "command",
    [
        ["training_epoch.py", "--users", "80", "--items", "60", "--epochs", "1"],
        ["evaluation.py", "--users", "80", "--items", "60", "--rounds", "1", "--loop-users", "5"],
    ],
    ids=lambda command: command[0],
)
def test_the_commands_print_a_table(command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, str(FOLDER / command[0]), *command[1:]],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "ours" in ended.stdout
