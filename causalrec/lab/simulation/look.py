"""How simulated items look: two modalities rendered from the confounder and parts of the merit."""

import numpy as np

from causalrec.dataset.arrays import Floats, Ints
from causalrec.lab.simulation.world import Knobs, Truth

LOOK = 8  # numbers by which a category or a brand shows
SHARED = slice(2, 4)  # merit that both modalities show


class Look:
    """Fixed random functions from what an item is to what its modalities show."""

    def __init__(self, knobs: Knobs, rng: np.random.Generator) -> None:
        self.knobs = knobs
        self.kinds = rng.standard_normal((knobs.categories * knobs.brands, LOOK))
        inputs = {"image": SHARED.stop, "text": knobs.merit - SHARED.start}
        self.layers = {
            name: (
                rng.standard_normal((LOOK + n, knobs.width)),
                rng.standard_normal((knobs.width, knobs.width)),
            )
            for name, n in inputs.items()
        }

    def render(self, truth: Truth, confounder: Ints, stream: int) -> dict[str, Floats]:
        """float32 (N, width) per modality under ``confounder`` (N,); the noise belongs to ``stream``."""
        rng = np.random.default_rng([self.knobs.seed, stream])
        merits = {"image": truth.merit[:, : SHARED.stop], "text": truth.merit[:, SHARED.start :]}
        shown: dict[str, Floats] = {}
        for name, (first, second) in self.layers.items():
            cause = np.hstack([self.kinds[confounder], self.knobs.merit_shown * merits[name]])
            hidden = np.tanh(cause @ first / np.sqrt(cause.shape[1]))
            noise = self.knobs.noise * rng.standard_normal((confounder.size, self.knobs.width))
            shown[name] = (hidden @ second / np.sqrt(self.knobs.width) + noise).astype(np.float32)
        return shown
