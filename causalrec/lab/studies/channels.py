"""The cross-modal channels of a catalogue, each judged on items that nothing else saw."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.crossmodal.choice import Judgement, choose_channel
from causalrec.model.causal.crossmodal.condition import CONDITION, fit_views, sides
from causalrec.model.content import fit_content, read_content

CAUSE, COLUMNS, NOISE = 4, 48, 0.5  # of a bent catalogue


@dataclass(frozen=True)
class ChannelRow:
    """One modality given the others: who was taken, how all were judged, CPU seconds for all together."""

    modality: str
    items: int
    way: str
    judged: Mapping[str, Judgement]
    seconds: float


def channel_rows(
    modalities: Mapping[str, Floats], settings: ConfounderSettings, seed: int
) -> tuple[ChannelRow, ...]:
    """One row per modality, by name; ``settings.method`` is read as auto."""
    auto = settings.model_copy(update={"method": "auto"})
    items = next(iter(modalities.values())).shape[0]
    content = read_content(fit_content(modalities, auto.whiten), modalities, items)
    views = fit_views(content, tuple(content.white), CONDITION)
    rows = []
    for place, name in enumerate(sorted(content.white)):
        target, condition, both = sides(name, content, views)
        began = time.process_time()
        pair = (target[both], condition[both])
        choice = choose_channel(pair, content.spread[name], auto, seed + place)
        taken = time.process_time() - began
        rows.append(ChannelRow(name, int(both.sum()), choice.way, choice.judged, taken))
    return tuple(rows)


def bent_catalogue(items: int, seed: int) -> dict[str, Floats]:
    """Two modalities of a shared cause: one shows it, the other its square and its sign.

    Nothing linear is left between them where the cause is symmetric, and half of what the second shows of a
    cause has two peaks given the first.
    """
    rng = np.random.default_rng(seed)
    cause = rng.standard_normal((items, CAUSE))
    side = np.abs(cause) * rng.choice([-1.0, 1.0], cause.shape)
    shown = {"image": cause, "text": np.hstack([np.square(cause), side])}
    return {
        name: (
            values @ rng.standard_normal((values.shape[1], COLUMNS)) / np.sqrt(values.shape[1])
            + NOISE * rng.standard_normal((items, COLUMNS))
        ).astype(np.float32)
        for name, values in shown.items()
    }
