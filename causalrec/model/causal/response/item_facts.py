"""What content alone says about the items, for the response model."""

from collections.abc import Mapping
from dataclasses import dataclass

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.model.causal.naming import name_codes
from causalrec.model.causal.prepare import prepare
from causalrec.model.content import Content, Whitening, read_content


@dataclass(frozen=True)
class Codes:
    """Findings of an earlier fit about the same items.

    Attributes:
        of: coarse and fine code per item, -1 if unknown.
        names: of the coarse codes.
        whitenings: of the content.
    """

    of: tuple[Ints, Ints]
    names: tuple[str, ...]
    whitenings: Mapping[str, Whitening]


@dataclass(frozen=True)
class ItemFacts:
    """Whitened content (N rows) and codes."""

    content: Content
    codes: Codes


def item_facts(
    data: Interactions, settings: ModelSettings, seed: int, known: Codes | None = None
) -> ItemFacts:
    """Facts about the items of ``data``.

    Args:
        known: findings of an earlier fit about exactly these items, which are reused.
    """
    if known is not None:
        return ItemFacts(read_content(known.whitenings, data.modalities, data.n_items), known)
    found = prepare(data, settings, seed)
    count = found.codebook.coarse.shape[0] if found.codebook else 0
    names = name_codes(found.codes[0], count, data.item_attributes)
    return ItemFacts(found.content, Codes(found.codes, names, found.whitenings))
