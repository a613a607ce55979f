"""iALS: factors of implicit feedback by alternating exact solves.

Hu, Koren, Volinsky, "Collaborative filtering for implicit feedback datasets" (ICDM 2008), in the form and
with the frequency-scaled ridge of Rendle et al., "Revisiting the performance of iALS on item recommendation
benchmarks" (RecSys 2022):

    sum over pairs (1 - <p_u, q_i>)^2 + a sum over all cells <p_u, q_i>^2 + sum_u r (n_u + a N) |p_u|^2 + ...

Every user is one small linear system, solved in batches of histories of like length.
"""

import time
from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from causalrec.config.bench import Value
from causalrec.config.model import ModelSettings
from causalrec.config.rivals import IalsSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.sample import JUDGED_USERS, sampled
from causalrec.model.base import FitReport, Judge, Progress
from causalrec.model.factors import FactorRecommender, item_popularity, plain_tables

CELLS = 2**24  # floats of one batch of histories that lie in memory at once


class IalsRecommender(FactorRecommender):
    """Keeps the sweep that validation likes best."""

    name = "ials"
    space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        "model.dim": (64, 128, 256),
        "model.ials.unobserved": (0.003, 0.01, 0.03, 0.1, 0.3),
        "model.ials.ridge": (0.0003, 0.001, 0.003, 0.01, 0.03),
    }
    starts: ClassVar[tuple[Mapping[str, Value], ...]] = (
        {"model.dim": 256, "model.ials.unobserved": 0.03, "model.ials.ridge": 0.003},
        {"model.dim": 64, "model.ials.unobserved": 0.01, "model.ials.ridge": 0.03},
    )
    unit = False

    def __init__(self, settings: ModelSettings, judge: Judge, seed: int, device: torch.device) -> None:
        self.settings, self.judge, self.seed, self.device = settings, judge, seed, device

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Alternates between users and items; judged every few sweeps."""
        settings, start = self.settings.ials, time.perf_counter()
        history, judged_on = data.train_matrix(), sampled(data, JUDGED_USERS, self.seed)
        generator = torch.Generator().manual_seed(self.seed)
        scale = 1.0 / self.settings.dim**0.5
        items = (torch.randn(data.n_items, self.settings.dim, generator=generator) * scale).to(self.device)
        best, best_sweep, rows = -np.inf, 0, []
        for sweep in range(1, settings.sweeps + 1):
            users = half_sweep(history, items, settings)
            items = half_sweep(history.T.tocsr(), users, settings)
            row = {"seconds": time.perf_counter() - start}
            due = sweep % settings.judge_every == 0 or sweep == settings.sweeps
            if due and (data.valid.shape[1] or sweep == settings.sweeps):
                users = half_sweep(history, items, settings)
                tables = users.cpu().numpy(), items.cpu().numpy()
                row["valid"] = self._judged(tables, judged_on) if data.valid.shape[1] else 0.0
                if row["valid"] > best:
                    best, best_sweep = row["valid"], sweep
                    self._keep(tables, data)
            rows.append(row)
            if progress is not None:
                progress(sweep, row)
        seconds = time.perf_counter() - start
        return FitReport(settings.sweeps, best_sweep, seconds, seconds / settings.sweeps, tuple(rows))

    def _judged(self, tables: tuple[Floats, Floats], data: Interactions) -> float:
        def score(users: Ints) -> Floats:
            scores: Floats = tables[0][users] @ tables[1].T
            return scores

        return self.judge(score, data)

    def _keep(self, tables: tuple[Floats, Floats], data: Interactions) -> None:
        self.tables = plain_tables(*tables, item_popularity(data))
        self.fold = _fold(tables[1], self.settings.ials)


def half_sweep(history: sp.csr_matrix, items: Tensor, settings: IalsSettings) -> Tensor:
    """The exact solution for all rows of ``history`` (n, N) given item factors (N, d)."""
    dim, unobserved = items.shape[1], settings.unobserved
    common = unobserved * (items.T @ items)
    eye = torch.eye(dim, device=items.device)
    solved = torch.zeros(history.shape[0], dim, device=items.device)
    for rows, columns, known in _batches(history, dim, items.device):
        factors = items[columns] * known[:, :, None]
        ridge = settings.ridge * (known.sum(dim=1) + unobserved * items.shape[0])
        system = factors.transpose(1, 2) @ factors + common + ridge[:, None, None] * eye
        found: Tensor = torch.cholesky_solve(factors.sum(dim=1)[:, :, None], torch.linalg.cholesky(system))
        solved[rows] = found[:, :, 0]
    return solved


def _batches(
    history: sp.csr_matrix, dim: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Rows that are not empty, shortest first: ids (B,), their columns (B, L) and which of them count."""
    lengths = np.diff(history.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    first = 0
    while first < order.size:
        fit = np.arange(1, order.size - first + 1) * np.maximum(lengths[order[first:]], dim) * dim <= CELLS
        rows = order[first : first + max(int(fit.sum()), 1)]
        place = np.arange(int(lengths[rows].max()))
        known = place < lengths[rows][:, None]
        columns = history.indices[np.where(known, history.indptr[rows][:, None] + place, 0)]
        yield (
            torch.from_numpy(rows).to(device),
            torch.from_numpy(columns.astype(np.int64)).to(device),
            torch.from_numpy(known.astype(np.float32)).to(device),
        )
        first += rows.size


def _fold(items: Floats, settings: IalsSettings) -> Floats:
    """What an item adds to a new user: the solve whose matrix leaves out the few observed pairs."""
    gram = settings.unobserved * (items.T @ items)
    damped = gram + settings.ridge * (1.0 + settings.unobserved * items.shape[0]) * np.eye(items.shape[1])
    return np.linalg.solve(damped, items.T).T.astype(np.float32)
