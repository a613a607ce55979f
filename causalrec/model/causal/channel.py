"""The content channel: cosine of an item's content and a user's mean content, as additional columns.

A graph encoder cannot learn from few pairs what hundreds of image and text dimensions mean; the plain cosine
needs no pairs. It joins the score as score(u, i) += sum_m w_m <t_um, q~_im>, with

* q_im: whitened content of item i in modality m, of length one. Directions of small variance are damped:
  column j is divided by sqrt(s_j^2 + ridge s_1^2) and not by its deviation s_j;
* t_um: unit vector along sum_i a_ui q_im over the edges of the *reconstructed* graph;
* q~_im = q_im + g_i (sum_z P~(z | i) mean_z - mean_{z_i}), the back-door sum: the content under code z is the
  item's own deviation plus the mean content mean_z of the items with that code, which is affine in
  mean_z, so that the expectation is exact; P~ and the gate are those of the item states;
* w_m: chosen on validation from a small grid that includes zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.blocks import unit_blocks, unit_rows
from causalrec.model.causal.backdoor import code_priors
from causalrec.model.causal.codebook import Codebook
from causalrec.model.content import CHANNEL_WIDTH, Whitening, fit_content

RIDGE = 0.03  # damps directions of small variance; 0: whitening
# weights to try; zero comes first, so that a tie leaves content out
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)

PARTS = ("mean", "scale", "basis", "spread")


@dataclass(frozen=True)
class Lens:
    """Reads one modality.

    Attributes:
        shift: float32 (K1 * K2, p): what the back-door sum adds to content under a code; no rows without such
            a sum.
        weight: w_m.
    """

    whitening: Whitening
    shift: Floats
    ridge: float
    weight: float

    @property
    def width(self) -> int:
        """Columns p."""
        return int(self.whitening.spread.size)

    def see(self, values: Floats) -> Floats:
        """Unit rows q (n, p) of raw content; zero where missing."""
        white, _ = self.whitening(values)
        spread = self.whitening.spread
        return unit_rows(white * spread / np.sqrt(spread**2 + self.ridge * spread.max() ** 2))

    def adjust(self, seen: Floats, flat: Ints, gate: Floats) -> Floats:
        """w q~ for q (n, p) under codes (n,) (-1: none) and gates (n,)."""
        adjusted = seen.copy()
        if self.shift.shape[0]:
            there = (flat >= 0) & seen.any(axis=1)
            adjusted[there] += gate[there, None] * self.shift[flat[there]]
        scaled: Floats = (adjusted * np.float32(self.weight)).astype(np.float32)
        return scaled


@dataclass(frozen=True)
class ContentChannel:
    """One lens per participating modality, by name; without any, the channel has no columns.

    Attributes:
        demand: a last column, through which the demand of an item's code enters the factual score; it is one
            for every user, and zero in the adjusted score.
    """

    lenses: Mapping[str, Lens]
    demand: bool = False

    @staticmethod
    def fit(
        modalities: Mapping[str, Floats],
        codebook: Codebook | None,
        flat: Ints,
        settings: ModelSettings,
    ) -> "ContentChannel":
        """Lenses of weight one for items with codes ``flat`` (N,), -1 if unknown."""
        found = {}
        for name, whitening in fit_content(modalities, CHANNEL_WIDTH).items():
            empty = np.zeros((0, whitening.spread.size), dtype=np.float32)
            bare = Lens(whitening, empty, RIDGE, 1.0)
            shift = bare.shift
            if codebook is not None and settings.backdoor.enabled:
                shift = code_shift(bare.see(modalities[name]), flat, codebook, settings)
            found[name] = replace(bare, shift=shift)
        return ContentChannel(found)

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns per modality."""
        return (*(lens.width for lens in self.lenses.values()), *((1,) if self.demand else ()))

    def weighted(self, weights: Mapping[str, float]) -> "ContentChannel":
        """The same lenses with other weights; those of weight zero are left out."""
        kept = {name: lens for name, lens in self.lenses.items() if weights[name] > 0}
        lenses = {name: replace(lens, weight=weights[name]) for name, lens in kept.items()}
        return ContentChannel(lenses, self.demand)

    def seen(self, modalities: Mapping[str, Floats], rows: int) -> Floats:
        """q of all modalities side by side, (rows, p); modalities that are not given count as missing."""
        none = np.zeros((rows, 0), dtype=np.float32)
        parts = [
            lens.see(modalities[name]) if name in modalities else np.zeros((rows, lens.width), np.float32)
            for name, lens in self.lenses.items()
        ]
        ones = np.ones((rows, int(self.demand)), dtype=np.float32)
        return np.concatenate([none, *parts, ones], axis=1)

    def adjusted(self, seen: Floats, flat: Ints, gate: Floats) -> Floats:
        """w q~ (n, p) for q (n, p); with gate zero the factual w q."""
        parts, first = [np.zeros((seen.shape[0], 0), dtype=np.float32)], 0
        for lens in self.lenses.values():
            parts.append(lens.adjust(seen[:, first : first + lens.width], flat, gate))
            first += lens.width
        parts.append(np.zeros((seen.shape[0], int(self.demand)), dtype=np.float32))
        return np.concatenate(parts, axis=1)

    def tastes(self, matrix: sp.csr_matrix, seen: Floats) -> Floats:
        """t (U, p) of users with edge weights (U, N)."""
        return unit_blocks(np.asarray(matrix @ seen, dtype=np.float32), self.widths)

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and facts for a saved model."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, lens in self.lenses.items():
            arrays |= {f"{name}.{part}": getattr(lens.whitening, part) for part in PARTS}
            arrays[f"{name}.shift"] = lens.shift
        lenses = {name: [lens.ridge, lens.weight] for name, lens in self.lenses.items()}
        return arrays, {"lenses": lenses, "demand": self.demand}

    @staticmethod
    def unpack(arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> "ContentChannel":
        """The inverse of :meth:`pack`."""
        lenses = {}
        for name in sorted(facts["lenses"]):
            whitening = Whitening(*(arrays[f"{name}.{part}"] for part in PARTS))
            lenses[name] = Lens(whitening, arrays[f"{name}.shift"], *facts["lenses"][name])
        return ContentChannel(lenses, facts["demand"])


def code_shift(seen: Floats, flat: Ints, codebook: Codebook, settings: ModelSettings) -> Floats:
    """sum_z P~(z | cell of k) mean_z - mean_k for every code k, (K1 * K2, p)."""
    inside, overall = code_priors(codebook, settings.codebook.smoothing)
    there = (flat >= 0) & seen.any(axis=1)
    count = np.bincount(flat[there], minlength=overall.size)
    mean = np.zeros((overall.size, seen.shape[1]), dtype=np.float32)
    np.add.at(mean, flat[there], seen[there])
    mean /= np.maximum(count, 1)[:, None].astype(np.float32)
    cells = np.einsum("ck,ckp->cp", inside, mean.reshape(*inside.shape, -1))
    rho = settings.backdoor.rho
    expected = (1 - rho) * cells + rho * (overall @ mean)
    shift: Floats = (np.repeat(expected, inside.shape[1], axis=0) - mean).astype(np.float32)
    return shift


def flat_codes(codes: tuple[Ints, Ints], codebook: Codebook | None) -> Ints:
    """coarse * K2 + fine, -1 without a code."""
    coarse, fine = codes
    width = 1 if codebook is None else codebook.counts.shape[1]
    return np.where(coarse >= 0, coarse * width + fine, -1).astype(np.int32)
