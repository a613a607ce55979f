"""From a challenger to an experiment and from its winner to a champion, by the same decisions."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from causalrec.config import Settings
from causalrec.config.experiment import ExperimentSettings
from causalrec.errors import RegistryError
from causalrec.experiment.words import CONCLUDED
from causalrec.lake import Lake, Ledger, LedgerRow
from causalrec.lake.outcome import Outcome
from causalrec.lake.record.ledger import new_row
from causalrec.registry.champion.promotions import NOT_YET, Decision, Word, decisions
from causalrec.registry.promotion.decisions import Decider, answer_question, decide_by_hand, waiting
from causalrec.registry.promotion.trial import trial_of
from causalrec.registry.promotion.waits import WAITING, who_waits
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import AGAINST, EXPERIMENT, GATE, by_alias
from causalrec.run import open_run
from jobs import need_approval

from ..conftest import Shop
from ..shop import DS, replace_partition

EVA = Decider("eva", "let us see")


def opened(settings: Settings) -> Settings:
    days = {"start": DS, "end": DS + dt.timedelta(days=7)}
    arms = {"new": {"share": 0.5, "model": "experiment"}}
    chosen = ExperimentSettings.model_validate({"name": "spring", "arms": arms, **days})
    return settings.model_copy(update={"experiment": chosen})


def tell(lake: Lake, day: int, verdict: str, name: str = "spring") -> None:
    """A night's verdict about version 2."""
    row: dict[str, Any] = {
        "experiment": name, "arm": "new", "metric": "conversion", "decides": True, "model_version": "2",
        "share": 0.5, "horizon": "fixed", "users": 10, "looks": 10, "value": 0.5, "sample_ratio_p": 1.0,
        "verdict": verdict, "detail": "by 0.1",
    }  # fmt: skip
    replace_partition(lake, "experiments", DS + dt.timedelta(days=day), [row])


def test_a_version_is_tried_and_wins(shop: Shop) -> None:
    settings, lake, name = shop.settings, shop.lake, shop.settings.registry.model_name
    train_and_log(settings, lake, Ledger(lake), DS)
    client = connect(settings)
    client.set_registered_model_alias(name, "champion", "1")
    for tag, value in ((GATE, "promote"), (AGAINST, "1")):
        client.set_model_version_tag(name, "2", tag, value)
    with pytest.raises(RegistryError, match="no experiment is open"):
        decide_by_hand(settings, lake, "try", EVA)
    tell(lake, 0, "better", "winter")  # of an older experiment

    trying = opened(settings)
    found = answer_question(trying, lake, "try", EVA, "2")
    assert (found.word, found.version, found.champion) == ("tried", "2", "1")
    assert answer_question(trying, lake, "try", EVA, "2").written is None  # a task that is retried
    held = by_alias(client, settings, EXPERIMENT)
    assert held is not None
    assert held.version == "2"
    assert waiting(trying, lake) is None
    with pytest.raises(RegistryError, match=r"is being tried \(no night has told anything yet\)"):
        decide_by_hand(trying, lake, "approve", EVA)
    tell(lake, 1, "running")
    assert waiting(trying, lake) is None
    with pytest.raises(RegistryError, match="arm new, 2026-03-02: running"):
        decide_by_hand(trying, lake, "approve", EVA)

    tell(lake, 2, "better")
    train_and_log(settings, lake, Ledger(lake), DS)  # a newer challenger, which nobody judged
    asked, line = need_approval.approval_needed(open_run(trying, DS))
    assert asked
    assert json.loads(line)["version"] == "2"
    assert (
        "* Tried on users: experiment spring, arm new, 2026-03-03: better; by 0.1" in json.loads(line)["text"]
    )
    won = answer_question(trying, lake, "approve", EVA, "2")
    assert (won.word, won.before, won.champion) == ("promoted", "1", "2")
    assert by_alias(client, settings, EXPERIMENT) is None
    assert waiting(trying, lake) is None
    facts = decisions(lake)[-1].evaluation["experiment"]
    assert facts == {
        "experiment": "spring", "arm": "new", "ds": "2026-03-03", "verdict": "better", "detail": "by 0.1",
    }  # fmt: skip
    trial = trial_of(lake, "2")
    assert trial is not None
    assert trial.over
    assert trial_of(lake, "1") is None


def ran(job: str, minute: int, **counters: float) -> LedgerRow:
    at = dt.datetime(2026, 3, 2, 1, minute, tzinfo=dt.UTC)
    row = new_row(
        job=job, ds=DS, started_at=at, seconds=0.0, cpu_seconds=0.0, outcome=Outcome(counters=counters),
        failed=False, fingerprint="f", inputs={}, code_version="0",
    )  # fmt: skip
    return replace(row, finished_at=at)


def said(word: Word, version: str, minute: int) -> Decision:
    at = dt.datetime(2026, 3, 2, 1, minute, tzinfo=dt.UTC) if minute else NOT_YET
    return Decision(word, "1", version, "run", "eva", "", DS, {"by": "hand"}, at)


def test_who_waits_while_a_version_is_tried() -> None:
    asked, told = ran("promote", 1, **{WAITING: 2.0}), ran("experiment", 9, **{CONCLUDED: 2.0})
    tried = said("tried", "2", 3)
    assert who_waits([asked], [tried]) is None
    early = ran("experiment", 2, **{CONCLUDED: 2.0})  # of an experiment before
    assert who_waits([asked, early, ran("experiment", 5)], [tried]) is None
    found = who_waits([asked, told], [tried])
    assert found is not None
    assert (found.version, found.since) == (2, told.finished_at)
    assert who_waits([asked, told], [tried, said("promoted", "2", 10)]) is None
    newer = who_waits([asked, ran("promote", 4, **{WAITING: 3.0})], [tried])
    assert newer is not None
    assert newer.version == 3
