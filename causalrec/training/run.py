"""One training run: seeded epochs, validation, checkpoints, several ranks."""

import time
from pathlib import Path

import torch
from torch import Tensor

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Progress
from causalrec.model.network import FactorNetwork
from causalrec.training.device import choose_device, half_precision
from causalrec.training.exposed import exposed_loss
from causalrec.training.judge import EVALUATION_BATCH, network_metrics, selection_value
from causalrec.training.losses import bpr, sampled_softmax
from causalrec.training.progress import RunState, load_run, packed, run_key, save_diverged, save_run, unpacked
from causalrec.training.ranks import present_ranks
from causalrec.training.sampling import Batch, PairSampler


class EpochRun:
    """One call of a trainer: all steps from the first epoch to the best state.

    Args:
        folder: of checkpoints, None for none.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        model: ModelSettings,
        folder: Path | None,
        network: FactorNetwork,
        data: Interactions,
        progress: Progress | None,
    ) -> None:
        self.settings, self.folder, self.device = settings, folder, choose_device(settings.device)
        self.network, self.data, self.progress = network, data, progress
        self.validated = data.valid.shape[1] > 0
        self.ranks = present_ranks(self.device)
        self.half = half_precision(self.settings.precision, self.device)
        self.sampler = self.sampled(self.settings.negatives)
        self.optimizer = torch.optim.Adam(network.parameters(), lr=self.settings.learning_rate, fused=True)
        self.key = run_key(settings, model, data)
        self.state = RunState()

    def sampled(self, negatives: int) -> PairSampler:
        """Batches with that many shared negatives; this rank gets its part of each."""
        part = self.ranks.rank, self.ranks.count
        return PairSampler(self.data, self.settings.batch, negatives, self.settings.seed, part)

    def train(self) -> FitReport:
        """Resumes from a checkpoint of the same run, else starts at epoch 0."""
        if self.folder is not None and self.ranks.leads:
            self.state = load_run(self.folder, self.key, self.network, self.optimizer) or self.state
        if self.ranks.count > 1:
            self.ranks.agree(self.key)
            run = packed(self.key, self.network, self.optimizer, self.state)
            self.state = unpacked(*self.ranks.told(*run), self.network, self.optimizer)
        while not self._finished():
            self.one_epoch()
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

    def one_epoch(self) -> None:
        """Trains on every pair once; validates and writes a checkpoint if due."""
        start, epoch = time.perf_counter(), self.state.epoch
        torch.manual_seed(self.settings.seed * 1_000_003 + epoch)
        self.network.begin_epoch(epoch)
        self.ranks.share_buffers(self.network)
        self.network.train()
        losses = [self._step(batch, epoch) * batch.share for batch in self.sampler.epoch(epoch)]
        row = {
            "loss": float(self.ranks.total(torch.stack(losses).mean())),
            "seconds": time.perf_counter() - start,
        }
        self.state.epoch += 1
        due = self.state.epoch % self.settings.evaluate_every == 0 or self.state.epoch >= self.settings.epochs
        if due and self.validated:
            row |= self._validate()
        self.state.history.append(row)
        self.state.seconds += time.perf_counter() - start
        if due and self.folder is not None and self.ranks.leads:
            save_run(self.folder, self.key, self.network, self.optimizer, self.state)
        if self.progress is not None:
            self.progress(self.state.epoch, row)

    def _step(self, batch: Batch, epoch: int) -> Tensor:
        loss = self.loss(batch)
        if not torch.isfinite(loss):
            self._stop_at(batch, epoch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.ranks.average(self.network.parameters(), batch.share)
        self.optimizer.step()
        return loss.detach()

    def loss(self, batch: Batch) -> Tensor:
        """The mean over the rows of ``batch``, and the network's penalty."""
        users, items, negatives = (self._ids(part) for part in (batch.users, batch.items, batch.negatives))
        owners, clash = (torch.from_numpy(part).to(self.device) for part in (batch.owners, batch.clash))
        rank_loss = sampled_softmax if self.settings.loss == "softmax" else bpr
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            user_states, item_states = self.network.tables()
            penalty = self.network.penalty(users, items)
        chosen, positives, others = user_states[users], item_states[items], item_states[negatives]
        if self.half:
            chosen, positives, others = chosen.bfloat16(), positives.bfloat16(), others.bfloat16()
        rank = rank_loss(chosen, owners, positives, others, clash, self.settings.temperature)
        return rank + penalty + self._exposed(batch, user_states[users], item_states)

    def _exposed(self, batch: Batch, users: Tensor, items: Tensor) -> Tensor:
        """The weighted comparison with what was passed over; zero if that was not logged."""
        weight = self.settings.exposed_weight
        if batch.passed is None or weight == 0:
            return torch.zeros((), device=self.device)
        known = torch.from_numpy(batch.passed >= 0).float().to(self.device)
        owners, passed = torch.from_numpy(batch.owners).to(self.device), self._ids(batch.passed.clip(min=0))
        users, items = self.network.liking(users, items)
        chosen = items[self._ids(batch.items)]
        return weight * exposed_loss(users, owners, chosen, items[passed], known, self.settings.temperature)

    def _ids(self, values: Ints) -> Tensor:
        return torch.from_numpy(values).long().to(self.device)

    def _validate(self) -> dict[str, float]:
        own = {}
        if self.ranks.leads:
            own = network_metrics(self.network, self.data, EVALUATION_BATCH)
        metrics = self.ranks.told({}, own)[1]
        value = selection_value(metrics, self.settings.select_on)
        if value > self.state.best_value:
            self.state.best_value, self.state.best_epoch = value, self.state.epoch
            self.state.best = {name: v.detach().clone() for name, v in self.network.state_dict().items()}
        return {name: value for name, value in metrics.items() if "@20" in name}

    def _stop_at(self, batch: Batch, epoch: int) -> None:
        where = f"epoch {epoch}, seed {self.settings.seed}"
        if self.folder is not None:
            where += f"; the batch is in {save_diverged(self.folder, batch, epoch)}"
        raise TrainingError(
            f"the loss is not finite ({where})",
            do="check the features for huge values, or lower training.learning_rate",
        )
