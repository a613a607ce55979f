"""Puts the aliases of MLflow back where the table ``promotions`` says they belong."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.registry.champion.alias import settle
from causalrec.registry.champion.promotions import (
    Decision,
    append_decision,
    decided_champion,
    read_history,
)
from causalrec.registry.promotion.decisions import Decider
from causalrec.registry.store import connect, guarded
from causalrec.registry.versions import by_alias, find_number

if TYPE_CHECKING:
    from mlflow import MlflowClient

Done = Literal["nothing", "alias", "given_up"]


@dataclass(frozen=True)
class Repaired:
    """The result of a repair.

    Attributes:
        done: ``alias``: it was restored. ``given_up``: MLflow has no such version, which is now recorded in a
            row.
        version: the champion according to ``promotions``; empty if there is none.
        before: the version that held the alias until now.
    """

    done: Done
    version: str = ""
    before: str | None = None


def repair(settings: Settings, lake: Lake, person: Decider, today: dt.date) -> Repaired:
    """Restore the alias to the newest decision, even if it was moved by hand in MLflow.

    A champion whose version is gone cannot be restored. A row records that, and who found it; after that a
    new one may be trained, which becomes champion by the rules of the gate, never automatically as a first
    one.

    Raises:
        RegistryError: MLflow does not answer.
        ConflictError: another decision was made at the same moment.
    """
    with guarded(settings):
        client = connect(settings)
        settle(client, settings, lake)
        history = read_history(lake)
        last = decided_champion(lake)
        if last is None:
            return Repaired("nothing")
        _newest_challenger(client, settings)
        stored = find_number(client, settings, last.version)
        found = by_alias(client, settings, "champion")
        before = None if found is None else found.version
        if stored is None or stored.run_id != last.run_id:
            append_decision(lake, _given_up(last, person, today), history)
            return Repaired("given_up", last.version, before)
        if before == last.version:
            return Repaired("nothing", last.version, before)
        client.set_registered_model_alias(settings.registry.model_name, "champion", last.version)
        return Repaired("alias", last.version, before)


def _newest_challenger(client: "MlflowClient", settings: Settings) -> None:
    """Give a missing alias ``challenger`` to the newest version."""
    name = settings.registry.model_name
    numbers = [int(version.version) for version in client.search_model_versions(f"name='{name}'")]
    if numbers and by_alias(client, settings, "challenger") is None:
        client.set_registered_model_alias(name, "challenger", str(max(numbers)))


def _given_up(last: Decision, person: Decider, today: dt.date) -> Decision:
    why = person.why.strip() or f"MLflow has no version {last.version} of run {last.run_id} any more"
    return Decision("lost", last.version, last.version, last.run_id, person.who, why, today, {"by": "hand"})
