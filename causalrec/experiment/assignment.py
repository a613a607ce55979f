"""Who is in which arm: a salted hash of the user id, so that everybody stays where they are.

Arm number ``j`` of ``m``, by name, begins at ``j / m`` of the line of hashes and reaches as far as its share.
What lies between the arms is the control. So a share that grows takes users from the control alone, and one
that shrinks gives them back to it.
"""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.experiment import CONTROL, ExperimentSettings

KEY_CHARS = 16  # of the key of the hash
DRAWS = 2**53  # of a uniform double


def arms_of(user_ids: npt.NDArray[np.object_], settings: ExperimentSettings) -> npt.NDArray[np.object_]:
    """The arm (B,) of each user; ``control`` for those in no arm."""
    key = hashlib.sha256((settings.salt or settings.name).encode()).hexdigest()[:KEY_CHARS]
    hashed = pd.util.hash_array(user_ids, hash_key=key, categorize=False)
    place = (hashed >> np.uint64(11)).astype(np.float64) / DRAWS
    found = np.full(user_ids.size, CONTROL, dtype=object)
    for number, (arm, share) in enumerate(settings.shares.items()):
        begin = number / len(settings.shares)
        found[(place >= begin) & (place < begin + share)] = arm
    return found
