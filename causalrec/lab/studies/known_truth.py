"""How close a model comes to a truth that is known: effect error, accidental edges, codes."""

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from causalrec.dataset.arrays import Ints
from causalrec.lab.simulation.simulator import Simulation
from causalrec.metrics.ranking import Score

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PAIRS = 20_000  # random item pairs of the effect error
SEED = 7


def effect_error(score: Score, simulation: Simulation, pairs: int = PAIRS, seed: int = SEED) -> float:
    """PEHE on random item pairs (u, i, j): root mean squared error of the difference in do-effect.

    Scores have no unit, so differences are first scaled by the least-squares factor (the offset of an affine
    calibration cancels). In units of probability; :func:`relative_effect_error` has a scale.
    """
    estimated, true = _differences(score, simulation, pairs, seed)
    return float(np.sqrt(((_calibrated(estimated, true) - true) ** 2).mean()))


def relative_effect_error(
    score: Score, simulation: Simulation, pairs: int = PAIRS, seed: int = SEED
) -> float:
    """:func:`effect_error` over the root mean square of the true differences: 0 perfect, 1 uninformative."""
    estimated, true = _differences(score, simulation, pairs, seed)
    return float(np.sqrt(((_calibrated(estimated, true) - true) ** 2).mean() / (true**2).mean()))


def _differences(score: Score, simulation: Simulation, pairs: int, seed: int) -> tuple[Doubles, Doubles]:
    rng = np.random.default_rng(seed)
    n_users, n_items = simulation.data.n_users, simulation.data.n_items
    users = np.sort(rng.choice(n_users, size=min(n_users, 1_000), replace=False)).astype(np.int32)
    rows = rng.integers(0, users.size, pairs)
    first, second = rng.integers(0, n_items, (2, pairs))
    tables = (np.asarray(f(users), dtype=np.float64) for f in (score, simulation.truth.do_effect))
    estimated, true = (table[rows, first] - table[rows, second] for table in tables)
    return estimated, true


def _calibrated(estimated: Doubles, true: Doubles) -> Doubles:
    power = float(estimated @ estimated)
    return estimated * (float(estimated @ true) / power) if power > 0 else estimated


def labelled_auc(trust: Doubles, accidental: Bools) -> float:
    """Chance that an accidental pair has less ``trust`` (n,) than a true one; ties count half."""
    ranks = rankdata(trust)
    n_true = int((~accidental).sum())
    wins = ranks[~accidental].sum() - n_true * (n_true + 1) / 2
    return float(wins / (n_true * (accidental.size - n_true)))


def normalised_mutual_information(codes: Ints, truth: Ints) -> float:
    """NMI (arithmetic mean) of two labellings (N,): 1 the same partition, 0 independent."""
    joint = np.zeros((codes.max() + 1, truth.max() + 1))
    np.add.at(joint, (codes, truth), 1.0 / codes.size)
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    filled = joint > 0
    mutual = float((joint[filled] * np.log(joint[filled] / np.outer(rows, columns)[filled])).sum())
    entropies = [-float((p[p > 0] * np.log(p[p > 0])).sum()) for p in (rows, columns)]
    return mutual / (sum(entropies) / 2) if sum(entropies) > 0 else 1.0
