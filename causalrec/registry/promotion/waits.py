"""Which version waits for a person, as the tables tell it: MLflow need not answer for that."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from causalrec.experiment.words import CONCLUDED
from causalrec.lake import LedgerRow
from causalrec.lake.record.ledger import DONE
from causalrec.registry.champion.promotions import Decision

WAITING = "waiting"
"""Counter of the stage ``promote``: the version that passed the gate and waits for a person."""
APPROVE = "answer the approval task of the training DAG, or run causalrec promote"
STAGES = ("train", "promote")


@dataclass(frozen=True)
class Waits:
    """A version that passed the gate, and since when it waits."""

    version: int
    since: dt.datetime


def who_waits(rows: Iterable[LedgerRow], decided: Sequence[Decision]) -> Waits | None:
    """The challenger of the newest training, if the gate let it pass and nobody has answered yet; before it a
    version whose experiment has an answer.

    Args:
        rows: of the ledger, oldest first.
        decided: all decisions. One to leave it for later is no answer.
    """
    every = [row for row in rows if row.status in DONE]
    mine = [row for row in every if row.job in STAGES]
    version = int(mine[-1].counters.get(WAITING, 0)) if mine else 0
    tried = [one for one in decided if one.by_hand and one.word != "left"]
    if tried and tried[-1].word == "tried":
        sent = tried[-1]
        told = [
            r for r in every if r.counters.get(CONCLUDED) == float(sent.version) and r.finished_at > sent.at
        ]
        if told:
            return Waits(int(sent.version), told[0].finished_at)
    answered = any(one.version == str(version) for one in tried)
    if not version or answered:
        return None
    return Waits(version, next(row.finished_at for row in mine if row.counters.get(WAITING) == version))
