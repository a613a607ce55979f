"""The one training loop: seeded, stopped early on validation, resumable after a kill, guarded against NaN."""

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.errors import TrainingError
from causalrec.evaluation.ranking import rank_metrics
from causalrec.model.base import FitReport, Progress
from causalrec.model.network import FactorNetwork
from causalrec.training.checkpoint import write_checkpoint
from causalrec.training.device import check_memory, choose_device
from causalrec.training.judge import selection_value
from causalrec.training.losses import bpr, sampled_softmax
from causalrec.training.progress import RunState, load_run, run_key, save_run
from causalrec.training.sampling import Batch, PairSampler


@dataclass(frozen=True)
class LoopTrainer:
    """Adam on shared negatives; implements :class:`causalrec.model.network.Trainer`.

    Attributes:
        folder: where checkpoints (and a batch that gave NaN) go; None keeps none.
    """

    settings: TrainingSettings
    model: ModelSettings
    folder: Path | None = None

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        return choose_device(self.settings.device)

    @property
    def seed(self) -> int:
        """Seed of everything random."""
        return self.settings.seed

    def __call__(
        self, network: FactorNetwork, data: Interactions, progress: Progress | None = None
    ) -> FitReport:
        """Trains until validation stops improving.

        Raises:
            TrainingError: no pairs, too little memory, or a loss that is not finite.
        """
        if data.train.shape[1] == 0:
            raise TrainingError("there are no training pairs", do="check the dataset's date and splits")
        check_memory(data, self.model, self.settings, self.device)
        return _Run(self, network, data, progress).train()


class _Run:
    """One call of the trainer."""

    def __init__(
        self, trainer: LoopTrainer, network: FactorNetwork, data: Interactions, progress: Progress | None
    ) -> None:
        self.settings, self.folder, self.device = trainer.settings, trainer.folder, trainer.device
        self.network, self.data, self.progress = network, data, progress
        self.validated = data.valid.shape[1] > 0
        self.sampler = PairSampler(data, self.settings.batch, self.settings.negatives, self.settings.seed)
        self.optimizer = torch.optim.Adam(network.parameters(), lr=self.settings.learning_rate, fused=True)
        self.key = run_key(trainer.settings, trainer.model, data)
        self.state = RunState()

    def train(self) -> FitReport:
        """Resumes where a checkpoint of the same run lies, else starts at epoch 0."""
        if self.folder is not None:
            self.state = load_run(self.folder, self.key, self.network, self.optimizer) or self.state
        while not self._finished():
            self._one_epoch()
        state = self.state
        if state.best:
            self.network.load_state_dict(state.best)
            self.network.rebuild()
        spent = [row["seconds"] for row in state.history]
        mean = sum(spent) / max(len(spent), 1)
        return FitReport(state.epoch, state.best_epoch, state.seconds, mean, tuple(state.history))

    def _finished(self) -> bool:
        state = self.state
        last = self.settings.epochs if self.validated else self.settings.epochs_unvalidated
        idle = state.epoch - state.best_epoch
        return state.epoch >= last or (
            self.validated and idle >= self.settings.patience * self.settings.evaluate_every
        )

    def _one_epoch(self) -> None:
        start, epoch = time.perf_counter(), self.state.epoch
        torch.manual_seed(self.settings.seed * 1_000_003 + epoch)
        self.network.begin_epoch(epoch)
        self.network.train()
        losses = [self._step(batch, epoch) for batch in self.sampler.epoch(epoch)]
        row = {"loss": float(torch.stack(losses).mean()), "seconds": time.perf_counter() - start}
        self.state.epoch += 1
        due = self.state.epoch % self.settings.evaluate_every == 0 or self.state.epoch >= self.settings.epochs
        if due and self.validated:
            row |= self._validate()
        self.state.history.append(row)
        self.state.seconds += time.perf_counter() - start
        if due and self.folder is not None:
            save_run(self.folder, self.key, self.network, self.optimizer, self.state)
        if self.progress is not None:
            self.progress(self.state.epoch, row)

    def _step(self, batch: Batch, epoch: int) -> Tensor:
        loss = self._loss(batch)
        if not torch.isfinite(loss):
            self._stop_at(batch, epoch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()

    def _loss(self, batch: Batch) -> Tensor:
        users, items, negatives = (self._ids(part) for part in (batch.users, batch.items, batch.negatives))
        clash = torch.from_numpy(batch.clash).to(self.device)
        user_states, item_states = self.network.tables()
        rank_loss = sampled_softmax if self.settings.loss == "softmax" else bpr
        states = user_states[users], item_states[items], item_states[negatives]
        return rank_loss(*states, clash, self.settings.temperature) + self.network.penalty(items)

    def _ids(self, values: Ints) -> Tensor:
        return torch.from_numpy(values).long().to(self.device)

    def _validate(self) -> dict[str, float]:
        with torch.no_grad():
            self.network.eval()
            users, items = self.network.serving()
        users, items = users.cpu(), items.cpu()
        metrics = rank_metrics(
            lambda ids: (users[torch.from_numpy(ids).long()] @ items.T).numpy(),
            self.data,
            "valid",
            batch=self.settings.evaluation_batch,
        )
        value = selection_value(metrics, self.settings.select_on)
        if value > self.state.best_value:
            self.state.best_value, self.state.best_epoch = value, self.state.epoch
            self.state.best = {name: v.detach().clone() for name, v in self.network.state_dict().items()}
        return {name: value for name, value in metrics.items() if "@20" in name}

    def _stop_at(self, batch: Batch, epoch: int) -> None:
        where = f"epoch {epoch}, seed {self.settings.seed}"
        if self.folder is not None:
            tensors = {
                "users": torch.from_numpy(batch.users),
                "items": torch.from_numpy(batch.items),
                "negatives": torch.from_numpy(batch.negatives),
            }
            write_checkpoint(self.folder / "diverged", tensors, {"epoch": epoch})
            where += f"; the batch is in {self.folder / 'diverged'}"
        raise TrainingError(
            f"the loss is not finite ({where})",
            do="check the features for huge values, or lower training.learning_rate",
        )
