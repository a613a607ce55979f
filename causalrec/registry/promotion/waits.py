"""Which version awaits approval, according to the tables; MLflow is not needed."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from causalrec.experiment.words import CONCLUDED
from causalrec.lake import LedgerRow
from causalrec.lake.record.ledger import DONE
from causalrec.registry.champion.promotions import Decision

WAITING = "waiting"
"""Counter of the stage ``promote``: the version that passed the gate and awaits approval."""
APPROVE = "answer the approval task of the training DAG, or run causalrec promote"
STAGES = ("train", "promote")


@dataclass(frozen=True)
class Waits:
    """A version that passed the gate, and since when it has been waiting."""

    version: int
    since: dt.datetime


def who_waits(rows: Iterable[LedgerRow], decided: Sequence[Decision]) -> Waits | None:
    """The version whose experiment has a verdict; otherwise the challenger of the newest training, if it
    passed the gate and nobody has answered yet.

    Args:
        rows: of the ledger, oldest first.
        decided: all decisions. A decision to postpone is not an answer.
    """
    every = [row for row in rows if row.status in DONE]
    mine = [row for row in every if row.job in STAGES]
    version = int(mine[-1].counters.get(WAITING, 0)) if mine else 0
    tried = [one for one in decided if one.by_hand and one.word != "left"]
    if tried and tried[-1].word == "tried":
        sent, number = tried[-1].at, int(tried[-1].version)
        told = [row for row in every if row.counters.get(CONCLUDED) == number and row.finished_at > sent]
        if told:
            return Waits(number, told[0].finished_at)
    answered = any(one.version == str(version) for one in tried)
    if not version or answered:
        return None
    return Waits(version, next(row.finished_at for row in mine if row.counters.get(WAITING) == version))
