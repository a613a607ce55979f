"""Exit 0 where a model must be trained, 99 where a champion can score tonight, 1 on an error."""

import datetime as dt
import sys

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.registry.alias import settled
from causalrec.registry.champion import usable_champion
from causalrec.registry.versions import TRAINED_ON
from jobs._question import NO, YES, ask

TRAINING_NEEDED, HAVE_CHAMPION = YES, NO


def training_needed(settings: Settings, lake: Lake, ds: dt.date) -> tuple[bool, str]:
    """Which it is, and why. A promotion that its own process did not finish is finished first."""
    settled(settings, lake)
    champion = usable_champion(settings)
    if champion is None:
        return True, f"{settings.registry.model_name} has no champion: training is needed"
    trained = champion.tags.get(TRAINED_ON, "?")
    return False, f"champion {champion.name} version {champion.version}, trained on {trained}"


def main(argv: list[str] | None = None) -> int:
    """Say it."""
    return ask("need_champion", __doc__, training_needed, argv)


if __name__ == "__main__":
    sys.exit(main())
