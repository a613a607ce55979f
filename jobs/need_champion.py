"""Exit 0 if a model must be trained, 99 if a champion can score tonight, 1 on an error."""

import sys

from causalrec.registry.champion.alias import settled
from causalrec.registry.champion.usable import usable_champion
from causalrec.registry.versions import TRAINED_ON
from causalrec.run import Run
from jobs._stage.runner import Question, main


def training_needed(run: Run) -> tuple[bool, str]:
    """Whether training is needed, and why.

    A promotion that its own process did not finish is finished first.
    """
    settings = run.settings
    settled(settings, run.lake)
    champion = usable_champion(settings, run.lake)
    if champion is None:
        return True, f"{settings.registry.model_name} has no champion: training is needed"
    trained = champion.tags.get(TRAINED_ON, "?")
    return False, f"champion {champion.name} version {champion.version}, trained on {trained}"


JOB = Question(name="need_champion", ask=training_needed)

if __name__ == "__main__":
    sys.exit(main(JOB))
