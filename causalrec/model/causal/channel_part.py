"""The columns that the content channel adds to the tables of a trained network."""

from dataclasses import dataclass

import numpy as np

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.model.base import Judge
from causalrec.model.blocks import split_blocks
from causalrec.model.causal.channel import ContentChannel, flat_codes
from causalrec.model.causal.mixing import choose_weights
from causalrec.model.causal.network import CausalNetwork


@dataclass(frozen=True)
class ChannelPart:
    """Columns of users and items; p = 0 if no modality takes part.

    Attributes:
        seen: q (N, p). tastes: t (U, p) on the reconstructed graph; plain_tastes: on the observed one.
        factual: w q (N, p). adjusted: w q~ (N, p).
    """

    channel: ContentChannel
    seen: Floats
    tastes: Floats
    plain_tastes: Floats
    factual: Floats
    adjusted: Floats


def attach_channel(
    network: CausalNetwork, data: Interactions, settings: ModelSettings, judge: Judge, seed: int
) -> tuple[ChannelPart, dict[str, float]]:
    """The channel for a trained network, and findings for the report."""
    on = settings.content.enabled and settings.content.channel
    prepared = network.prepared
    used = prepared.whitenings if on else {}
    modalities = {name: data.modalities[name] for name in used}
    flat = flat_codes(prepared.codes, prepared.codebook)
    offered = ContentChannel.fit(modalities, prepared.codebook, flat, settings)
    part = _columns(network, offered, data)
    tastes, items_of = (split_blocks(table, offered.widths) for table in (part.tastes, part.adjusted))
    content = {name: (tastes[place], items_of[place]) for place, name in enumerate(offered.lenses)}
    users, items = (table.cpu().numpy() for table in network.serving())
    weights, heard = choose_weights((users, items), content, data, judge, settings.content, seed)
    weighted = offered.weighted(weights)
    demand = settings.exposure.offset
    chosen = _columns(network, ContentChannel(weighted.lenses, demand), data)
    return chosen, heard | {f"channel/weight/{name}": weight for name, weight in weights.items()}


def _columns(network: CausalNetwork, channel: ContentChannel, data: Interactions) -> ChannelPart:
    prepared = network.prepared
    seen = channel.seen(data.modalities, data.n_items)
    flat = flat_codes(prepared.codes, prepared.codebook)
    gate = network.get_buffer("gate").cpu().numpy()
    factual, adjusted = (channel.adjusted(seen, flat, by) for by in (np.zeros_like(gate), gate))
    if channel.demand:
        factual[:, -1] = network.demand
        adjusted[:, -1] = 0.0 if network.settings.backdoor.enabled else network.demand
    return ChannelPart(
        channel,
        seen,
        channel.tastes(network.edges.matrix(), seen),
        channel.tastes(data.train_matrix(), seen),
        factual,
        adjusted,
    )
