"""States of items that were not in training, from content alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.errors import TrainingError
from causalrec.model.blocks import unit_rows
from causalrec.model.causal.backdoor import BackdoorAdjustment
from causalrec.model.causal.channel import PARTS, ContentChannel, flat_codes
from causalrec.model.causal.codebook import Codebook
from causalrec.model.causal.crossmodal.confounder import ConfounderModel
from causalrec.model.causal.network import CausalNetwork
from causalrec.model.causal.prepare import no_footprint
from causalrec.model.content import Content, Whitening, read_content
from causalrec.model.neighbours import ROW_BLOCK, nearest


@dataclass
class ContentPath:
    """The content path of a fitted model.

    Attributes:
        layers: modality -> (d, p) projection of whitened content.
        vectors: (N, sum p) content of known items. base, readout: (N, d), before smoothing and after
        propagation. channel: further columns from content.
    """

    settings: ModelSettings
    whitenings: dict[str, Whitening]
    confounder: ConfounderModel
    codebook: Codebook | None
    layers: dict[str, Floats]
    vectors: Floats
    base: Floats
    readout: Floats
    gamma: Floats | None = None
    code_basis: Floats | None = None
    channel: ContentChannel = field(default_factory=lambda: ContentChannel({}))

    @staticmethod
    def read(network: CausalNetwork, channel: ContentChannel) -> "ContentPath":
        """Extracts the content path of a trained network."""
        prepared, backdoor = network.prepared, network.backdoor
        return ContentPath(
            network.settings,
            dict(prepared.whitenings),
            prepared.confounder,
            prepared.codebook,
            {name: network.content_weight(name).cpu().numpy() for name in network.content},
            prepared.content.vectors,
            network.base().cpu().numpy(),
            network.encode(network.edges.graph).items.cpu().numpy(),
            None if backdoor is None else backdoor.gamma.detach().cpu().numpy(),
            None if backdoor is None else backdoor.basis.detach().cpu().numpy(),
            channel,
        )

    def states(self, modalities: Mapping[str, Floats]) -> Floats:
        """Adjusted states (n, d + p) for content rows; see ``CausalRecommender.item_states_for``."""
        counts = {values.shape[0] for values in modalities.values()}
        if len(counts) != 1:
            raise TrainingError(
                f"modalities have {sorted(counts)} rows", do="give one row per item in every modality"
            )
        rows = counts.pop()
        content = read_content(self.whitenings, modalities, rows)
        near = self._near(content)
        states = np.zeros((content.vectors.shape[0], self.base.shape[1]), dtype=np.float32)
        for name, white in content.white.items():
            if name in self.layers:
                states += white @ self.layers[name].T
        states += self.settings.content.smoothing * (near @ self.base)
        states += near @ self.readout
        off = self.settings.confounder.method == "none"
        footprint = no_footprint(rows) if off else self.confounder.read(content)
        gate = footprint.gate if self.settings.backdoor.gated else footprint.known.astype(np.float32)
        none = np.full(rows, -1, dtype=np.int32)
        codes = (
            (none, none) if self.codebook is None else self.codebook.assign(footprint.states, footprint.known)
        )
        graph_part = (unit_rows(states) * self._modulation(codes, gate)).astype(np.float32)
        seen = self.channel.seen(modalities, rows)
        content_part = self.channel.adjusted(seen, flat_codes(codes, self.codebook), gate)
        return np.concatenate([graph_part, content_part], axis=1)

    def neighbours(self, modalities: Mapping[str, Floats]) -> sp.csr_matrix:
        """The known items most similar to new ones, (n, N); rows sum to one, or to zero without content."""
        rows = next(iter(modalities.values())).shape[0]
        return self._near(read_content(self.whitenings, modalities, rows))

    def _near(self, content: Content) -> sp.csr_matrix:
        settings = self.settings.content
        return nearest(content.vectors, self.vectors, settings.neighbours, ROW_BLOCK, same=False)

    def _modulation(self, codes: tuple[Ints, Ints], gate: Floats) -> Floats:
        if self.codebook is None or self.gamma is None or self.code_basis is None:
            return np.ones((1, 1), dtype=np.float32)
        smoothing = self.settings.codebook.smoothing
        part = BackdoorAdjustment(
            self.gamma.shape[0], self.codebook, codes, self.settings.backdoor, smoothing
        )
        part.load_state_dict(
            {"gamma": torch.from_numpy(self.gamma), "basis": torch.from_numpy(self.code_basis)}
        )
        with torch.no_grad():
            ones = torch.ones(gate.shape[0], self.gamma.shape[0])
            factors: Floats = part.adjusted(ones, torch.from_numpy(gate)).numpy()
        return factors

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and facts for a saved model."""
        arrays, facts = self.confounder.pack()
        arrays = {f"confounder.{name}": value for name, value in arrays.items()}
        arrays |= {"vectors": self.vectors, "base": self.base, "readout": self.readout}
        for name, whitening in self.whitenings.items():
            arrays |= {f"white.{name}.{part}": getattr(whitening, part) for part in PARTS}
        arrays |= {f"layer.{name}": layer for name, layer in self.layers.items()}
        if self.codebook is not None:
            arrays |= {f"codebook.{name}": value for name, value in self.codebook.pack().items()}
        if self.gamma is not None and self.code_basis is not None:
            arrays |= {"gamma": self.gamma, "code_basis": self.code_basis}
        channel_arrays, channel_facts = self.channel.pack()
        arrays |= {f"channel.{name}": value for name, value in channel_arrays.items()}
        return arrays, {
            "modalities": list(self.whitenings),
            "confounder": facts,
            "channel": channel_facts,
        }

    @staticmethod
    def unpack(
        arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any], settings: ModelSettings
    ) -> "ContentPath":
        """The inverse of :meth:`pack`."""
        confounder = ConfounderModel(settings.confounder)
        confounder.unpack(under("confounder.", arrays), facts["confounder"])
        names = facts["modalities"]
        whitenings = {name: Whitening(*(arrays[f"white.{name}.{part}"] for part in PARTS)) for name in names}
        codes = under("codebook.", arrays)
        return ContentPath(
            settings,
            whitenings,
            confounder,
            Codebook.unpack(codes) if codes else None,
            under("layer.", arrays),
            arrays["vectors"],
            arrays["base"],
            arrays["readout"],
            arrays.get("gamma"),
            arrays.get("code_basis"),
            ContentChannel.unpack(under("channel.", arrays), facts["channel"]),
        )


def under(prefix: str, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The arrays whose name starts with ``prefix``, without it."""
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
