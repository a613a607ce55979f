"""Decisions by people: approve, reject or leave a version that passed the gate; take a champion back."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.lake.outcome import Written
from causalrec.registry.alias import move_alias
from causalrec.registry.promotions import Word, champion_before, record_decision
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import (
    AGAINST,
    GATE,
    TRAINED_ON,
    ModelVersion,
    by_alias,
    by_number,
    need,
    opened,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

Answer = Literal["approve", "reject", "leave"]
ANSWER = "answer"  # tag: what a person said of the version
WORDS: dict[Answer, Word] = {"approve": "promoted", "reject": "rejected", "leave": "left"}


@dataclass(frozen=True)
class Person:
    """Who decides, and why, in his own words."""

    who: str
    why: str


@dataclass(frozen=True)
class Decision:
    """What was decided.

    Attributes:
        version: that was judged. before, champion: the champion until then and from then on.
    """

    word: Word
    version: str
    before: str | None
    champion: str | None
    written: Written


def waiting(settings: Settings) -> ModelVersion | None:
    """The challenger that passed the gate and that nobody has answered yet; None where nothing waits."""
    if not store_exists(settings):
        return None
    client = connect(settings)
    challenger, champion = by_alias(client, settings, "challenger"), by_alias(client, settings, "champion")
    if challenger is None or (champion is not None and champion.version == challenger.version):
        return None
    asked = challenger.tags.get(GATE) == "promote"
    return challenger if asked and challenger.tags.get(ANSWER) not in ("approve", "reject") else None


def decide_by_hand(
    settings: Settings, lake: Lake, answer: Answer, person: Person, version: str | None = None
) -> Decision:
    """Carries out what a person says of ``version`` (default: the challenger).

    Raises:
        RegistryError: it may not be promoted (it did not pass the gate, was judged against another champion,
            or its artifacts are damaged), a rejection has no reason, or somebody else was faster.
    """
    client = connect(settings)
    found = by_number(client, settings, version) if version else need(client, settings, "challenger")
    champion = by_alias(client, settings, "champion")
    before = None if champion is None else champion.version
    if answer == "reject" and not person.why.strip():
        raise RegistryError(f"version {found.version} is rejected without a reason", do="say why")
    if answer == "approve":
        _may_be_champion(found, before)
        move_alias(client, settings, "champion", expected=before, to=found.version)
    _note(client, found, answer)
    why = person.why.strip() or f"{answer} without a word"
    after = found.version if answer == "approve" else before
    return _recorded(lake, WORDS[answer], found, before, after, Person(person.who, why))


def roll_back(settings: Settings, lake: Lake, person: Person, to: str | None = None) -> Decision:
    """Gives the alias back to ``to`` (default: the version that the champion took it from).

    Running jobs keep the version that they opened; the next one opens this.

    Raises:
        RegistryError: there is nothing to go back to, its artifacts are damaged, or somebody else was faster.
    """
    client = connect(settings)
    champion = need(client, settings, "champion")
    target = to or champion_before(lake, champion.version)
    if target is None or target == champion.version:
        raise RegistryError(
            f"there is no champion before version {champion.version}",
            do="name a version: causalrec rollback --to VERSION (causalrec history lists them)",
        )
    found = by_number(client, settings, target)
    with opened(found):
        move_alias(client, settings, "champion", expected=champion.version, to=found.version)
    why = Person(person.who, person.why.strip() or "rolled back without a word")
    return _recorded(lake, "rolled_back", found, champion.version, found.version, why)


def _may_be_champion(found: ModelVersion, champion: str | None) -> None:
    label = f"version {found.version}"
    if champion == found.version:
        raise RegistryError(f"{label} is champion already", do="nothing; causalrec history shows since when")
    if found.tags.get(GATE) != "promote":
        raise RegistryError(
            f"{label} did not pass the gate ({found.tags.get(GATE, 'it was never asked')})",
            do="run evaluate and promote for its date; to go back to an older champion: causalrec rollback",
        )
    against = found.tags.get(AGAINST, "")
    if against != (champion or ""):
        raise RegistryError(
            f"{label} was compared with {against or 'no champion'}, champion is now {champion or 'none'}",
            do="run evaluate and promote for its date again",
        )
    with opened(found):
        return


def _note(client: "MlflowClient", found: ModelVersion, answer: Answer) -> None:
    client.set_model_version_tag(found.name, found.version, ANSWER, answer)


def _recorded(
    lake: Lake, word: Word, found: ModelVersion, before: str | None, after: str | None, person: Person
) -> Decision:
    facts = {"gate": found.tags.get(GATE, ""), "against": found.tags.get(AGAINST, ""), "by": "hand"}
    ds = dt.date.fromisoformat(found.tags[TRAINED_ON])
    written = record_decision(
        lake, word, before=before, version=found.version, who=person.who, why=person.why, ds=ds,
        evaluation=facts,
    )  # fmt: skip
    return Decision(word, found.version, before, after, written)
