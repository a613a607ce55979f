"""Creates recommenders by name, and saves and loads fitted ones (safetensors + JSON, no pickle).

Trainers are passed in, so that a model can be loaded, and can score, without any training code.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from causalrec.config.known import known
from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks
from causalrec.errors import RegistryError, TrainingError
from causalrec.model import worth
from causalrec.model.base import FitReport, Judge, Progress, Recommender, SavedModel
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.network import FactorNetwork, Trainer
from causalrec.model.plugin import PluginRecommender
from causalrec.model.rivals.freedom import FreedomRecommender
from causalrec.model.rivals.ials import IalsRecommender
from causalrec.model.rivals.ips import IpsMfRecommender
from causalrec.model.rivals.items.content_ease import ContentEaseRecommender
from causalrec.model.rivals.items.content_knn import ContentKnnRecommender
from causalrec.model.rivals.items.ease import EaseRecommender
from causalrec.model.rivals.items.edlae import EdlaeRecommender
from causalrec.model.rivals.items.itemknn import ItemKnnRecommender
from causalrec.model.rivals.lightgcn import LightGcnRecommender
from causalrec.model.rivals.lightgcn_bpr import LightGcnBprRecommender
from causalrec.model.rivals.mf import BprMfRecommender
from causalrec.model.rivals.multvae import MultVaeRecommender
from causalrec.model.rivals.pd import PdRecommender
from causalrec.model.rivals.popularity import PopularityRecommender
from causalrec.model.rivals.rival import PairRecommender
from causalrec.model.rivals.sasrec import SasRecRecommender
from causalrec.model.rivals.vbpr import VbprRecommender
from causalrec.model.rivals.xsimgcl import XSimGclRecommender
from causalrec.plugins import MODELS, load_class, plugin_name

RIVALS: dict[str, type[PairRecommender]] = {
    rival.name: rival for rival in (BprMfRecommender, VbprRecommender, FreedomRecommender)
}
OWN_LOSS: dict[str, type[PairRecommender]] = {
    rival.name: rival for rival in (IpsMfRecommender, PdRecommender)
}
LINEAR: dict[str, type[EaseRecommender]] = {
    rival.name: rival for rival in (EaseRecommender, EdlaeRecommender)
}
GRAPHS: dict[str, type[LightGcnRecommender]] = {
    rival.name: rival for rival in (LightGcnRecommender, XSimGclRecommender)
}
UNSAMPLED: dict[str, type[IalsRecommender] | type[MultVaeRecommender] | type[SasRecRecommender]] = {
    rival.name: rival for rival in (IalsRecommender, MultVaeRecommender, SasRecRecommender)
}
ARRAYS, FACTS = "recommender.safetensors", "recommender.json"
WORTH = "worth"  # key of the facts


@dataclass(frozen=True)
class Tools:
    """The trainers and the judge of recommenders.

    Attributes:
        trainer: of networks with the configured loss. pairwise: of networks with their own loss.
        judge: measures scores on validation.
    """

    trainer: Trainer
    pairwise: Trainer
    judge: Judge

    @staticmethod
    def none(training: TrainingSettings) -> "Tools":
        """For a loaded model, which only scores."""
        nothing = _Untrained(training.seed, training.temperature, torch.device("cpu"))
        return Tools(nothing, nothing, _judge_nothing)


@dataclass(frozen=True)
class _Untrained:
    """Refuses to train."""

    seed: int
    temperature: float
    device: torch.device

    def require_memory(self, data: Interactions, looks: Looks) -> None:
        """Does nothing, as nothing is fitted."""

    def __call__(
        self, network: FactorNetwork, data: Interactions, progress: Progress | None = None
    ) -> FitReport:
        raise TrainingError("a model that was read back cannot be fitted", do="build it from its settings")


def _judge_nothing(score: Callable[[Ints], Floats], data: Interactions) -> float:
    raise TrainingError("a model that was read back cannot be fitted", do="build it from its settings")


def recommender_recipe(model: ModelSettings, training: TrainingSettings) -> dict[str, Any]:
    """The settings to build a recommender, as JSON; saved with it."""
    return {"model": model.model_dump(mode="json"), "training": training.model_dump(mode="json")}


def recommender_of(model: ModelSettings, training: TrainingSettings, tools: Tools) -> Recommender:
    """The model that ``model.name`` names, unfitted."""
    recommender = _choose(model, training, tools)
    recommender.recipe = recommender_recipe(model, training)
    return recommender


def _choose(model: ModelSettings, training: TrainingSettings, tools: Tools) -> Recommender:
    if plugin := plugin_name(model.name):
        found = load_class(MODELS, plugin, PluginRecommender, "model.name")  # type: ignore[type-abstract]
        return found(model, training)
    match model.name, training.loss:
        case "popularity", _:
            return PopularityRecommender()
        case ("ease" | "edlae") as name, _:
            return LINEAR[name](model.baselines, tools.judge)
        case "content_ease", _:
            return ContentEaseRecommender(model.content_ease, tools.judge, training.seed)
        case "item_knn", _:
            return ItemKnnRecommender(model.baselines)
        case "content_knn", _:
            return ContentKnnRecommender(model.baselines, tools.judge, training.seed)
        case ("ials" | "multvae" | "sasrec") as name, _:
            return UNSAMPLED[name](model, tools.judge, training.seed, tools.trainer.device)
        case ("ips_mf" | "pd") as name, _:
            return OWN_LOSS[name](model, tools.pairwise)
        case "lightgcn", "bpr":
            return LightGcnBprRecommender(model, tools.pairwise)
        case ("lightgcn" | "xsimgcl") as name, _:
            return GRAPHS[name](model, tools.trainer)
        case ("bpr_mf" | "vbpr" | "freedom") as name, "bpr":
            return RIVALS[name](model, tools.pairwise)
        case ("bpr_mf" | "vbpr" | "freedom") as name, "softmax":
            return RIVALS[name](model, tools.trainer, unit=True)
        case _:
            return CausalRecommender(model, tools.trainer, tools.judge)


def save_recommender(recommender: Recommender, folder: Path) -> None:
    """Writes a fitted model with its settings, so that loading needs only the folder."""
    saved = recommender.saved()
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: array.copy(order="C") for name, array in saved.arrays.items()}, str(folder / ARRAYS))
    facts = {
        "recipe": recommender.recipe,
        "facts": {**saved.facts, WORTH: worth.as_json(recommender.worth)},
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=1, sort_keys=True), encoding="utf-8")


def load_recommender(folder: Path) -> Recommender:
    """The model that :func:`save_recommender` wrote.

    Raises:
        RegistryError: a file is missing or damaged.
    """
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        arrays = load_file(str(folder / ARRAYS))
        recipe = facts["recipe"]
        model = ModelSettings.model_validate(known(ModelSettings, recipe["model"]))
        training = TrainingSettings.model_validate(known(TrainingSettings, recipe["training"]))
        recommender = recommender_of(model, training, Tools.none(training))
        recommender.restore(SavedModel(arrays, facts["facts"]))
        recommender.worth = worth.from_json(facts["facts"].get(WORTH, ()))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise RegistryError(
            f"{folder} holds no readable model ({type(error).__name__})", do="register the model again"
        ) from error
    return recommender
