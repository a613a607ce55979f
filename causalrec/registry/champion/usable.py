"""Whether tonight's run has a champion to score with."""

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.registry.champion.alias import known_champion
from causalrec.registry.versions import ModelVersion, opened


def usable_champion(settings: Settings, lake: Lake) -> ModelVersion | None:
    """The champion, with all artifacts present and unchanged; None if training is needed.

    Raises:
        LostRegistry: a champion was decided, but MLflow has none.
        RegistryError: there is a champion but its artifacts are damaged: this needs attention, since training
            another model would hide the damage.
    """
    champion = known_champion(settings, lake)
    if champion is None:
        return None
    try:
        with opened(champion):
            return champion
    except RegistryError as error:
        raise RegistryError(
            f"champion version {champion.version} cannot be used: {error.what}",
            do="restore its artifacts, or point the alias champion to another version",
        ) from error
