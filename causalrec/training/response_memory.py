"""What fitting the response model takes, from the sizes of its tensors.

Three things can be largest: a sweep's evidence per row of looks, the states of both ends of every pair in one
product, and the averaged tables while they are compressed. The counts are those of the code, all in float64.
"""

import numpy as np

from causalrec.config.response import ResponseSettings
from causalrec.dataset.arrays import Interactions, Looks, pair_keys
from causalrec.model.causal.response.average import PENDING

DOUBLE, SINGLE = 8, 4
PAIR_IDS, ROW_IDS = 6, 2  # int64 of LookRows: the pair and both orders of it; pair and stratum of a row
