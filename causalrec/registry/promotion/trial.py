"""What an experiment has found out about a version that a reviewer sent there."""

from dataclasses import dataclass

from causalrec.experiment.words import LAST_WORDS, TABLE
from causalrec.lake import Lake
from causalrec.registry.champion.promotions import decisions

TRIED_IN = "tried_in"
"""Among the facts of a decision to try a version: the name of the experiment."""


@dataclass(frozen=True)
class VersionTrial:
    """The newest verdict about a version. Names are those of the table ``experiments``."""

    experiment: str
    arm: str
    ds: str
    verdict: str
    detail: str

    @property
    def over(self) -> bool:
        """Whether there is an answer."""
        return self.verdict in LAST_WORDS

    def __str__(self) -> str:
        return f"experiment {self.experiment}, arm {self.arm}, {self.ds}: {self.verdict}; {self.detail}"


def trial_of(lake: Lake, version: str) -> VersionTrial | None:
    """What the experiment that ``version`` was sent to last said of it last; None where it said nothing."""
    sent = [row for row in decisions(lake) if row.word == "tried" and row.version == version]
    table = lake.table(TABLE)
    if not sent or not table.exists():
        return None
    columns = ["experiment", "arm", "ds", "verdict", "detail", "model_version"]
    mine = [
        row
        for row in table.read(columns=columns).sort_by("ds").to_pylist()
        if row["experiment"] == sent[-1].evaluation.get(TRIED_IN)
        and row["verdict"]
        and version in row["model_version"].split(", ")
    ]
    if not mine:
        return None
    row = mine[-1]
    return VersionTrial(row["experiment"], row["arm"], str(row["ds"]), row["verdict"], row["detail"])
