"""Comparison within what was shown: the chosen item against one that the same user saw and passed over.

Among shown pairs, the choice reveals what is liked, whatever decided what was shown: P(like | shown, u, i)
equals P(like | do(show i to u)) if nothing but user and item drives both exposure and liking. The random
negatives of the ranking loss mix the two; this term does not. It takes differences within a user, so how much
a user is shown or how strictly they rate cancels out. It is part of the loss, so every model trained with
that loss has it, rivals included.
"""

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn.functional import logsigmoid

from causalrec.dataset.arrays import Ints


class PassedOver:
    """What every user saw and did not choose, for drawing.

    Args:
        pairs: int32 (2, m) user, item.
    """

    def __init__(self, pairs: Ints, n_users: int) -> None:
        order = np.argsort(pairs[0], kind="stable")
        self.items = pairs[1][order]
        self.count = np.bincount(pairs[0], minlength=n_users)
        self.start = np.cumsum(self.count) - self.count

    def draw(self, users: npt.NDArray[np.integer], rng: np.random.Generator) -> Ints:
        """One such item per user of ``users`` (B,), int32 (B,); -1 if the user passed over nothing."""
        count = self.count[users]
        place = self.start[users] + np.floor(rng.random(users.size) * count).astype(np.int64)
        found = self.items[np.minimum(place, self.items.size - 1)]
        return np.where(count > 0, found, -1).astype(np.int32)


def exposed_loss(
    users: Tensor, owners: Tensor, chosen: Tensor, passed: Tensor, known: Tensor, temperature: float
) -> Tensor:
    """Mean over pairs of -log sigmoid of the difference in score; a pair without a comparison adds zero.

    Args:
        users: states (D, d). owners: long (B,). chosen, passed: states (B, d).
        known: float (B,), zero if nothing was passed over. temperature: divides the scores.
    """
    gap = (users[owners] * (chosen - passed)).sum(dim=1).float() / temperature
    return -(logsigmoid(gap) * known).sum() / max(owners.shape[0], 1)
