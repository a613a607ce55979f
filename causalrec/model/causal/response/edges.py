"""Evidence for edges of the user-item graph: P(preference | the log of this pair).

The observation model is a mixture: a response was meant, or it was an accident. With the posterior mean logit
of the pair, each response has a posterior chance of having been meant, given how deep it went; an edge is a
preference unless all of its responses were accidents, which are independent given the logit.
"""

import numpy as np
import torch
from torch import Tensor

from causalrec.dataset.arrays import Floats, Ints, pair_keys
from causalrec.model.causal.response.looked import Looked
from causalrec.model.causal.response.rows import LookRows

LEAST = 1e-12  # probability of an accident below which its logarithm is clipped


def preference_chances(rows: LookRows, meant: Tensor) -> Tensor:
    """float64 (m,) per pair; NaN for pairs without a response, 1 without accidents.

    Args:
        meant: (r,) expected number of responses of a row that were no accidents (:meth:`Observation.meant`).
    """
    responses = rows.reached[0]
    slipped = (1 - meant / responses.clamp(min=LEAST)).clamp(LEAST, 1.0)
    chance = 1 - rows.per_pair(responses * slipped.log()).exp()
    return torch.where(rows.per_pair(responses) > 0, chance, torch.full_like(chance, torch.nan))


def edge_preference(looked: Looked, pairs: Ints) -> Floats:
    """float32 (n,): P(preference) of ``pairs`` (2, n) of user and item.

    NaN if the user never responded to the item, or if a model of older code did not store it.
    """
    owners = np.repeat(np.arange(looked.start.size - 1), np.diff(looked.start)).astype(np.int32)
    known = pair_keys(np.stack([owners, looked.items]))
    order = np.argsort(known)
    asked = pair_keys(pairs)
    place = np.searchsorted(known[order], asked).clip(max=max(known.size - 1, 0))
    found = np.full(asked.size, np.nan, dtype=np.float32)
    if known.size:
        rows = order[place]
        same = known[rows] == asked
        found[same] = looked.preference[rows[same]]
    return found
