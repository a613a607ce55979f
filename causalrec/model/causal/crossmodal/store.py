"""Fitted channels as arrays and facts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from causalrec.config.model import ConfounderSettings
from causalrec.errors import TrainingError
from causalrec.model.causal.crossmodal.bagged_means import BaggedMeans, MeanNetwork
from causalrec.model.causal.crossmodal.choice import Channel
from causalrec.model.causal.crossmodal.diffusion import Denoiser
from causalrec.model.causal.crossmodal.gaussian_noise import GaussianNoise
from causalrec.model.causal.crossmodal.linear import LinearChannel
from causalrec.model.causal.crossmodal.mlp import DiffusionChannel, MlpChannel

Arrays = Mapping[str, npt.NDArray[Any]]


def pack_channel(channel: Channel) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Arrays and facts of one channel."""
    if isinstance(channel, LinearChannel):
        return {"weights": channel.weights, "root": channel.noise.root}, {"kind": "linear"}
    if not isinstance(channel, MlpChannel | DiffusionChannel):
        raise TrainingError(
            f"a channel of type {type(channel).__name__} cannot be saved", do="use a known one"
        )
    arrays = _state("means", channel.means.networks) | {"root": channel.noise.root}
    bags = len(channel.means.networks)
    if isinstance(channel, MlpChannel):
        return arrays, {"kind": "mlp", "bags": bags}
    arrays |= _state("denoiser", channel.network)
    return arrays, {"kind": "diffusion", "bags": bags, "trust": channel.trust}


def unpack_channel(arrays: Arrays, facts: Mapping[str, Any], settings: ConfounderSettings) -> Channel:
    """The inverse of :func:`pack_channel`."""
    noise = GaussianNoise(arrays["root"])
    if facts["kind"] == "linear":
        return LinearChannel(arrays["weights"], noise)
    means = _means(arrays, int(facts["bags"]), settings)
    if facts["kind"] == "mlp":
        return MlpChannel(means, noise)
    width, told = arrays["denoiser.leave.weight"].shape[0], arrays["denoiser.condition.weight"].shape[1] - 1
    network = Denoiser(width, told, settings)
    network.load_state_dict(_tensors("denoiser", arrays))
    return DiffusionChannel(means, noise, network.eval(), settings, float(facts["trust"]))


def unpack_earlier(arrays: Arrays, prefix: str) -> LinearChannel:
    """A channel from a package registered before channels had a density.

    Its diffusion started from ridge with an output of zero, so its linear layer is its prediction.
    """
    weights = arrays.get(f"linear.{prefix}")
    if weights is None:
        weights = arrays[f"diffusion.{prefix}.direct.weight"][:, :-1].T.copy()
    return LinearChannel(weights, GaussianNoise.unit(weights.shape[1]))


def _means(arrays: Arrays, bags: int, settings: ConfounderSettings) -> BaggedMeans:
    first = arrays["means.0.layers.0.weight"]
    last = max(name for name in arrays if name.startswith("means.0.") and name.endswith("weight"))
    networks = nn.ModuleList(
        MeanNetwork(first.shape[1], arrays[last].shape[0], settings) for _ in range(bags)
    )
    networks.load_state_dict(_tensors("means", arrays))
    return BaggedMeans(networks)


def _state(prefix: str, module: nn.Module) -> dict[str, npt.NDArray[Any]]:
    return {f"{prefix}.{name}": np.asarray(value.numpy()) for name, value in module.state_dict().items()}


def _tensors(prefix: str, arrays: Arrays) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {
        name.removeprefix(start): torch.from_numpy(np.array(value))
        for name, value in arrays.items()
        if name.startswith(start)
    }
