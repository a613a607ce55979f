"""Whether tonight's run has a champion to score with."""

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import ModelVersion, by_alias, opened


def usable_champion(settings: Settings) -> ModelVersion | None:
    """The champion whose artifacts are all there and unchanged; None where training is needed.

    Raises:
        RegistryError: there is a champion but its artifacts are damaged: that must be looked at, since
            training another model over it would hide the damage.
    """
    if not store_exists(settings):
        return None
    champion = by_alias(connect(settings), settings, "champion")
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
