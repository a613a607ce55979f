"""Codes of items against a cause that is known: from the mean of the channels, from draws, dealt out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalrec.config.model import CodebookSettings, ConfounderSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.lab.studies.drawn_codes import fit_drawn_codebook
from causalrec.lab.studies.known_truth import normalised_mutual_information
from causalrec.model.causal.codebook import Codebook, fit_codebook
from causalrec.model.causal.crossmodal.confounder import ConfounderModel
from causalrec.model.causal.prepare import deal_out
from causalrec.model.content import fit_content, read_content


@dataclass(frozen=True)
class CodeRow:
    """How well one kind of codes agrees with the cause.

    Attributes:
        kind: "mean", "draws" or "random". used: codes with an item.
        nmi: normalised mutual information with the cause. ari: adjusted Rand index (0 for random codes).
        items: median items that share an item's code, the overlap that comparing like with like rests on.
    """

    kind: str
    used: int
    nmi: float
    ari: float
    items: float


def code_rows(
    modalities: Mapping[str, Floats],
    cause: Ints,
    settings: tuple[ConfounderSettings, CodebookSettings],
    draws: int,
    seed: int,
) -> tuple[CodeRow, ...]:
    """Coarse and fine codes together, for items with any content."""
    channels, book = settings
    content = read_content(fit_content(modalities, channels.whiten), modalities, cause.size)
    model = ConfounderModel(channels)
    found = model.fit(content, seed)
    codebook = fit_codebook(found.states, found.known, book, seed)
    codes = codebook.assign(found.states, found.known)
    drawn, of_draws, _ = fit_drawn_codebook(model.draws(content, draws, seed), found.known, book, seed)
    kinds = {
        "mean": _flat(codes, codebook),
        "draws": _flat(of_draws, drawn),
        "random": _flat(deal_out(codes, seed), codebook),
    }
    return tuple(_row(kind, flat[found.known], cause[found.known]) for kind, flat in kinds.items())


def adjusted_rand(codes: Ints, truth: Ints) -> float:
    """Hubert and Arabie 1985: 1 the same partition, 0 on average for codes dealt out at random."""
    _, first = np.unique(codes, return_inverse=True)
    _, second = np.unique(truth, return_inverse=True)
    joint = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(joint, (first, second), 1.0)
    together, rows, columns = (
        float((counts * (counts - 1) / 2).sum()) for counts in (joint, joint.sum(axis=1), joint.sum(axis=0))
    )
    expected = rows * columns / max(codes.size * (codes.size - 1) / 2, 1.0)
    most = (rows + columns) / 2
    return (together - expected) / (most - expected) if most > expected else 1.0


def _flat(codes: tuple[Ints, Ints], codebook: Codebook) -> Ints:
    flat: Ints = (codes[0] * codebook.counts.shape[1] + codes[1]).astype(np.int32)
    return flat


def _row(kind: str, flat: Ints, cause: Ints) -> CodeRow:
    _, dense, counts = np.unique(flat, return_inverse=True, return_counts=True)
    codes = dense.astype(np.int32)
    agreed = normalised_mutual_information(codes, cause), adjusted_rand(codes, cause)
    return CodeRow(kind, counts.size, *agreed, float(np.median(counts[dense])))
