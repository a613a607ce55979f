"""Module 1, dual-channel cross-modal diffusion: the footprint of hidden modal confounders in the content.

Assumption: given the causes that several modalities share (brand, style, category), the modalities of an
item are independent. Then whatever one modality reveals about another is the footprint of those shared
causes. The footprint also contains any merit that is visible in several modalities, so it is a *candidate*
confounder: ``kappa`` measures the strength of the evidence, and the gate allows only that much adjustment.

Every modality has one channel that predicts it from all others (two modalities: the two channels image ->
text and text -> image). With three or more, a modality that depends on no other is left out. A channel is
trained once, offline, on items; no table over users is involved. It is a diffusion if that has the better
likelihood on unseen items, otherwise a network or a linear map with Gaussian noise
(:mod:`causalrec.model.causal.crossmodal.choice`). With one modality there is no channel: the footprint is
that modality's main directions, the evidence is zero and so is the gate. Without content there are no
confounders.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.crossmodal.choice import WAYS, Channel, choose_channel
from causalrec.model.causal.crossmodal.condition import CONDITION, View, fit_views, sides
from causalrec.model.causal.crossmodal.linkage import LINK_LEVEL, linked_modalities
from causalrec.model.causal.crossmodal.store import pack_channel, unpack_channel, unpack_earlier
from causalrec.model.content import Content, Whitening

logger = logging.getLogger(__name__)

Flags = npt.NDArray[np.bool_]
CHANNELS = ("auto", *WAYS)  # methods that predict one modality from the others
LEAST_ITEMS = 20  # items with both sides needed for a channel: two of them choose and two judge
PARTS = ("mean", "scale", "basis", "spread")
UNKNOWN_GATE = 0.5  # gate of the ablation that takes raw content as confounder without evidence


@dataclass(frozen=True)
class Footprint:
    """The findings of the module for n items.

    Attributes:
        states: float32 (n, dc), the confounder estimate c_i; zero if nothing is known.
        kappa: float32 (n,), point-wise evidence; zero if a second modality is missing.
        gate: float32 (n,) in [0, 1].
        known: bool (n,), items with any content.
    """

    states: Floats
    kappa: Floats
    gate: Floats
    known: Flags


@dataclass
class ConfounderModel:
    """Fitted channels and the projection to the confounder's width; reads old and new items alike.

    Attributes:
        linked: participating modalities, as the others show no shared cause; None for all.
        ways: modality -> the way chosen for its channel.
        r2, nats: "way/modality" -> share of variance explained, and gain in log density over N(0, I), on
            otherwise unused items.
        views: modality -> its view as a condition of the other channels.
    """

    settings: ConfounderSettings
    channels: dict[str, Channel] = field(default_factory=dict)
    linked: tuple[str, ...] | None = None
    projection: Floats = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    center: float = 0.0
    spread: float = 1.0
    strength: float = 0.0
    r2: dict[str, float] = field(default_factory=dict)
    nats: dict[str, float] = field(default_factory=dict)
    ways: dict[str, str] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)

    def fit(self, content: Content, seed: int) -> Footprint:
        """Trains the channels on items that have both sides, and reads all items.

        Every way is judged on items used neither for training nor for any choice.
        """
        self.linked = linked_modalities(content, LINK_LEVEL, seed)
        content = self._part(content)
        names = sorted(content.white)
        if self.settings.method in CHANNELS and len(names) > 1:
            self.views = fit_views(content, tuple(names), CONDITION)
            for index, name in enumerate(names):
                self._fit_channel(name, content, seed + index)
        shared = self._shared(content)
        self.projection = _principal(shared, self.settings.width)
        kappa, known = self._kappa(content), _known(content)
        seen = kappa[kappa != 0]
        if seen.size:
            low, self.center, high = (float(q) for q in np.percentile(seen, [25, 50, 75]))
            self.spread = max(high - low, 1e-6)
        held_out = [self.r2[f"{way}/{name}"] for name, way in self.ways.items()]
        self.strength = float(np.sqrt(np.clip(np.mean(held_out), 0.0, 1.0))) if held_out else 0.0
        return self._footprint(shared, kappa, known)

    def read(self, content: Content) -> Footprint:
        """The same for items that were not in training."""
        content = self._part(content)
        return self._footprint(self._shared(content), self._kappa(content), _known(content))

    def _part(self, content: Content) -> Content:
        """The participating modalities."""
        names = sorted(content.white) if self.linked is None else self.linked
        return replace(
            content,
            white={name: content.white[name] for name in names},
            present={name: content.present[name] for name in names},
        )

    def _fit_channel(self, name: str, content: Content, seed: int) -> None:
        target, condition, both = sides(name, content, self.views)
        if both.sum() < LEAST_ITEMS:
            return
        choice = choose_channel((target[both], condition[both]), content.spread[name], self.settings, seed)
        self.channels[name], self.ways[name] = choice.channel, choice.way
        for way, judged in choice.judged.items():
            self.r2[f"{way}/{name}"] = judged.explained
            self.nats[f"{way}/{name}"] = judged.density
        logger.info(
            "channel %s: %s taken, explains %.3f of items that nothing else saw (%s)",
            name, choice.way, choice.judged[choice.way].explained,
            ", ".join(f"{way} {judged.explained:.3f}" for way, judged in choice.judged.items()),
        )  # fmt: skip

    def _shared(self, content: Content, rng: np.random.Generator | None = None) -> Floats:
        """(n, sum p): per modality its prediction from the others; itself if there is no channel.

        The prediction is the mean, or a draw if ``rng`` is given.
        """
        parts = []
        for name in sorted(content.white):
            if name not in self.channels:
                parts.append(content.white[name])
                continue
            _, condition, _ = sides(name, content, self.views)
            others = np.abs(condition).sum(axis=1, keepdims=True) > 0
            channel = self.channels[name]
            said = channel.predict(condition) if rng is None else channel.draw(condition, rng)
            parts.append(said * others)
        rows = content.vectors.shape[0]
        return np.concatenate(parts, axis=1) if parts else np.zeros((rows, 0), dtype=np.float32)

    def _kappa(self, content: Content) -> Floats:
        total = np.zeros(content.vectors.shape[0], dtype=np.float32)
        for name, channel in self.channels.items():
            target, condition, both = sides(name, content, self.views)
            total[both] += channel.evidence(target[both], condition[both])
        return total

    def _footprint(self, shared: Floats, kappa: Floats, known: Flags) -> Footprint:
        states = (shared @ self.projection).astype(np.float32) * known[:, None]
        if self.settings.method == "concat":
            gate = np.where(known, UNKNOWN_GATE, 0.0)
        else:
            steep = 1.0 / (1.0 + np.exp(-np.clip((kappa - self.center) / self.spread, -30, 30)))
            gate = np.where(kappa != 0, steep * self.strength, 0.0)
        return Footprint(states, kappa, gate.astype(np.float32), known)

    def draws(self, content: Content, count: int, seed: int) -> Floats:
        """States (count, n, dc) that the items may have had: draws of each modality given the others.

        Without a channel all draws are the state of :meth:`read`.
        """
        content, rng = self._part(content), np.random.default_rng(seed)
        known = _known(content)
        drawn = [self._shared(content, rng) @ self.projection * known[:, None] for _ in range(count)]
        states: Floats = np.stack(drawn).astype(np.float32)
        return states

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and facts for a saved model."""
        arrays: dict[str, npt.NDArray[Any]] = {"projection": self.projection}
        facts: dict[str, Any] = {}
        for name, channel in self.channels.items():
            parts, facts[name] = pack_channel(channel)
            arrays |= {f"channel.{name}.{part}": value for part, value in parts.items()}
        for name, view in self.views.items():
            arrays |= {f"view.{name}.{part}": getattr(view.whitening, part) for part in PARTS}
        return arrays, {
            "center": self.center,
            "spread": self.spread,
            "strength": self.strength,
            "r2": self.r2,
            "nats": self.nats,
            "ways": self.ways,
            "channels": sorted(self.channels),
            "kinds": facts,
            "views": sorted(self.views),
            "linked": self.linked,
        }

    def unpack(self, arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> None:
        """The inverse of :meth:`pack`."""
        self.projection = arrays["projection"]
        self.center, self.spread = facts["center"], facts["spread"]
        self.strength, self.r2 = facts["strength"], dict(facts["r2"])
        linked = facts.get("linked")  # absent from older packages
        self.linked = None if linked is None else tuple(linked)
        self.nats, self.ways = dict(facts.get("nats", {})), dict(facts.get("ways", {}))
        for name in facts.get("views", ()):
            self.views[name] = View(Whitening(*(arrays[f"view.{name}.{part}"] for part in PARTS)))
        kinds = facts.get("kinds")
        for name in facts["channels"]:
            if kinds is None:
                self.channels[name] = unpack_earlier(arrays, name)
                continue
            start = f"channel.{name}."
            parts = {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}
            self.channels[name] = unpack_channel(parts, kinds[name], self.settings)


def _known(content: Content) -> Flags:
    known = np.zeros(content.vectors.shape[0], dtype=np.bool_)
    for present in content.present.values():
        known |= present
    return known


def _principal(values: Floats, width: int) -> Floats:
    """Projection (columns, width) to the main directions, scaled to mean variance one."""
    if values.shape[1] == 0 or not values.any():
        return np.zeros((values.shape[1], 0), dtype=np.float32)
    variance, directions = np.linalg.eigh(values.T.astype(np.float64) @ values / values.shape[0])
    order = np.argsort(-variance)[:width]
    order = order[variance[order] > 1e-9 * variance.max()]
    scale = np.sqrt(variance[order].mean())
    projection: Floats = (directions[:, order] / scale).astype(np.float32)
    return projection
