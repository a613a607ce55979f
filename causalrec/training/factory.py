"""Builds recommenders from settings, and writes and reads fitted ones (safetensors + JSON, no pickle)."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from causalrec.config import Settings
from causalrec.config.known import known
from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.errors import RegistryError
from causalrec.model import worth
from causalrec.model.base import Recommender, Snapshot
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.plugin import PluginRecommender
from causalrec.model.rivals.content_ease import ContentEaseRecommender
from causalrec.model.rivals.content_knn import ContentKnnRecommender
from causalrec.model.rivals.ease import EaseRecommender
from causalrec.model.rivals.edlae import EdlaeRecommender
from causalrec.model.rivals.freedom import FreedomRecommender
from causalrec.model.rivals.ials import IalsRecommender
from causalrec.model.rivals.ips import IpsMfRecommender
from causalrec.model.rivals.itemknn import ItemKnnRecommender
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
from causalrec.training.judge import ValidationJudge
from causalrec.training.loop import LoopTrainer
from causalrec.training.pairwise import PairwiseTrainer

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


def build_recommender(settings: Settings, checkpoints: Path | None = None) -> Recommender:
    """The model that ``settings.model.name`` names, unfitted.

    Args:
        checkpoints: folder for a resumable run; None keeps nothing on disk while training.
    """
    return _build(settings.model, settings.training, checkpoints)


def recommender_recipe(model: ModelSettings, training: TrainingSettings) -> dict[str, Any]:
    """The settings that build a recommender, as JSON; they travel with a saved one."""
    return {"model": model.model_dump(mode="json"), "training": training.model_dump(mode="json")}


def _build(model: ModelSettings, training: TrainingSettings, checkpoints: Path | None) -> Recommender:
    recommender = _choose(model, training, checkpoints)
    recommender.recipe = recommender_recipe(model, training)
    return recommender


def _choose(model: ModelSettings, training: TrainingSettings, checkpoints: Path | None) -> Recommender:
    trainer = LoopTrainer(training, model, checkpoints)
    pairwise = PairwiseTrainer(training, model, checkpoints)
    judge, seed = ValidationJudge(training), training.seed
    if plugin := plugin_name(model.name):
        found = load_class(MODELS, plugin, PluginRecommender, "model.name")  # type: ignore[type-abstract]
        return found(model, training)
    match model.name, training.loss:
        case "popularity", _:
            return PopularityRecommender()
        case ("ease" | "edlae") as name, _:
            return LINEAR[name](model.baselines, judge)
        case "content_ease", _:
            return ContentEaseRecommender(model.content_ease, judge, seed)
        case "item_knn", _:
            return ItemKnnRecommender(model.baselines)
        case "content_knn", _:
            return ContentKnnRecommender(model.baselines, judge, seed)
        case ("ials" | "multvae" | "sasrec") as name, _:
            return UNSAMPLED[name](model, judge, seed, trainer.device)
        case ("ips_mf" | "pd") as name, _:
            return OWN_LOSS[name](model, pairwise)
        case "lightgcn", "bpr":
            return LightGcnBprRecommender(model, pairwise)
        case ("lightgcn" | "xsimgcl") as name, _:
            return GRAPHS[name](model, trainer)
        case ("bpr_mf" | "vbpr" | "freedom") as name, "bpr":
            return RIVALS[name](model, pairwise)
        case ("bpr_mf" | "vbpr" | "freedom") as name, "softmax":
            return RIVALS[name](model, trainer, unit=True)
        case _:
            return CausalRecommender(model, trainer, judge)


def save_recommender(recommender: Recommender, folder: Path) -> None:
    """Writes a fitted model; the settings travel with it, so that loading needs the folder alone."""
    snapshot = recommender.snapshot()
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: array.copy(order="C") for name, array in snapshot.arrays.items()}, str(folder / ARRAYS))
    facts = {
        "recipe": recommender.recipe,
        "facts": {**snapshot.facts, WORTH: worth.as_json(recommender.worth)},
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
        recommender = _build(model, training, None)
        recommender.restore(Snapshot(arrays, facts["facts"]))
        recommender.worth = worth.from_json(facts["facts"].get(WORTH, ()))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise RegistryError(
            f"{folder} holds no readable model ({type(error).__name__})", do="register the model again"
        ) from error
    return recommender
