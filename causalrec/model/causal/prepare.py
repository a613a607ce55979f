"""Learnt from content alone, before the recommender trains: whitening, confounders, codes, item graph."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.model.causal.codebook import Codebook, fit_codebook
from causalrec.model.causal.crossmodal.cache import identify
from causalrec.model.causal.crossmodal.confounder import ConfounderModel, Footprint
from causalrec.model.causal.crossmodal.linkage import LINK_LEVEL
from causalrec.model.causal.crossmodal.relevance import relevant_modalities
from causalrec.model.content import Content, Whitening, fit_content, read_content
from causalrec.model.factors import item_popularity
from causalrec.model.neighbours import ROW_BLOCK, nearest


@dataclass(frozen=True)
class Prepared:
    """Frozen findings about the items of the catalogue.

    Attributes:
        codes: coarse and fine code per item, -1 if unknown or switched off.
        codebook: None if confounders or codes are switched off, or no item has content.
        neighbours: row-normalised item-item CSR (N, N) over content; empty without content.
    """

    whitenings: Mapping[str, Whitening]
    content: Content
    confounder: ConfounderModel
    footprint: Footprint
    codebook: Codebook | None
    codes: tuple[Ints, Ints]
    neighbours: sp.csr_matrix


def prepare(data: Interactions, settings: ModelSettings, seed: int) -> Prepared:
    """Runs the offline stage; it reads modalities only (interactions for a prior that counts them, and to
    find out which of three and more modalities say nothing)."""
    modalities = data.modalities if settings.content.enabled else {}
    whitenings = fit_content(modalities, settings.confounder.whiten)
    content = read_content(whitenings, modalities, data.n_items)
    names = relevant_modalities(content, data.train, LINK_LEVEL, seed)
    if len(names) < len(whitenings):
        whitenings = {name: whitenings[name] for name in names}
        content = read_content(whitenings, modalities, data.n_items)
    if settings.confounder.method == "none":
        model, footprint = ConfounderModel(settings.confounder), no_footprint(data.n_items)
    else:
        model, footprint = identify(content, settings.confounder, seed)
    codebook = None
    none = np.full(data.n_items, -1, dtype=np.int32)
    codes = (none, none.copy())
    if settings.codebook.enabled and footprint.known.any() and footprint.states.shape[1] > 0:
        codebook = fit_codebook(footprint.states, footprint.known, settings.codebook, seed)
        codes = codebook.assign(footprint.states, footprint.known)
        if settings.codebook.shuffled:
            codes = deal_out(codes, seed)
        if settings.codebook.prior == "interactions":
            codebook = codebook.weighted(codes, item_popularity(data))
    near = nearest(content.vectors, content.vectors, settings.content.neighbours, ROW_BLOCK, same=True)
    return Prepared(whitenings, content, model, footprint, codebook, codes, near)


def deal_out(codes: tuple[Ints, Ints], seed: int) -> tuple[Ints, Ints]:
    """The codes shuffled among the items that have one."""
    coarse, fine = (part.copy() for part in codes)
    known = np.flatnonzero(coarse >= 0)
    dealt = np.random.default_rng(seed).permutation(known)
    coarse[known], fine[known] = codes[0][dealt], codes[1][dealt]
    return coarse, fine


def no_footprint(rows: int) -> Footprint:
    """Nothing found for ``rows`` items."""
    zero: Floats = np.zeros(rows, dtype=np.float32)
    return Footprint(np.zeros((rows, 0), dtype=np.float32), zero, zero.copy(), np.zeros(rows, dtype=np.bool_))
