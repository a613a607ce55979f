"""What the gate measures besides the metrics: codes, refuters, change against the champion, cost."""

import math
import time
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.dataset.load import Dataset
from causalrec.metrics.bootstrap import interval
from causalrec.metrics.evaluate import KS, Evaluation, MetricRow
from causalrec.metrics.ranked import RankedUsers
from causalrec.metrics.ranking import Split, rank_per_user
from causalrec.ranking.histories import from_positions
from causalrec.registry.gate.comparison import LOGGED
from causalrec.registry.package import ModelPackage

Doubles = npt.NDArray[np.float64]

LATENCY_USERS, LATENCY_ROUNDS = 20, 3
BINS = 10
MB = 1e6


def codebook_rows(package: ModelPackage, split: str) -> list[MetricRow]:
    """``codebook_codes``, ``codebook_perplexity`` and ``codebook_usage`` of the coarse codes, if any."""
    tables = package.tables()
    if tables is None or not tables.code_names or (np.asarray(tables.coarse) < 0).all():
        return []
    return spread_rows(np.asarray(tables.coarse), len(tables.code_names), split)


def spread_rows(coarse: npt.NDArray[np.integer[Any]], codes: int, split: str) -> list[MetricRow]:
    """The same for coarse codes (N,), -1 for an item without one, of ``codes`` in total."""
    counts = np.bincount(coarse[coarse >= 0], minlength=codes)
    share = counts[counts > 0] / counts.sum()
    return [
        MetricRow(split, "codebook_codes", 0, float(counts.size)),
        MetricRow(split, "codebook_perplexity", 0, float(np.exp(-(share * np.log(share)).sum()))),
        MetricRow(split, "codebook_usage", 0, float((counts > 0).mean())),
    ]


def ranked_as_logged(
    package: ModelPackage, data: Interactions, splits: Sequence[Split], cutoffs: Sequence[int]
) -> dict[Split, RankedUsers]:
    """The ranking by what is chosen anyway, by split; empty if the model did not learn what exposure adds."""
    model = package.judged()
    tables = model.serving_tables()
    exposure = None if tables is None else tables.exposure
    if exposure is None:
        return {}
    return {
        split: rank_per_user(lambda users: model.score(users) + exposure, data, split, cutoffs)
        for split in splits
    }


def logged_rows(logged: Mapping[Split, RankedUsers], cutoffs: Sequence[int] = KS) -> list[MetricRow]:
    """``logged_recall@k`` and ``logged_ndcg@k`` of that ranking, on held-out pairs."""
    rows = []
    for split, found in logged.items():
        for metric, k in product(("recall", "ndcg"), cutoffs):
            mean = interval(found.metrics[f"{metric}@{k}"])
            rows.append(MetricRow(split, f"{LOGGED}{metric}", k, mean.value, mean.low, mean.high))
    return rows


def drift_rows(mine: Evaluation, theirs: Evaluation, k: int, split: str) -> list[MetricRow]:
    """``champion_overlap@k`` of the lists and ``champion_score_psi`` of their standardised scores."""
    ours, other = mine.ranked.lists[:, :k], theirs.ranked.lists[:, :k]
    width = max(ours.max(initial=0), other.max(initial=0)) + 1
    rows = np.arange(ours.shape[0], dtype=np.int64)[:, None] * width
    kept = np.isin((rows + ours)[ours >= 0], (rows + other)[other >= 0])
    overlap = float(kept.mean()) if kept.size else 1.0
    psi = stability_index(_standardised(theirs), _standardised(mine))
    return [
        MetricRow(split, "champion_overlap", k, overlap),
        MetricRow(split, "champion_score_psi", 0, psi),
    ]


def _standardised(found: Evaluation) -> Doubles:
    """Listed scores divided by their own spread, since models score on different scales."""
    scores = found.ranked.scores[found.ranked.lists >= 0].astype(np.float64)
    spread = float(scores.std()) if scores.size else 0.0
    return (scores - scores.mean()) / spread if spread > 0 else np.zeros_like(scores)


def stability_index(expected: Doubles, found: Doubles) -> float:
    """Population stability index over the deciles of ``expected``; 0 for equal distributions."""
    if expected.size == 0 or found.size == 0:
        return 0.0
    edges = np.unique(np.quantile(expected, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = edges.size + 1
    before, after = (
        (np.bincount(np.searchsorted(edges, part), minlength=bins) + 0.5) / (part.size + 0.5 * bins)
        for part in (expected, found)
    )
    return float(((after - before) * np.log(after / before)).sum())


def size_mb(package: ModelPackage) -> float:
    """Megabytes (10^6 bytes) of all files of the package."""
    return sum(file.stat().st_size for file in package.folder.rglob("*") if file.is_file()) / MB


def latency_ms(package: ModelPackage, settings: Settings, dataset: Dataset) -> float:
    """Milliseconds to rank the catalogue for one user: the median over users, the best of a few rounds."""
    engine, past = package.engine(settings.scoring), package.histories()
    users = package.user_ids[:LATENCY_USERS]
    rows = package.rows_of(users)
    best = math.inf
    for _ in range(LATENCY_ROUNDS):
        spent = []
        for place in range(users.size):
            own = past.of(place)
            began = time.perf_counter()
            history = from_positions(np.array([own.size], dtype=np.int64), own)
            mine = slice(place, place + 1)
            list(engine.recommend(rows[mine], history, settings.scoring.k, users[mine]))
            spent.append(time.perf_counter() - began)
        best = min(best, float(np.median(spent)) if spent else 0.0)
    return best * 1e3
