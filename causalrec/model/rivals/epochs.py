"""Epochs of a network with a loop of its own, stopped early; the best epoch on validation stays."""

import time
from collections.abc import Callable

import numpy as np
from torch import nn

from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Progress


def fit_epochs(
    network: nn.Module,
    epochs: int,
    judge_every: int,
    patience: int,
    one_epoch: Callable[[int], float],
    value: Callable[[], float] | None,
    progress: Progress | None,
) -> FitReport:
    """Calls ``one_epoch`` (1, 2, ...; it returns the mean loss) until nothing is gained any more.

    Args:
        judge_every: epochs between two looks at validation. patience: looks without a gain.
        value: of the present network on validation; without it the last epoch counts as the best.

    Raises:
        TrainingError: the loss is not finite.
    """
    start, best, best_epoch, rows = time.perf_counter(), -np.inf, 0, []
    kept = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for epoch in range(1, epochs + 1):
        network.train()
        loss = one_epoch(epoch)
        if not np.isfinite(loss):
            raise TrainingError(f"the loss is not finite (epoch {epoch})", do="lower the learning rate")
        row = {"loss": loss, "seconds": time.perf_counter() - start}
        if epoch == epochs or epoch % judge_every == 0:
            row["valid"] = float(epoch) if value is None else value()
            if row["valid"] > best:
                best, best_epoch = row["valid"], epoch
                kept = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        rows.append(row)
        if progress is not None:
            progress(epoch, row)
        if epoch - best_epoch >= patience * judge_every:
            break
    network.load_state_dict(kept)
    seconds = time.perf_counter() - start
    return FitReport(len(rows), best_epoch, seconds, seconds / len(rows), tuple(rows))
