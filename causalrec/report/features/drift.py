"""What is new among the vectors since the last run, and whether the new ones differ in kind."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalrec.lake import Lake, Ledger
from causalrec.report.features.modality import Floats, Modality, read_modality, sampled_items
from causalrec.report.features.neighbours import all_neighbours, overlap

JOB_OF = {"picture": "embed_images", "text": "embed_texts"}


@dataclass(frozen=True)
class Drift:
    """Contents of tonight's sample against those of the last run.

    Attributes:
        since: run date of the last run.
        encoder_before: its encoder.
        new, kept, gone: contents that were added, kept and removed.
        ratio: see :func:`mean_shift`, new against kept; None with fewer than two of either.
        agreement: share of nearest neighbours that both encoders agree on over kept contents; None if the
            encoder is the same, or its vectors are gone.
    """

    since: dt.date
    encoder_before: str
    new: int
    kept: int
    gone: int
    ratio: float | None
    agreement: float | None


def read_drift(
    lake: Lake, ledger: Ledger, ds: dt.date, modality: Modality, sample: int, k: int
) -> Drift | None:
    """None for the first run of this modality."""
    past = {day: row for day, row in ledger.successes(JOB_OF[modality.name]).items() if day < ds}
    if not past:
        return None
    since = max(past)
    encoder_before = past[since].inputs.get("encoder", modality.encoder_id)
    items, _ = sampled_items(lake, since, sample)
    before = read_modality(lake, items, modality.name, encoder_before)
    known = pd.Index(before.keys, dtype=object)
    keys = pd.Index(modality.keys, dtype=object)
    kept = np.asarray(keys.isin(known))
    agreement = None
    if encoder_before != modality.encoder_id and kept.any():
        old = before.vectors[known.get_indexer(keys[kept])]
        agreement = overlap(all_neighbours(old, k), all_neighbours(modality.vectors[kept], k))
    return Drift(
        since=since,
        encoder_before=encoder_before,
        new=int((~kept).sum()),
        kept=int(kept.sum()),
        gone=int((~known.isin(keys)).sum()),
        ratio=mean_shift(modality.vectors[~kept], modality.vectors[kept]),
        agreement=agreement,
    )


def mean_shift(new: Floats, known: Floats) -> float | None:
    """Squared distance of two sample means, relative to its expectation if nothing differs.

    Two samples of sizes n and m from one distribution with covariance S have means at an expected squared
    distance of trace(S) (1/n + 1/m); S is pooled. About 1 means no drift; None with fewer than two rows.
    """
    n, m = len(new), len(known)
    if n < 2 or m < 2:
        return None
    pooled = (n - 1) * new.var(axis=0, ddof=1).sum() + (m - 1) * known.var(axis=0, ddof=1).sum()
    expected = pooled / (n + m - 2) * (1 / n + 1 / m)
    distance = float(((new.mean(axis=0) - known.mean(axis=0)) ** 2).sum())
    if expected <= 0:
        return 0.0 if distance == 0 else float("inf")
    return distance / float(expected)
