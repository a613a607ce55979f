"""Asks the gate and moves the alias ``champion``; every decision becomes a row of ``promotions``."""

import datetime as dt
import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

from causalrec.config import Settings
from causalrec.config.gate import GateSettings
from causalrec.errors import GateRefused
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import Outcome, Written
from causalrec.registry.champion.alias import champion_of, decide_champion, settle
from causalrec.registry.champion.promotions import Decision, Word, decisions
from causalrec.registry.gate.checks import Verdict
from causalrec.registry.gate.comparison import Comparison, read_comparison
from causalrec.registry.gate.rules import decide
from causalrec.registry.kept import ERASED
from causalrec.registry.pins import dataset_row
from causalrec.registry.promotion.waits import APPROVE, WAITING
from causalrec.registry.store import connect, guarded
from causalrec.registry.versions import GATE, MODEL, ModelVersion, need, version_of

APPROVER = "nightly"  # named as the decider if the gate decides without a person
WORDS: dict[str, Word] = {"promote": "promoted", "keep": "kept", "reject": "rejected"}


def promote_version_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The evaluation, the challenger and the settings of the gate."""
    last = ledger.last_success("evaluate", ds)
    return {
        "dataset": dataset_row(lake, ds)["dataset_id"],
        "evaluation": "" if last is None else ",".join(sorted(str(w["digest"]) for w in last.writes)),
        "challenger": version_of(settings, "challenger"),
        "gate": hashlib.sha256(settings.gate.model_dump_json().encode()).hexdigest(),
    }


def promote_version(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> Outcome:
    """Makes the challenger champion if it passes the gate and no approval is needed.

    Raises:
        GateRefused: the gate refuses it (the old champion stays), it was not evaluated on the data of
            ``ds``, or another version was promoted meanwhile.
    """
    with guarded(settings):
        return _judged(settings, lake, ds)


def _judged(settings: Settings, lake: Lake, ds: dt.date) -> Outcome:
    client = connect(settings)
    settle(client, settings, lake)
    challenger, champion = need(client, settings, "challenger"), champion_of(client, settings, lake)
    now = None if champion is None else champion.version
    evaluation = read_comparison(lake, ds, challenger.version, challenger.tags.get(MODEL, ""))
    expected = dataset_row(lake, ds)["dataset_id"]
    done = _decided(settings.gate, lake, challenger, evaluation, expected)
    if done is not None and now == challenger.version:
        _log(client, challenger, done)
        return _outcome(done, (), f"version {now} was already {WORDS[done.decision]}: {done.why}")
    outdated = champion is not None and ERASED in champion.tags
    verdict = decide(evaluation, settings.gate, dataset_id=expected, champion=now, outdated=outdated)
    _log(client, challenger, verdict)
    if verdict.decision == "promote" and not _unasked(settings, lake, now):
        note = f"version {challenger.version} passed the gate and is waiting for approval: {APPROVE}"
        outcome = _outcome(verdict, (), note)
        return replace(outcome, counters={**outcome.counters, WAITING: float(challenger.version)})
    decision = Decision(
        WORDS[verdict.decision], now, challenger.version, challenger.run_id, APPROVER,
        verdict.why, ds, _as_json(verdict, evaluation),
    )  # fmt: skip
    written = decide_champion(client, settings, lake, decision)
    if verdict.decision == "reject":
        stays = f"version {now} remains champion" if now else "there is still no champion"
        raise GateRefused(
            f"the gate refused version {challenger.version} ({stays}): {verdict.why}",
            do="look at its MLflow run, then change the model, the data or the gate's settings",
        )
    return _outcome(
        verdict, (written,), f"version {challenger.version} {WORDS[verdict.decision]}: {verdict.why}"
    )


def _decided(
    gate: GateSettings, lake: Lake, challenger: ModelVersion, evaluation: Comparison, dataset_id: str
) -> Verdict | None:
    """The verdict of the newest row, if it made this challenger champion on this same evaluation.

    A run that repeats another, or follows one killed after its decision, does not decide again.
    """
    rows = decisions(lake)
    if not rows or not rows[-1].moves or rows[-1].run_id != challenger.run_id:
        return None
    verdict = decide(evaluation, gate, dataset_id=dataset_id, champion=rows[-1].before)
    facts = {**_as_json(verdict, evaluation), "run_id": challenger.run_id}
    same = json.dumps(facts, sort_keys=True) == json.dumps(dict(rows[-1].evaluation), sort_keys=True)
    return verdict if same else None


def _unasked(settings: Settings, lake: Lake, champion: str | None) -> bool:
    """Whether a version that passed becomes champion without approval; only a shop's first champion may."""
    auto = settings.gate.auto_approve
    first = champion is None and not any(row.moves for row in decisions(lake))
    return auto == "always" or (auto == "first" and first)


def _outcome(verdict: Verdict, writes: tuple[Written, ...], note: str) -> Outcome:
    counts = dict.fromkeys(("pass", "warn", "fail"), 0)
    for check in verdict.checks:
        counts[check.status] += 1
    counters = {f"checks_{status}": float(count) for status, count in counts.items()}
    return Outcome(
        rows_in=len(verdict.checks), rows_out=len(writes), writes=writes, counters=counters, note=note
    )


def _as_json(verdict: Verdict, evaluation: Comparison) -> dict[str, Any]:
    return {
        "dataset_id": evaluation.dataset_id,
        "split": evaluation.split,
        "champion": evaluation.champion,
        "checks": [asdict(check) for check in verdict.checks],
    }


def _log(client: Any, challenger: ModelVersion, verdict: Verdict) -> None:  # noqa: ANN401 - MLflow is untyped
    """Logs the table of checks to the run, and tags the version with the decision."""
    rows = [asdict(check) for check in verdict.checks]
    client.log_dict(challenger.run_id, {"decision": verdict.decision, "checks": rows}, "gate/checks.json")
    client.set_model_version_tag(challenger.name, challenger.version, GATE, verdict.decision)
