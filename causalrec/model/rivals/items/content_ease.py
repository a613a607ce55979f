"""EASE whose regression also explains item content: a closed form for histories and content together.

Directions of item content are further rows of EASE's regression, as if users had bought along them: its
Gram matrix is X'X + sum_m a_m C_m C_m' with C_m the whitened content of a modality, one row of length one per
item. So items that nobody bought are predicted from items that look alike. The ridge and one strength a_m
per modality are chosen on validation.
"""

import time
from collections.abc import Mapping

import numpy as np

from causalrec.config.rivals import ContentEaseSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.sample import JUDGED_USERS, sampled
from causalrec.model.base import FitReport, Judge, Progress, SavedModel
from causalrec.model.blocks import unit_rows
from causalrec.model.content import fit_content, read_content
from causalrec.model.factors import FactorRecommender, item_popularity, plain_tables
from causalrec.model.rivals.items.item_weights import ItemWeights, item_weights
from causalrec.model.rivals.popularity import closed_form_report
from causalrec.model.rivals.spectrum import spectrum

DIRECTIONS = 256  # most principal directions of one modality

Tried = tuple[float, ItemWeights]  # what validation says, and of what


class ContentEaseRecommender(FactorRecommender):
    """Scores are history @ fold @ items'; new users fold in, new strengths need no training loop."""

    name = "content_ease"
    unit = False

    def __init__(self, settings: ContentEaseSettings, judge: Judge, seed: int) -> None:
        self.settings, self.judge, self.seed = settings, judge, seed
        self.chosen: dict[str, float] = {}

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Solves for every setting of the search and keeps what validation likes best."""
        start = time.perf_counter()
        weights = fit_item_weights(data, self.settings, self.judge, self.seed)
        users = np.asarray(data.train_matrix() @ weights.fold, dtype=np.float32)
        self.tables = plain_tables(users, weights.items, item_popularity(data))
        self.fold = weights.fold
        self.chosen = {"ridge": weights.ridge, **{f"strength/{m}": a for m, a in weights.strengths.items()}}
        return closed_form_report(time.perf_counter() - start, progress)

    def saved(self) -> SavedModel:
        """The tables and what was chosen."""
        base = super().saved()
        return SavedModel(base.arrays, {**base.facts, "chosen": self.chosen})

    def restore(self, saved: SavedModel) -> None:
        """Takes both back."""
        super().restore(saved)
        self.chosen = dict(saved.facts["chosen"])


def fit_item_weights(
    data: Interactions, settings: ContentEaseSettings, judge: Judge, seed: int
) -> ItemWeights:
    """Ridge and strengths that validation likes best: one strength for all modalities, then each in turn.

    Without validation pairs the first ridge and the first strength are taken.
    """
    search = _Search(data, settings, judge, seed)
    names = sorted(search.content)
    common = settings.strengths if names else (0.0,)
    if data.valid.shape[1] == 0:
        return search.solved(dict.fromkeys(names, common[0]), settings.ridges[:1])[0]
    best = max((search.tried(dict.fromkeys(names, a)) for a in common), key=_value)
    for name in names if len(names) > 1 else ():
        kept = best[1].strengths
        others = [{**kept, name: a} for a in (0.0, *settings.strengths) if a != kept[name]]
        best = max((best, *map(search.tried, others)), key=_value)
    return best[1]


def weights_of(
    data: Interactions,
    settings: ContentEaseSettings,
    judge: Judge,
    seed: int,
    ridge: float,
    strengths: Mapping[str, float],
) -> ItemWeights:
    """Those of a ridge and of strengths that were chosen before; a modality that is gone has none."""
    search = _Search(data, settings, judge, seed)
    return search.solved({name: strengths.get(name, 0.0) for name in sorted(search.content)}, (ridge,))[0]


def unit_content(data: Interactions, directions: int) -> dict[str, Floats]:
    """Whitened content by modality, float32 (N, p_m), each row of length one (zero where missing).

    With rows of equal length no odd item, which lies far out in whitened space, carries the regression.
    """
    whitenings = fit_content(data.modalities, directions)
    white = read_content(whitenings, data.modalities, data.n_items).white
    return {name: unit_rows(values) for name, values in white.items()}


class _Search:
    """Solves for given strengths; a decomposition serves all ridges."""

    def __init__(self, data: Interactions, settings: ContentEaseSettings, judge: Judge, seed: int) -> None:
        self.settings, self.judge, self.seed = settings, judge, seed
        self.histories = data.train_matrix()
        self.content = unit_content(data, DIRECTIONS)
        self.judged_on = sampled(data, JUDGED_USERS, seed)

    def solved(self, strengths: Mapping[str, float], ridges: tuple[float, ...]) -> list[ItemWeights]:
        parts = [np.float32(a**0.5) * self.content[name] for name, a in strengths.items() if a > 0]
        found = spectrum(self.histories, parts, self.settings.rank, self.seed)
        return [item_weights(found, ridge, strengths) for ridge in ridges]

    def tried(self, strengths: Mapping[str, float]) -> Tried:
        """The best of all ridges."""
        options = self.solved(strengths, self.settings.ridges)
        return max(((self._judged(option), option) for option in options), key=_value)

    def _judged(self, weights: ItemWeights) -> float:
        def score(users: Ints) -> Floats:
            states = np.asarray(self.histories[users] @ weights.fold, dtype=np.float32)
            scores: Floats = states @ weights.items.T
            return scores

        return self.judge(score, self.judged_on)


def _value(tried: Tried) -> float:
    return tried[0]
