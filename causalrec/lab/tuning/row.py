"""The settings of one row of the benchmark after tuning; every row gets the same budget."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from causalrec.config import Settings
from causalrec.config.override import overridden
from causalrec.dataset.arrays import Interactions
from causalrec.lab.benchmark.contenders import CONTENDERS, Contender
from causalrec.lab.tuning.search import choices, tune


def tuned(
    contender: Contender,
    base: Settings,
    data: Interactions,
    minutes: float,
    storage: Path,
    show: Callable[[str], None],
) -> Settings:
    """What the contender is trained with; one that declares no space keeps its settings.

    An ablation or a refuter takes the settings of its parent and makes its own change to them, so that it
    differs in that change alone. Test pairs are taken out before anything is tried.

    Args:
        show: told of the present trial.
    """
    tuned_one = CONTENDERS[contender.parent] if contender.parent else contender
    settings = tuned_one.settings(base)
    if not choices(settings, data):
        return contender.settings(base)
    blind = replace(data, test=data.test[:, :0], random_exposure=None)

    def on_epoch(trial: int, value: float) -> None:
        show(f"tuning {tuned_one.name}, trial {trial}: {value:.4f}")

    found = tune(blind, settings, minutes, storage, on_epoch=on_epoch)
    if not contender.parent:
        return overridden(settings, (found.change,), contender.name)
    return contender.settings(overridden(base, (found.change,), contender.name))
