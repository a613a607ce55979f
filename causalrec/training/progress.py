"""The state of a training run between epochs, and how it is saved and loaded."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.network import FactorNetwork
from causalrec.training.checkpoint import read_checkpoint, write_checkpoint
from causalrec.training.sampling import Batch


@dataclass
class RunState:
    """Epochs done, the best of them, and what was measured."""

    epoch: int = 0
    best_epoch: int = 0
    best_value: float = float("-inf")
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)


def run_key(training: TrainingSettings, model: ModelSettings, data: Interactions) -> str:
    """Hash of data and settings: a checkpoint with a different one is not resumed.

    The number of epochs may rise.
    """
    digest = hashlib.sha256(training.model_dump_json(exclude={"epochs", "device", "rank_timeout"}).encode())
    digest.update(model.model_dump_json().encode())
    digest.update(f"{data.n_users},{data.n_items}".encode())
    for array in (data.train, data.valid, *(data.modalities[name] for name in sorted(data.modalities))):
        digest.update(array.tobytes())
    for optional in (data.propensity, data.passed):
        digest.update(b"" if optional is None else optional.tobytes())
    return digest.hexdigest()


def save_run(
    folder: Path, key: str, network: FactorNetwork, optimizer: torch.optim.Optimizer, state: RunState
) -> None:
    """Writes the whole run as one file."""
    write_checkpoint(folder, *packed(key, network, optimizer, state))


def save_diverged(folder: Path, batch: Batch, epoch: int) -> Path:
    """Writes the batch at which the loss was not finite; returns where."""
    parts = {"users": batch.users[batch.owners], "items": batch.items, "negatives": batch.negatives}
    write_checkpoint(
        folder / "diverged", {name: torch.from_numpy(part) for name, part in parts.items()}, {"epoch": epoch}
    )
    return folder / "diverged"


def load_run(
    folder: Path, key: str, network: FactorNetwork, optimizer: torch.optim.Optimizer
) -> RunState | None:
    """Restores a saved run with the same key into network and optimizer; None if there is none."""
    found = read_checkpoint(folder)
    if found is None or found[1]["key"] != key:
        return None
    return unpacked(*found, network, optimizer)


def packed(
    key: str, network: FactorNetwork, optimizer: torch.optim.Optimizer, state: RunState
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The whole run as tensors and JSON facts."""
    tensors = {f"now.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in state.best.items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{name}": torch.as_tensor(value) for name, value in moments.items()}
    facts = {
        "key": key,
        "epoch": state.epoch,
        "best_epoch": state.best_epoch,
        "best_value": state.best_value if state.best else None,
        "seconds": state.seconds,
        "history": state.history,
    }
    return tensors, facts


def unpacked(
    tensors: dict[str, Tensor],
    facts: dict[str, Any],
    network: FactorNetwork,
    optimizer: torch.optim.Optimizer,
) -> RunState:
    """Restores the output of :func:`packed` into network and optimizer."""
    network.load_state_dict(_under("now.", tensors))
    network.rebuild()
    moments: dict[int, dict[str, Any]] = {}
    for name, value in _under("adam.", tensors).items():
        index, moment = name.split(".")
        moments.setdefault(int(index), {})[moment] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
    best = facts["best_value"]
    return RunState(
        facts["epoch"],
        facts["best_epoch"],
        float("-inf") if best is None else best,
        facts["seconds"],
        facts["history"],
        _under("best.", tensors),
    )


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
