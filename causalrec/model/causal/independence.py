"""L_ind of the back-door: item states should not say which code an item has.

The share of the variance of states that lies between codes (eta squared). It is the linear
Hilbert-Schmidt independence criterion of states and codes (Gretton et al. 2005), each code weighted by its
size, over its largest value, so it has no unit: 0 where every code has the same mean state, 1 where states
say nothing but the code.

Assumption: what users want of an item beyond its confounder is not concentrated in some codes. Where brands
differ in true merit, it takes that merit out as well.
"""

import torch
from torch import Tensor

TINY = 1e-9  # keeps the ratio finite where all states are the same


def explained_share(states: Tensor, codes: Tensor) -> Tensor:
    """Share of the variance of ``states`` (n, d) between ``codes`` long (n,), from 0 to 1, a scalar.

    Rows without a code (-1) do not count.
    """
    known = codes >= 0
    states, codes = states[known], codes[known]
    if codes.numel() == 0:
        return states.sum()
    centred = states - states.mean(dim=0)
    _, group, size = torch.unique(codes, return_inverse=True, return_counts=True)
    sums = torch.zeros(size.numel(), states.shape[1], device=states.device, dtype=states.dtype)
    means = sums.index_add(0, group, centred) / size[:, None]
    between = (size * means.square().sum(dim=1)).sum()
    share: Tensor = between / centred.square().sum().clamp(min=TINY)
    return share
