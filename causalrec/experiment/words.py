"""What verdicts are called and where they stand; light, for whoever only reads them."""

from typing import Literal, get_args

Verdict = Literal["running", "better", "worse", "no difference", "invalid"]
DECIDED: tuple[Verdict, ...] = ("better", "worse")
LAST_WORDS: tuple[Verdict, ...] = tuple(word for word in get_args(Verdict) if word != "running")
TABLE = "experiments"
CONCLUDED = "concluded"
"""Counter of the stage: the version that a reviewer sent there and about which there is an answer."""
