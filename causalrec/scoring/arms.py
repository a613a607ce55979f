"""Whose lists a night makes: the champion's alone, or those of every arm of an experiment."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.config.experiment import CONTROL
from causalrec.config.scoring import ScoringSettings
from causalrec.experiment.policies import policy_of
from causalrec.lake import Lake
from causalrec.ranking.merchandise.rules_file import merchandise_input
from causalrec.ranking.slots import Policy
from causalrec.registry.champion.alias import champion_number, needed_champion
from causalrec.registry.store import connect
from causalrec.registry.versions import EXPERIMENT, ModelVersion, by_alias, by_number

if TYPE_CHECKING:
    from mlflow import MlflowClient


def scoring_inputs(settings: Settings, ds: dt.date) -> dict[str, str]:
    """The settings of scoring of everybody who is served on ``ds``, and the content of their rules files."""
    return {
        "scoring": hashlib.sha256(settings.scoring.model_dump_json().encode()).hexdigest(),
        **merchandise_input(*(one.merchandise for one in served_settings(settings, ds))),
    }


def served_settings(settings: Settings, ds: dt.date) -> list[ScoringSettings]:
    """The settings of scoring of everybody who is served on ``ds``."""
    served = [settings.scoring]
    if settings.experiment.serves(ds):
        served += [arm.over(settings.scoring) for arm in settings.experiment.arms.values()]
    return served


@dataclass(frozen=True)
class ServedArm:
    """What the users of an arm are served with.

    Attributes:
        policy: of rows chosen by taste; that of the champion where nothing is compared.
    """

    name: str
    version: ModelVersion
    scoring: ScoringSettings
    policy: str = Policy.TASTE.value


def served_arms(settings: Settings, lake: Lake, ds: dt.date) -> list[ServedArm]:
    """The control first. It is alone where no experiment runs on ``ds``, or one waits for its version.

    Raises:
        RegistryError: there is no champion, or no version of a number that an arm names.
    """
    champion, chosen = needed_champion(settings, lake), settings.experiment
    alone = [ServedArm(CONTROL, champion, settings.scoring)]
    if not chosen.serves(ds):
        return alone
    client = connect(settings)
    versions = {name: _version(client, settings, arm.model, champion) for name, arm in chosen.arms.items()}
    arms = [ServedArm(CONTROL, champion, settings.scoring, policy_of(chosen, CONTROL))]
    for name in chosen.shares:
        version = versions[name]
        if version is None:
            return alone
        arms.append(
            ServedArm(name, version, chosen.arms[name].over(settings.scoring), policy_of(chosen, name))
        )
    return arms


def experiment_input(settings: Settings, ds: dt.date) -> dict[str, str]:
    """What the settings say of the arms on ``ds``; nothing where no experiment runs."""
    if not settings.experiment.serves(ds):
        return {}
    facts = settings.experiment.model_dump_json(include={"name", "design", "arms", "salt"})
    return {"experiment": hashlib.sha256(facts.encode()).hexdigest()}


def arms_inputs(settings: Settings, lake: Lake, ds: dt.date) -> dict[str, str]:
    """The same, and the versions that the arms are served with."""
    inputs = experiment_input(settings, ds)
    if inputs and champion_number(settings, lake):
        arms = served_arms(settings, lake, ds)
        inputs["arms"] = ", ".join(f"{arm.name} {arm.version.version}" for arm in arms)
    return inputs


def waiting_note(settings: Settings, arms: list[ServedArm], ds: dt.date) -> str:
    """Why a night of an experiment has the champion's lists alone; empty where it has not."""
    if len(arms) > 1 or not settings.experiment.serves(ds):
        return ""
    return (
        f"experiment {settings.experiment.name} waits for the version of an arm: "
        f"causalrec promote --experiment gives it the alias {EXPERIMENT}"
    )


def _version(
    client: "MlflowClient", settings: Settings, model: str, champion: ModelVersion
) -> ModelVersion | None:
    if model == "champion":
        return champion
    if model.isdecimal():
        return by_number(client, settings, model)
    return by_alias(client, settings, "challenger" if model == "challenger" else EXPERIMENT)
