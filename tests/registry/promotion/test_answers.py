"""What a person may decide, when, and what becomes of it; with stand-ins for MLflow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from causalrec.config import Settings
from causalrec.config.experiment import ExperimentSettings
from causalrec.errors import RegistryError
from causalrec.registry.champion.promotions import Decision, Word
from causalrec.registry.gate.checks import Check, Status, Verdict
from causalrec.registry.gate.comparison import Comparison
from causalrec.registry.promotion import decisions as deciding
from causalrec.registry.promotion.decisions import (
    Answer,
    Decided,
    Decider,
    answer_question,
    decide_by_hand,
    roll_back,
    waiting,
)
from causalrec.registry.promotion.promote import _as_json, _outcome, _unasked
from causalrec.registry.promotion.trial import VersionTrial
from causalrec.registry.versions import AGAINST, EXPERIMENT, GATE, TRAINED_ON, ModelVersion

from ..shop import DS, settings_in

SETTINGS, LAKE = settings_in(Path("/nowhere")), SimpleNamespace()
EVA = Decider("eva", " better ")
RUNNING = VersionTrial("x", "new", "2026-03-02", "running", "")
OVER = replace(RUNNING, verdict="better")


def version(number: str, **tags: str) -> ModelVersion:
    told = {GATE: "promote", AGAINST: "1", TRAINED_ON: DS.isoformat()}
    return ModelVersion("shop", number, f"run {number}", "", told | tags)


class World:
    """A champion, a challenger, and what is decided about them."""

    def __init__(self) -> None:
        self.champion: ModelVersion | None = version("1")
        self.held: dict[str, ModelVersion] = {"challenger": version("2")}
        self.numbers = {number: version(number) for number in ("1", "2", "3")}
        self.trial: VersionTrial | None = None
        self.rows: list[Decision] = []
        self.written: list[Decision] = []
        self.opened: list[str] = []
        self.there = True

    def need(self, client: None, settings: Settings, alias: str) -> ModelVersion:
        return self.held[alias]

    def decide(self, client: None, settings: Settings, lake: Any, decision: Decision) -> str:  # noqa: ANN401
        self.written.append(decision)
        return "written"

    @contextmanager
    def open(self, found: ModelVersion) -> Iterator[None]:
        self.opened.append(found.version)
        yield


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    replaced: dict[str, Callable[..., Any]] = {
        "guarded": lambda settings: nullcontext(),
        "connect": lambda settings: None,
        "settle": lambda client, settings, lake: None,
        "store_exists": lambda settings: made.there,
        "champion_of": lambda client, settings, lake: made.champion,
        "by_alias": lambda client, settings, alias: made.held.get(alias),
        "by_number": lambda client, settings, number: made.numbers[number],
        "need": made.need,
        "trial_of": lambda lake, number: made.trial,
        "decisions": lambda lake: made.rows,
        "decide_champion": made.decide,
        "champion_before": lambda lake, number: {"2": "1"}.get(number),
        "opened": made.open,
    }
    for name, stand_in in replaced.items():
        monkeypatch.setattr(deciding, name, stand_in)
    return made


def decide(
    answer: Answer, person: Decider = EVA, number: str | None = None, settings: Settings = SETTINGS
) -> Decided:
    lake: Any = LAKE
    return decide_by_hand(settings, lake, answer, person, number)


def test_an_approval_moves_the_champion(world: World) -> None:
    assert decide("approve") == Decided("promoted", "2", "1", "2", "written")  # type: ignore[arg-type]
    facts = {"gate": "promote", "against": "1", "by": "hand"}
    assert world.written == [Decision("promoted", "1", "2", "run 2", "eva", "better", DS, facts)]
    assert world.opened == ["2"]
    world.champion, world.held["challenger"] = None, version("2", **{AGAINST: ""})
    assert decide("approve", number=None).before is None
    world.numbers["3"] = version("3", **{AGAINST: ""})
    assert decide("approve", number="3").champion == "3"


@pytest.mark.parametrize(
    ("answer", "word"), [("reject", "rejected"), ("leave", "left"), ("approve", "promoted")]
)
def test_every_answer_has_its_word_and_a_reason(answer: Answer, word: Word, world: World) -> None:
    found = decide(answer)
    assert (found.word, found.champion) == (word, "2" if answer == "approve" else "1")
    if answer != "reject":
        decide(answer, Decider("eva", "  "))
        assert world.written[-1].why == f"{answer}, no reason given"
    assert world.opened == (["2", "2"] if answer == "approve" else [])


def test_a_rejection_needs_a_reason_and_no_champion(world: World) -> None:
    with pytest.raises(RegistryError, match="version 2 cannot be rejected without a reason"):
        decide("reject", Decider("eva", "  "))
    with pytest.raises(RegistryError, match="version 1 is champion -> go back"):
        decide("reject", number="1")
    assert decide("leave", number="1").word == "left"
    assert len(world.written) == 1


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (version("1"), "version 1 is already champion"),
        (version("2", **{GATE: "keep"}), r"version 2 did not pass the gate \(keep\)"),
        (ModelVersion("shop", "2", "r", ""), r"did not pass the gate \(it was never evaluated\)"),
        (version("2", **{AGAINST: "9"}), "was compared with 9, champion is now 1"),
        (version("2", **{AGAINST: ""}), "was compared with no champion, champion is now 1"),
    ],
)
def test_who_may_not_become_champion(found: ModelVersion, said: str, world: World) -> None:
    world.held["challenger"] = found
    with pytest.raises(RegistryError, match=said):
        decide("approve")
    with pytest.raises(RegistryError, match=said):
        decide("try", settings=trying())
    assert not world.written


def trying(**arms: dict[str, object]) -> Settings:
    chosen = ExperimentSettings.model_validate(
        {
            "name": "spring",
            "start": DS,
            "end": DS,
            "arms": arms or {"new": {"share": 0.5, "model": EXPERIMENT}},
        }
    )
    return SETTINGS.model_copy(update={"experiment": chosen})


def test_a_trial_needs_an_experiment_with_a_place(world: World) -> None:
    for settings in (SETTINGS, trying(new={"share": 0.5, "model": "2"})):
        with pytest.raises(RegistryError, match="no experiment is open to a version"):
            decide("try", settings=settings)
    assert decide("try", settings=trying()).champion == "1"
    assert world.written[-1].evaluation["tried_in"] == "spring"
    decide("leave", settings=trying())
    assert "tried_in" not in world.written[-1].evaluation


def test_no_approval_while_it_is_tried(world: World) -> None:
    world.held["challenger"] = version("2", answer="try")
    for trial, said in ((None, "no night has told anything yet"), (RUNNING, "arm new, 2026-03-02: running")):
        world.trial = trial
        with pytest.raises(RegistryError, match=said):
            decide("approve")
        assert decide("reject").word == "rejected"
    world.trial = OVER
    assert decide("approve").word == "promoted"
    assert world.written[-1].evaluation["experiment"]["verdict"] == "better"


def test_who_awaits_an_answer(world: World) -> None:
    lake: Any = LAKE

    def who() -> str | None:
        found = waiting(SETTINGS, lake)
        return None if found is None else found.version

    assert who() == "2"
    for answer in ("approve", "reject", "try"):
        world.held["challenger"] = version("2", answer=answer)
        assert who() is None
    world.held["challenger"] = version("2", answer="leave")
    assert who() == "2"
    for tags in ({GATE: "keep"}, {GATE: ""}):
        world.held["challenger"] = version("2", **tags)
        assert who() is None
    world.held["challenger"] = version("1")
    assert who() is None
    world.champion = None
    assert who() == "1"
    world.held["challenger"], world.held[EXPERIMENT] = version("4"), version("3", answer="try")
    assert who() == "4"
    world.trial = RUNNING
    assert who() == "4"
    world.trial = OVER
    assert who() == "3"
    world.held[EXPERIMENT] = version("3")  # its alias is left over: nobody sent it there
    assert who() == "4"
    world.held.clear()
    assert who() is None
    world.held["challenger"], world.there = version("4"), False
    assert who() is None


def said(word: Word, number: str = "2", who: str = "eva", by: str = "hand") -> Decision:
    return Decision(word, "1", number, "run", who, "why", DS, {"by": by})


def answered(answer: Answer, who: str = "eva") -> Decided:
    lake: Any = LAKE
    return answer_question(SETTINGS, lake, answer, Decider(who, "x"), "2")


def test_a_question_is_answered_once(world: World) -> None:
    assert answered("approve").written == "written"  # type: ignore[comparison-overlap]
    world.rows = [said("promoted")]
    assert answered("approve") == Decided("promoted", "2", "1", "2", None)
    world.rows = [said("rejected")]
    assert answered("reject") == Decided("rejected", "2", "1", "1", None)
    world.rows = [said("left"), said("promoted", "3"), said("kept", by="gate")]
    assert answered("approve").written == "written"  # type: ignore[comparison-overlap]
    world.rows = [said("tried")]
    assert answered("try").written is None
    assert answered("reject").word == "rejected"


def test_another_answer_meanwhile_is_told(world: World) -> None:
    world.rows = [said("rolled_back", who="kim")]
    with pytest.raises(
        RegistryError, match=r"version 2 was rolled back by kim while the question was open \(why\)"
    ):
        answered("approve")
    world.rows = [said("promoted", who="kim")]
    with pytest.raises(RegistryError, match="'approve' by eva was not applied"):
        answered("approve")
    world.rows = [said("promoted")]
    with pytest.raises(RegistryError, match="'reject' by eva"):
        answered("reject")


def test_back_to_the_version_before(world: World) -> None:
    lake: Any = LAKE
    world.champion = version("2")
    found = roll_back(SETTINGS, lake, Decider("eva", " "))
    assert found == Decided("rolled_back", "1", "2", "1", "written")  # type: ignore[arg-type]
    assert (world.written[-1].why, world.opened) == ("rolled back, no reason given", ["1"])
    assert roll_back(SETTINGS, lake, EVA, "3").champion == "3"
    assert world.written[-1].why == "better"
    world.champion = version("1")
    for to in (None, "1"):
        with pytest.raises(RegistryError, match="there is no champion before version 1"):
            roll_back(SETTINGS, lake, EVA, to)
    world.champion = None
    with pytest.raises(RegistryError, match="there is no champion to go back from"):
        roll_back(SETTINGS, lake, EVA)
    assert roll_back(SETTINGS, lake, EVA, "3").before is None


@pytest.mark.parametrize(
    ("auto", "champion", "moved", "unasked"),
    [
        ("always", "1", True, True), ("always", None, False, True), ("first", None, False, True),
        ("first", "1", False, False), ("first", None, True, False), ("never", None, False, False),
        ("never", "1", True, False),
    ],
)  # fmt: skip
def test_who_becomes_champion_unasked(
    auto: str, champion: str | None, moved: bool, unasked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from causalrec.registry.promotion import promote

    rows = [said("promoted" if moved else "kept")]
    monkeypatch.setattr(promote, "decisions", lambda lake: rows)
    gate = SETTINGS.gate.model_copy(update={"auto_approve": auto})
    assert auto in get_args(type(gate).model_fields["auto_approve"].annotation)
    lake: Any = LAKE
    assert _unasked(SETTINGS.model_copy(update={"gate": gate}), lake, champion) is unasked


def test_a_verdict_in_the_ledger_and_in_the_row() -> None:
    told: tuple[tuple[str, Status], ...] = (("a", "pass"), ("b", "warn"), ("c", "warn"))
    checks = tuple(Check(name, status, 1.0, 2.0, "d") for name, status in told)
    verdict = Verdict("keep", checks)
    found = _outcome(verdict, (), "note")
    assert (found.rows_in, found.rows_out, found.note) == (3, 0, "note")
    assert found.counters == {"checks_pass": 1.0, "checks_warn": 2.0, "checks_fail": 0.0}
    row = _as_json(verdict, Comparison("data", "4", "causal", "test", "3"))
    assert (row["dataset_id"], row["split"], row["champion"]) == ("data", "test", "3")
    assert row["checks"][0] == {"name": "a", "status": "pass", "value": 1.0, "threshold": 2.0, "detail": "d"}
