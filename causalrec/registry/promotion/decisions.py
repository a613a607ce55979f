"""Decisions by people: approve, reject, try or leave a version that passed the gate; take a champion back."""

import datetime as dt
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.lake.outcome import Written
from causalrec.registry.champion.alias import ANSWER, champion_of, decide_champion, settle
from causalrec.registry.champion.promotions import Decision, Word, champion_before, decisions
from causalrec.registry.promotion.trial import TRIED_IN, VersionTrial, trial_of
from causalrec.registry.store import connect, guarded, store_exists
from causalrec.registry.versions import (
    AGAINST,
    EXPERIMENT,
    GATE,
    TRAINED_ON,
    ModelVersion,
    by_alias,
    by_number,
    need,
    opened,
)

Answer = Literal["approve", "reject", "leave", "try"]
WORDS: dict[Answer, Word] = {
    "approve": "promoted", "reject": "rejected", "leave": "left", "try": "tried",
}  # fmt: skip


@dataclass(frozen=True)
class Decider:
    """Who decides, and why, in their own words."""

    who: str
    why: str


@dataclass(frozen=True)
class Decided:
    """What was decided.

    Attributes:
        version: that was judged. before, champion: the previous and the new champion.
        written: the row; None if an earlier attempt had already written it.
    """

    word: Word
    version: str
    before: str | None
    champion: str | None
    written: Written | None


def waiting(settings: Settings, lake: Lake) -> ModelVersion | None:
    """The version that passed the gate and awaits an answer; None if there is none.

    A version sent to an experiment awaits one again when the experiment has a verdict, before any newer
    challenger.
    """
    if not store_exists(settings):
        return None
    client = connect(settings)
    settle(client, settings, lake)
    champion = champion_of(client, settings, lake)
    tried, challenger = (by_alias(client, settings, alias) for alias in (EXPERIMENT, "challenger"))
    for found in (tried, challenger):
        if found is None or (champion is not None and champion.version == found.version):
            continue
        said, trial = found.tags.get(ANSWER), trial_of(lake, found.version)
        answered = said in ("approve", "reject") or (said == "try" and (trial is None or not trial.over))
        if found.tags.get(GATE) == "promote" and not answered and (found is challenger or said == "try"):
            return found
    return None


def decide_by_hand(
    settings: Settings, lake: Lake, answer: Answer, person: Decider, version: str | None = None
) -> Decided:
    """Carries out a person's decision on ``version`` (default: the challenger).

    Raises:
        RegistryError: it may not be promoted (it did not pass the gate, was judged against another champion,
            is still being tried, or its artifacts are damaged), there is no experiment to try it in, a
            rejection has no reason or concerns the champion, or another decision came first.
    """
    with guarded(settings):
        client = connect(settings)
        settle(client, settings, lake)
        found = by_number(client, settings, version) if version else need(client, settings, "challenger")
        champion = champion_of(client, settings, lake)
        before = None if champion is None else champion.version
        trial = trial_of(lake, found.version)
        _may_be_said(answer, person, found, before)
        if answer == "approve":
            _no_trial_runs(found, trial)
        if answer == "try":
            _may_be_tried(settings)
        why = person.why.strip() or f"{answer}, no reason given"
        decision = _by_hand(WORDS[answer], found, before, Decider(person.who, why), trial)
        if answer == "try":
            facts = {**decision.evaluation, TRIED_IN: settings.experiment.name}
            decision = replace(decision, evaluation=facts)
        written = decide_champion(client, settings, lake, decision)
    after = found.version if decision.moves else before
    return Decided(decision.word, found.version, before, after, written)


def answer_question(settings: Settings, lake: Lake, answer: Answer, person: Decider, version: str) -> Decided:
    """Carries out the answer to a question about ``version``, exactly once, however often it is called.

    Raises:
        RegistryError: as :func:`decide_by_hand`; or a decision was made by hand while the question was open.
    """
    with guarded(settings):
        settle(connect(settings), settings, lake)
    said = [row for row in decisions(lake) if row.by_hand and row.version == version and row.word != "left"]
    if said and said[-1].word == "tried" and answer != "try":
        return decide_by_hand(settings, lake, answer, person, version)  # asked again, after its experiment
    if not said:
        return decide_by_hand(settings, lake, answer, person, version)
    last = said[-1]
    if last.word == WORDS[answer] and last.who == person.who:
        return Decided(last.word, version, last.before, version if last.moves else last.before, None)
    raise RegistryError(
        f"version {version} was {last.word.replace('_', ' ')} by {last.who} while the question was open "
        f"({last.why}); the answer {answer!r} by {person.who} was not applied",
        do="agree on one decision, then use causalrec promote, reject or rollback",
    )


def roll_back(settings: Settings, lake: Lake, person: Decider, to: str | None = None) -> Decided:
    """Returns the alias to ``to`` (default: the version that the champion took it from).

    Running jobs keep the version they opened; the next ones open this one.

    Raises:
        RegistryError: there is nothing to go back to, its artifacts are damaged, or another decision came
            first.
    """
    with guarded(settings):
        client = connect(settings)
        settle(client, settings, lake)
        champion = champion_of(client, settings, lake)
        now = None if champion is None else champion.version
        target = to or (champion_before(lake, now) if now else None)
        if target is None or target == now:
            raise RegistryError(
                f"there is no champion before version {now}"
                if now
                else "there is no champion to go back from",
                do="choose a version: causalrec rollback --to VERSION (causalrec history lists them)",
            )
        found = by_number(client, settings, target)
        why = Decider(person.who, person.why.strip() or "rolled back, no reason given")
        with opened(found):
            decision = _by_hand("rolled_back", found, now, why)
            written = decide_champion(client, settings, lake, decision)
    return Decided(decision.word, found.version, now, found.version, written)


def _may_be_said(answer: Answer, person: Decider, found: ModelVersion, champion: str | None) -> None:
    label = f"version {found.version}"
    if answer == "reject" and not person.why.strip():
        raise RegistryError(f"{label} cannot be rejected without a reason", do="give one with --why")
    if answer == "reject" and champion == found.version:
        raise RegistryError(f"{label} is champion", do="go back to the version before it: causalrec rollback")
    if answer in ("approve", "try"):
        _may_be_champion(label, found, champion)


def _may_be_champion(label: str, found: ModelVersion, champion: str | None) -> None:
    if champion == found.version:
        raise RegistryError(
            f"{label} is already champion", do="nothing to do; causalrec history shows since when"
        )
    if found.tags.get(GATE) != "promote":
        raise RegistryError(
            f"{label} did not pass the gate ({found.tags.get(GATE, 'it was never evaluated')})",
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


def _no_trial_runs(found: ModelVersion, trial: VersionTrial | None) -> None:
    if found.tags.get(ANSWER) == "try" and (trial is None or not trial.over):
        raise RegistryError(
            f"version {found.version} is being tried ({trial or 'no night has told anything yet'})",
            do="wait for the end of the experiment; or end it first: causalrec reject with a reason",
        )


def _may_be_tried(settings: Settings) -> None:
    chosen = settings.experiment
    if not chosen.name or EXPERIMENT not in {arm.model for arm in chosen.arms.values()}:
        raise RegistryError(
            f"no experiment is open to a version: no arm has the model {EXPERIMENT}",
            do=f'name one under [experiment], with model = "{EXPERIMENT}" for an arm (docs/experiments.md)',
        )


def _by_hand(
    word: Word, found: ModelVersion, before: str | None, person: Decider, trial: VersionTrial | None = None
) -> Decision:
    facts: dict[str, Any] = {
        "gate": found.tags.get(GATE, ""), "against": found.tags.get(AGAINST, ""), "by": "hand",
    }  # fmt: skip
    if trial is not None:
        facts["experiment"] = asdict(trial)
    ds = dt.date.fromisoformat(found.tags[TRAINED_ON])
    return Decision(word, before, found.version, found.run_id, person.who, person.why, ds, facts)
