"""A process that promotes a version at the same moment as its parent, then another one, and dies half-way.

Each writes the file of its name once it has read the table, and waits for the other's before it commits.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.registry.champion import alias
from causalrec.registry.champion.promotions import Decision, History, append_decision
from causalrec.registry.store import connect
from causalrec.registry.versions import by_alias, by_number

from .shop import DS

WAIT = 300.0


def promotion(settings: Settings, version: str, who: str) -> Decision:
    """Makes ``version`` champion, seen from whoever is champion now."""
    client = connect(settings)
    before, found = by_alias(client, settings, "champion"), by_number(client, settings, version)
    facts, now = {"by": "hand"}, None if before is None else before.version
    return Decision("promoted", now, version, found.run_id, who, "better", DS, facts)


def promote(settings: Settings, version: str, who: str) -> str:
    """The outcome in words."""
    try:
        decision = promotion(settings, version, who)
        alias.decide_champion(connect(settings), settings, Lake(settings.lake_root), decision)
    except RegistryError as error:
        return f"refused: {error}"
    return f"champion {version}"


def meeting(folder: Path, me: str, other: str) -> Any:  # noqa: ANN401 - stands in for append_decision
    """``append_decision`` that waits until the other process has read what this one has read."""

    def append(lake: Lake, decision: Decision, since: History) -> object:
        (folder / me).touch()
        end = time.monotonic() + WAIT
        while not (folder / other).exists() and time.monotonic() < end:
            time.sleep(0.01)
        return append_decision(lake, decision, since)

    return append


def _dying(lake: Lake, decision: Decision, since: History) -> None:
    append_decision(lake, decision, since)
    os.kill(os.getpid(), signal.SIGKILL)


def main(text: str, folder: Path) -> None:
    """Races, says how it ended, waits to be told which version to die with."""
    settings = Settings.model_validate_json(text)
    vars(alias)["append_decision"] = meeting(folder, "rival", "parent")
    (folder / "outcome").write_text(promote(settings, "2", "rival"), encoding="utf-8")
    sys.stdout.write("raced\n")
    sys.stdout.flush()
    version = sys.stdin.readline().strip()
    vars(alias)["append_decision"] = _dying
    promote(settings, version, "dying")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
