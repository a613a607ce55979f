"""Shared by the commands that decide about the champion."""

import getpass

from rich.console import Console

from causalrec.registry.promotion.decisions import Decided, Decider

WORDS = {
    "promoted": "is champion now", "rejected": "is rejected", "rolled_back": "is champion again",
    "tried": "is tried in the experiment",
}  # fmt: skip


def person(who: str, why: str) -> Decider:
    """Who decides, and why; by default the user of this machine."""
    return Decider(who or getpass.getuser(), why)


def say(decision: Decided) -> int:
    """Prints what was decided, from which champion to which."""
    moved = f"champion: {decision.before or 'none'} -> {decision.champion or 'none'}"
    Console().print(f"version {decision.version} {WORDS[decision.word]} ({moved})", highlight=False)
    return 0
