"""Which version waits for a person, as the tables tell it: MLflow need not answer for that."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
    """The challenger of the newest training, if the gate let it pass and nobody has answered yet.

    Args:
        rows: of the ledger, oldest first.
        decided: all decisions. One to leave it for later is no answer.
    """
    mine = [row for row in rows if row.job in STAGES and row.status in DONE]
    version = int(mine[-1].counters.get(WAITING, 0)) if mine else 0
    answered = any(one.by_hand and one.version == str(version) and one.word != "left" for one in decided)
    if not version or answered:
        return None
    return Waits(version, next(row.finished_at for row in mine if row.counters.get(WAITING) == version))
