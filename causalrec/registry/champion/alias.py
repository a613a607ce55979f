"""Changes the champion: a row of ``promotions`` decides, the alias follows it.

MLflow has no conditional write, the table has. So the order is: first the row, committed only if no other
decision was made meanwhile, on any host; then the alias and the version's tag; last a tag of the model that
names the row. A process that dies in between leaves a row that is not named yet, and the next one that
decides, asks or scores carries it out first.
"""

from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.errors import ConflictError, LostRegistry, RegistryError
from causalrec.lake import Lake
from causalrec.lake.commit import COMMIT_TRIES
from causalrec.lake.outcome import Written
from causalrec.registry.champion.promotions import (
    Decision,
    Word,
    append_decision,
    decided_champion,
    decisions,
    read_history,
)
from causalrec.registry.champion.remembered import remember, remembered, state_of
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import EXPERIMENT, ModelVersion, by_alias, by_number, find_number

if TYPE_CHECKING:
    from mlflow import MlflowClient

SETTLED = "settled_decision"  # tag of the registered model: the last row carried out
ANSWER = "answer"  # tag of a version: a person's comment on it
ANSWERS: dict[Word, str] = {"promoted": "approve", "rejected": "reject", "left": "leave", "tried": "try"}


def decide_champion(client: "MlflowClient", settings: Settings, lake: Lake, decision: Decision) -> Written:
    """Writes the row and carries it out. A move requires that ``decision.before`` is still champion.

    Raises:
        RegistryError: the alias was moved meanwhile.
    """
    for _ in range(COMMIT_TRIES):
        history = read_history(lake)
        settle(client, settings, lake)
        found = champion_of(client, settings, lake)
        current = None if found is None else found.version
        if decision.moves and current != decision.before:
            raise RegistryError(
                f"champion is version {current or 'none'}, expected {decision.before or 'none'}: "
                "it was promoted in the meantime",
                do="run evaluate again and then promote",
            )
        try:
            written = append_decision(lake, decision, history)
        except ConflictError:
            continue  # check what was decided meanwhile
        settle(client, settings, lake)
        return written
    raise RegistryError(
        f"other decisions came first {COMMIT_TRIES} times in a row",
        do="run it again",
    )


def champion_of(client: "MlflowClient", settings: Settings, lake: Lake) -> ModelVersion | None:
    """The champion; None if there has never been one. The single place to look it up.

    Raises:
        LostRegistry: ``promotions`` names one that MLflow does not have. That is not a first night: nothing
            may be promoted, deleted or compared as if there had been no champion. An alias moved by hand is
            not a loss, as long as the decided version still exists.
    """
    last = decided_champion(lake)  # read first: the process that decided it may be about to move the alias
    found = by_alias(client, settings, "champion")
    if last is None or (found is not None and (found.version == last.version or not last.run_id)):
        return found
    settle(client, settings, lake)
    found = by_alias(client, settings, "champion")
    stored = find_number(client, settings, last.version)
    if found is None or (last.run_id and (stored is None or stored.run_id != last.run_id)):
        raise lost(settings, last, found)
    return found


def known_champion(settings: Settings, lake: Lake) -> ModelVersion | None:
    """:func:`champion_of` with its own client; creates no store."""
    if store_exists(settings):
        return champion_of(connect(settings), settings, lake)
    if (last := decided_champion(lake)) is not None:
        raise lost(settings, last)
    return None


def needed_champion(settings: Settings, lake: Lake) -> ModelVersion:
    """:func:`known_champion`, but a missing champion is an error."""
    found = known_champion(settings, lake)
    if found is None:
        raise RegistryError(
            f"{settings.registry.model_name} has no champion", do="run train, evaluate and promote"
        )
    return found


def asked_version(settings: Settings, lake: Lake, number: str | None) -> ModelVersion:
    """The version of that number; None asks for the champion.

    Raises:
        RegistryError: there is no such version, or no champion.
    """
    if number is None:
        return needed_champion(settings, lake)
    return by_number(connect(settings), settings, number)


def champion_number(settings: Settings, lake: Lake) -> str:
    """The champion's version for a fingerprint.

    Empty if there is none. Pending decisions are settled first.
    """
    known = remembered(settings, lake)
    if known is not None:
        return known
    settled(settings, lake)
    state = state_of(settings, lake)
    found = known_champion(settings, lake)
    number = "" if found is None else found.version
    remember(settings, number, state)
    return number


def lost(settings: Settings, last: Decision, found: ModelVersion | None = None) -> LostRegistry:
    """The error if MLflow has lost what ``last`` decided and has ``found`` as champion."""
    said = f"{last.word.replace('_', ' ')} by {last.who} on {last.at:%Y-%m-%d}"
    has = "no champion" if found is None else f"version {found.version} as champion"
    return LostRegistry(
        f"version {last.version} of {settings.registry.model_name} is champion ({said}), "
        f"but MLflow at {settings.tracking_uri} has {has}",
        do="restore the registry from a copy, or run causalrec history --repair",
    )


def settled(settings: Settings, lake: Lake) -> Decision | None:
    """:func:`settle` with its own client; does nothing if there is no store yet or nothing has changed."""
    if not store_exists(settings) or remembered(settings, lake) is not None:
        return None
    return settle(connect(settings), settings, lake)


def settle(client: "MlflowClient", settings: Settings, lake: Lake) -> Decision | None:
    """Carries out the newest decision if its own process has not; returns it, or None.

    An alias that is neither where the decision found it nor where it belongs has been moved by hand in
    MLflow, and stays. Rows of another store (no such version, or a different run) are left alone.
    """
    done: Decision | None = None
    own: set[str | None] = set()  # set by this process; a slow one may come after a faster one
    while (row := unsettled(client, settings, lake)) is not None:
        if row.moves and _champion(client, settings) in {row.before, *own}:
            client.set_registered_model_alias(settings.registry.model_name, "champion", row.version)
            own.add(row.version)
        _send_to_experiment(client, settings, row)
        if row.by_hand and row.word in ANSWERS:
            client.set_model_version_tag(settings.registry.model_name, row.version, ANSWER, ANSWERS[row.word])
        client.set_registered_model_tag(settings.registry.model_name, SETTLED, row.key)
        done = row
    return done


def unsettled(client: "MlflowClient", settings: Settings, lake: Lake) -> Decision | None:
    """The newest decision, if it concerns this store and has not been carried out yet."""
    rows = decisions(lake)
    if not rows or not rows[-1].run_id:
        return None
    row = rows[-1]
    version = find_number(client, settings, row.version)
    if version is None or version.run_id != row.run_id:
        return None
    tags = client.get_registered_model(settings.registry.model_name).tags
    return None if tags.get(SETTLED) == row.key else row


def _send_to_experiment(client: "MlflowClient", settings: Settings, row: Decision) -> None:
    """The alias of the version that is tried: given by one decision, taken by the next about this version."""
    if row.word == "tried":
        client.set_registered_model_alias(settings.registry.model_name, EXPERIMENT, row.version)
    elif row.word in ("promoted", "rejected"):
        found = by_alias(client, settings, EXPERIMENT)
        if found is not None and found.version == row.version:
            client.delete_registered_model_alias(settings.registry.model_name, EXPERIMENT)


def _champion(client: "MlflowClient", settings: Settings) -> str | None:
    found = by_alias(client, settings, "champion")
    return None if found is None else found.version
