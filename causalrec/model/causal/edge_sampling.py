"""Stochastic edges: every epoch trains on a draw from the reconstructed graph.

So no state can depend on a single edge, and the read-out of a user is one sample of P(m | s), the mediator
given what was observed. Gumbel top-k (Vieira 2014; Kool et al., ICML 2019): the edges with the largest log q
+ Gumbel noise are a sample without replacement in which edges of strong evidence are more likely to stay.
"""

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats

LEAST = 1e-12  # evidence below counts as this, so that its logarithm exists


def sample_edges(evidence: Floats, left_out: float, seed: int, epoch: int) -> npt.NDArray[np.bool_]:
    """Which edges stay, bool (n,): ceil((1 - left_out) n) of those with evidence (n,) above zero.

    The same (seed, epoch) gives the same draw, so a resumed run and every process of a parallel run agree.
    """
    rng = np.random.default_rng([seed, epoch])
    noise = rng.gumbel(size=evidence.size)
    key = np.where(evidence > 0, np.log(np.maximum(evidence, LEAST)) + noise, -np.inf)
    count = min(int(np.ceil((1 - left_out) * evidence.size)), int((evidence > 0).sum()))
    stays = np.zeros(evidence.size, dtype=np.bool_)
    stays[np.argpartition(-key, max(count - 1, 0))[:count]] = True
    return stays
