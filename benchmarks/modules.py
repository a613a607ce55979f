"""Table "Modules" of RESULTS.md: the response model with one module changed, against the truth of shops.

    python -m benchmarks.modules --shops 211 212 213 [--seeds 1] [--continued]
    python -m benchmarks.modules --settings FILE [FILE ...] [--seeds 1 2]

Shops are generated in memory, or are the newest datasets of settings files, as for ``benchmarks.shops``.
Each fit leaves out held-out pairs and random exposure, so that its ranking of random exposure is a test.
Differences are paired over shops and seeds. With ``--continued`` every row but the first continues the whole
fit, as a training run does to measure its modules.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from scipy.stats import t as student

from benchmarks.shops import OURS, delivered
from causalrec.config import Settings
from causalrec.config.source import SourceSettings
from causalrec.lab.oracle.generated import GeneratedShop, generated_shop
from causalrec.lab.oracle.truth import scores_of, truth_rows
from causalrec.metrics.debiased import exposed_per_user, exposed_scores
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.causal.response.resumed import Resumed
from causalrec.training.factory import build_recommender
from causalrec.training.worth import MODULES, with_response

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
WHOLE = "every module"
Row = dict[str, float]


def main() -> None:
    """Print the whole model and, per module, the mean difference without it with an interval of 95 %."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shops", type=int, nargs="*", default=[])
    parser.add_argument("--settings", type=Path, nargs="*", default=[])
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--continued", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, list[Row]] = {}
    for label, made in shops(given.shops, given.settings).items():
        shop = made()
        for seed in given.seeds:
            for name, row in (continued if given.continued else afresh)(shop, seed):
                found.setdefault(name, []).append(row)
                CONSOLE.print(f"{label} {seed} {name} {row}")
    for name, rows in found.items():
        CONSOLE.print(f"| {name} | {' | '.join(shown(name, rows, found[WHOLE]))} |")


def shops(seeds: list[int], files: list[Path]) -> Mapping[str, Callable[[], GeneratedShop]]:
    """How to get each shop, by its name."""
    generated = {str(seed): partial(generated_shop, SourceSettings(seed=seed)) for seed in seeds}
    return generated | {str(file): partial(delivered, file) for file in files}


def variants(seed: int) -> Mapping[str, Settings]:
    """The shipped settings, and those that differ in one module."""
    default = Settings()
    training = default.training.model_copy(update={"seed": seed})
    whole = default.model_copy(update={"training": training})
    response = whole.model.response
    changed = {
        f"{'without' if getattr(response, switch) else 'with'} {module}": with_response(
            whole, **{switch: not getattr(response, switch)}
        )
        for module, switch in MODULES.items()
    }
    return {WHOLE: whole, **changed}


def afresh(shop: GeneratedShop, seed: int) -> Iterator[tuple[str, Row]]:
    """Name and row of a whole fit per variant."""
    for name, settings in variants(seed).items():
        yield name, measure(shop, fitted(shop, settings))


def continued(shop: GeneratedShop, seed: int) -> Iterator[tuple[str, Row]]:
    """The same, each variant continued from where the fit with every module ended."""
    different = variants(seed)
    start = fitted(shop, different[WHOLE]).continued(Settings().training.worth_sweeps)
    for name, settings in different.items():
        yield name, measure(shop, fitted(shop, settings, start))


def fitted(shop: GeneratedShop, settings: Settings, start: Resumed | None = None) -> CausalRecommender:
    """The default model, fitted to the pairs and looks that judge nothing."""
    model = build_recommender(settings)
    if not isinstance(model, CausalRecommender):
        raise TypeError(f"{settings.model.name} has no such modules")
    model.resumes = start
    model.fit(shop.data)
    return model


def measure(shop: GeneratedShop, model: CausalRecommender) -> Row:
    """NDCG@20 against both truths, and AUC on random exposure."""
    rows = {row.model: row for row in truth_rows(shop.truth, shop.data, {OURS: scores_of(model)})}
    exposed = exposed_per_user(exposed_scores(model.score, shop.data), 5)["random_auc"]
    return {
        "if shown": rows[OURS].factual,
        "content alone": rows[OURS].do,
        "random AUC": float(exposed.mean()),
    }


def shown(name: str, rows: list[Row], whole: list[Row]) -> list[str]:
    """Per column, the mean of the whole model, or the mean difference from it and half its interval (t)."""
    cells = []
    for column in rows[0]:
        values = np.array([row[column] for row in rows])
        if name == WHOLE:
            cells.append(f"{values.mean():.4f}")
            continue
        difference = values - np.array([row[column] for row in whole])
        error = student.ppf(0.975, difference.size - 1) * difference.std(ddof=1) / np.sqrt(difference.size)
        cells.append(f"{difference.mean():+.4f} ± {error:.4f}")
    return cells


if __name__ == "__main__":
    main()
