"""What verdicts are called and where they stand; light, for whoever only reads them."""

from typing import Literal, get_args

ArmVerdict = Literal["running", "better", "worse", "no difference", "invalid"]
DECIDED: tuple[ArmVerdict, ...] = ("better", "worse")
LAST_WORDS: tuple[ArmVerdict, ...] = tuple(word for word in get_args(ArmVerdict) if word != "running")
TABLE = "experiments"
CONCLUDED = "concluded"
"""Counter of the stage: the version that a reviewer sent there and about which there is an answer."""
