"""Module 1, dual-channel cross-modal diffusion: the footprint of hidden modal confounders in the content.

Assumption: given the causes that several modalities share (brand, style, category), the modalities of an
item are independent. Then whatever one modality tells about another is the footprint of those shared
causes. The footprint also contains any merit that is visible in several modalities, so it is a
*candidate* confounder: ``kappa`` measures how strong the evidence is, and the gate lets only that much
adjustment happen.

Every modality has one channel that predicts it from all others (two modalities: the two channels image ->
text and text -> image). Of three and more, one that depends on no other takes no part. A channel is trained
once, offline, on items; no table over users is involved. Its linear rivals are ridge regression, the exact
answer if everything is linear-Gaussian, and canonical correlations. With one modality there is no channel:
the footprint is that modality's main directions, the evidence is zero and so is the gate. Without content
there are no confounders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.diffusion import Denoiser, DiffusionChannel, explained, train_channel
from causalrec.model.causal.linear_channel import LinearChannel, fit_cca, fit_ridge
from causalrec.model.causal.linkage import linked_modalities
from causalrec.model.content import Content

Flags = npt.NDArray[np.bool_]
CHANNELS = ("diffusion", "ridge", "cca")  # methods that predict one modality from the others
UNKNOWN_GATE = 0.5  # of the ablation that takes raw content as confounder without asking for evidence


class Channel(Protocol):
    """E[z | condition] and the point-wise evidence that the condition says anything about z."""

    def predict(self, condition: Floats) -> Floats: ...
    def evidence(self, target: Floats, condition: Floats) -> Floats: ...


@dataclass(frozen=True)
class Footprint:
    """What the module found for n items.

    Attributes:
        states: float32 (n, dc), the confounder estimate c_i; zero where nothing is known.
        kappa: float32 (n,), point-wise evidence; zero where a second modality is missing.
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
        linked: modalities that take part, the others tell of no shared cause; None for all.
    """

    settings: ConfounderSettings
    channels: dict[str, Channel] = field(default_factory=dict)
    linked: tuple[str, ...] | None = None
    projection: Floats = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    center: float = 0.0
    spread: float = 1.0
    strength: float = 0.0
    r2: dict[str, float] = field(default_factory=dict)

    def fit(self, content: Content, seed: int) -> Footprint:
        """Trains the channels on items that have both sides, and reads all items.

        ``r2`` then holds, per channel, the share of variance explained on items kept out of training, for the
        chosen method, for ridge and for CCA.
        """
        self.linked = linked_modalities(content, self.settings.link_level, seed)
        content = self._part(content)
        names = sorted(content.white)
        if self.settings.method in CHANNELS and len(names) > 1:
            for index, name in enumerate(names):
                self._fit_channel(name, content, seed + index)
        shared = self._shared(content)
        self.projection = _principal(shared, self.settings.width)
        kappa, known = self._kappa(content), _known(content)
        seen = kappa[kappa != 0]
        if seen.size:
            low, self.center, high = (float(q) for q in np.percentile(seen, [25, 50, 75]))
            self.spread = max(high - low, 1e-6)
        held_out = [value for name, value in self.r2.items() if name.startswith(self.settings.method)]
        self.strength = float(np.sqrt(np.clip(np.mean(held_out), 0.0, 1.0))) if held_out else 0.0
        return self._footprint(shared, kappa, known)

    def read(self, content: Content) -> Footprint:
        """The same for items that were not there in training."""
        content = self._part(content)
        return self._footprint(self._shared(content), self._kappa(content), _known(content))

    def _part(self, content: Content) -> Content:
        """The modalities that take part."""
        names = sorted(content.white) if self.linked is None else self.linked
        return replace(
            content,
            white={name: content.white[name] for name in names},
            present={name: content.present[name] for name in names},
        )

    def _fit_channel(self, name: str, content: Content, seed: int) -> None:
        target, condition, both = _sides(name, content)
        if both.sum() < 4:
            return
        target, condition, scale = target[both], condition[both], content.spread[name]
        held = np.zeros(target.shape[0], dtype=np.bool_)
        count = max(int(self.settings.holdout * held.size), 1)
        held[np.random.default_rng(seed).permutation(held.size)[:count]] = True
        rival = fit_ridge(target[~held], condition[~held], self.settings.ridge)
        second = fit_cca(target[~held], condition[~held], self.settings.ridge, self.settings.width)
        for method, linear in (("ridge", rival), ("cca", second)):
            self.r2[f"{method}/{name}"] = explained(target[held], linear.predict(condition[held]), scale)
        if self.settings.method == "ridge":
            self.channels[name] = fit_ridge(target, condition, self.settings.ridge)
        elif self.settings.method == "cca":
            width = self.settings.width
            self.channels[name] = fit_cca(target, condition, self.settings.ridge, width)
        else:
            channel = train_channel(target, condition, rival.weights, held, self.settings, seed)
            self.r2[f"diffusion/{name}"] = explained(target[held], channel.predict(condition[held]), scale)
            self.channels[name] = channel

    def _shared(self, content: Content) -> Floats:
        """(n, sum p): per modality what the others say about it; itself where there is no channel."""
        parts = []
        for name in sorted(content.white):
            if name not in self.channels:
                parts.append(content.white[name])
                continue
            _, condition, _ = _sides(name, content)
            others = np.abs(condition).sum(axis=1, keepdims=True) > 0
            parts.append(self.channels[name].predict(condition) * others)
        rows = content.vectors.shape[0]
        return np.concatenate(parts, axis=1) if parts else np.zeros((rows, 0), dtype=np.float32)

    def _kappa(self, content: Content) -> Floats:
        total = np.zeros(content.vectors.shape[0], dtype=np.float32)
        for name, channel in self.channels.items():
            target, condition, both = _sides(name, content)
            total += np.where(both, channel.evidence(target, condition), 0.0).astype(np.float32)
        return total

    def _footprint(self, shared: Floats, kappa: Floats, known: Flags) -> Footprint:
        states = (shared @ self.projection).astype(np.float32) * known[:, None]
        if self.settings.method == "concat":
            gate = np.where(known, UNKNOWN_GATE, 0.0)
        else:
            steep = 1.0 / (1.0 + np.exp(-np.clip((kappa - self.center) / self.spread, -30, 30)))
            gate = np.where(kappa != 0, steep * self.strength, 0.0)
        return Footprint(states, kappa, gate.astype(np.float32), known)

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and facts for a snapshot."""
        arrays: dict[str, npt.NDArray[Any]] = {"projection": self.projection}
        for name, channel in self.channels.items():
            if isinstance(channel, LinearChannel):
                arrays[f"linear.{name}"] = channel.weights
            elif isinstance(channel, DiffusionChannel):
                state = channel.network.state_dict()
                arrays |= {f"diffusion.{name}.{key}": value.numpy() for key, value in state.items()}
        facts = {"center": self.center, "spread": self.spread, "strength": self.strength, "r2": self.r2}
        return arrays, facts | {"channels": sorted(self.channels), "linked": self.linked}

    def unpack(self, arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> None:
        """The inverse of :meth:`pack`."""
        self.projection = arrays["projection"]
        self.center, self.spread = facts["center"], facts["spread"]
        self.strength, self.r2 = facts["strength"], dict(facts["r2"])
        linked = facts.get("linked")  # a package of before knows none
        self.linked = None if linked is None else tuple(linked)
        for name in facts["channels"]:
            self.channels[name] = _unpack_channel(name, arrays, self.settings)


def _unpack_channel(
    name: str, arrays: Mapping[str, npt.NDArray[Any]], settings: ConfounderSettings
) -> Channel:
    if f"linear.{name}" in arrays:
        return LinearChannel(arrays[f"linear.{name}"])
    prefix = f"diffusion.{name}."
    state = {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
    width, condition = state["leave.weight"].shape[0], state["condition.weight"].shape[1] - 1
    network = Denoiser(width, condition, settings)
    network.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    return DiffusionChannel(network, settings)


def _sides(name: str, content: Content) -> tuple[Floats, Floats, Flags]:
    """The modality, all others side by side (missing ones zero), and the items that have both."""
    others = [other for other in sorted(content.white) if other != name]
    condition = np.concatenate([content.white[other] for other in others], axis=1)
    both = np.zeros(condition.shape[0], dtype=np.bool_)
    for other in others:
        both |= content.present[other]
    both &= content.present[name]
    return content.white[name], condition, both


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
