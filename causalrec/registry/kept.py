"""The table versions behind the models in use."""

import json
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.lake import Lake, Pin
from causalrec.registry.champion.alias import known_champion
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import TRAINED_ON

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as Stored

PINS = "pins"
ERASED = "erased_users"
"""Tag of a version that was trained on users erased since; its value is their number."""


def live_pins(settings: Settings, lake: Lake) -> tuple[Pin, ...]:
    """Pins of every version with an alias and of the newest versions, which a rollback may return to.

    Versions trained on an erased user are left out: their data is gone for good.

    Raises:
        LostRegistry: a champion was decided but MLflow has none, so its pins are unknown.
        RegistryError: MLflow does not respond, or does not have the pins of such a version.
    """
    from mlflow.exceptions import MlflowException

    if known_champion(settings, lake) is None and not store_exists(settings):
        return ()
    client = connect(settings)
    try:
        found = {
            pin
            for version in live_versions(client, settings)
            if ERASED not in version.tags
            for pin in _pins(client, version)
        }
    except MlflowException as error:
        raise RegistryError(
            f"MLflow at {settings.tracking_uri}: {error}", do="check that MLflow is running"
        ) from error
    return tuple(sorted(found, key=lambda pin: (pin.table, pin.version)))


def live_versions(client: "MlflowClient", settings: Settings) -> list["Stored"]:
    """Versions that an alias names, and the newest ``lake.keep_model_versions``; newest first."""
    name = settings.registry.model_name
    versions = sorted(
        client.search_model_versions(f"name='{name}'"), key=lambda version: -int(version.version)
    )
    aliases = {
        str(number) for model in client.search_registered_models(f"name='{name}'")
        for number in model.aliases.values()
    }  # fmt: skip
    newest = versions[: settings.lake.keep_model_versions]
    return [version for version in versions if version in newest or str(version.version) in aliases]


def _pins(client: "MlflowClient", version: "Stored") -> list[Pin]:
    tags = client.get_run(version.run_id).data.tags
    try:
        return [Pin(table, int(number)) for table, number in json.loads(tags[PINS]).items()]
    except (KeyError, ValueError, AttributeError) as error:
        raise RegistryError(
            f"{version.name} version {version.version} ({tags.get(TRAINED_ON, 'no date')}) "
            "has no record of its table versions",
            do="delete this version or train it again; no old table version is removed until then",
        ) from error
