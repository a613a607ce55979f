"""The measures of sampled rows, so that the check refuses what the gate of a night would refuse."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from causalrec.config import Settings
from causalrec.contracts import Contract
from causalrec.errors import CausalrecError, ReasonCode
from causalrec.ingest.check.fields import broken_fields
from causalrec.ingest.check.rules import reason_of
from causalrec.ingest.formats.batch import LEFT_OUT, UNREADABLE
from causalrec.ingest.gate import check_columns, check_fields, check_files, check_rejects
from causalrec.ingest.measure import NO_LOSS, Measures
from causalrec.ingest.parameters import rule_parameters
from causalrec.ingest.unread import SHOWN_CHARS, shown

_COLUMN = re.compile(r"^[a-z_0-9]+")
_OF_COLUMNS = (ReasonCode.MISSING_REQUIRED, ReasonCode.INVALID_TYPE)


@dataclass(frozen=True)
class Sampled:
    """The result of the rules on the sampled rows.

    Attributes:
        good: accepted rows.
        measures: as a night would compute them from these rows alone.
        examples: reason, or "column reason" of a field set to null -> one example.
    """

    good: Sequence[Mapping[str, Any]]
    measures: Measures
    examples: Mapping[str, str]


def sampled(
    rows: Sequence[Mapping[str, Any]], table: Contract, settings: Settings, history: dt.date | None
) -> Sampled:
    """Applies the rules of ``table`` to parsed rows of one delivery."""
    limits = rule_parameters(settings, history)
    reasons, nulled, broken, unknown = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    absent = Counter[str]()
    examples: dict[str, str] = {}
    lost: str | None = None
    good: list[Mapping[str, Any]] = []
    again = _Repeats(table, settings)
    optional = [column.name for column in table.data_columns if not column.required]
    for row in rows:
        unknown.update([row["unknown"]] if row["unknown"] else [])
        why = reason_of(row, table, settings, history) or again.reason_of(row)
        if why is None:
            good.append(row)
            emptied = _emptied(row, table, limits)
            nulled.update(emptied.keys())
            examples = emptied | examples
            gone = {note.partition(" ")[0] for note in emptied}
            absent.update(f"nulls_{name}" for name in optional if row[name] is None or name in gone)
            continue
        reason, detail = str(why[0]), str(why[1])
        reasons[reason] += 1
        if lost is None and reason not in NO_LOSS:
            lost = f"{row['source_file']} line {row['source_line']}: {reason}, {detail}"
        examples.setdefault(reason, detail)
        if reason in _OF_COLUMNS and (column := _COLUMN.match(detail)):
            broken[f"{reason} {column[0]}"] += 1
    unreadable, left_out = reasons.pop(UNREADABLE, 0), reasons.pop(LEFT_OUT, 0)
    torn = [row for row in rows if row["reason"] == UNREADABLE]
    broken_file = next((f"{row['source_file']}: {row['detail']}" for row in torn), None)
    measures = Measures(
        rows_in=len(rows) - unreadable, rows_good=len(good), rejects=dict(reasons.most_common()),
        unreadable=unreadable, broken_file=broken_file, unknown=unknown.total(), cut=0,
        metrics=absent, unknown_names=unknown, nulled=dict(nulled.most_common()), left_out=left_out,
        broken_columns=broken,
        broken_files=[row["source_file"] for row in torn],
        broken_row=lost,
    )  # fmt: skip
    return Sampled(good, measures, examples)


def refusals(
    day: dt.date, found: Measures, table: Contract, landing: Contract, settings: Settings
) -> list[str]:
    """Why the gate would refuse a delivery from which these rows were sampled."""
    measures = {day: found}
    gates: Sequence[Callable[[], None]] = (
        lambda: check_files(measures, [day], table),
        lambda: check_columns(measures, table, landing),
        lambda: check_rejects(measures, table, settings.ingest),
        lambda: check_fields(measures, table, settings.ingest),
    )
    lines = []
    for gate in gates:
        try:
            gate()
        except CausalrecError as error:
            lines.append(str(error))
    return lines[:1]


def _emptied(row: Mapping[str, Any], table: Contract, limits: Mapping[str, Any]) -> dict[str, str]:
    """ "column reason" of every field of a good row that becomes null -> the value as delivered."""
    kept = zip(row["nulled"], row["unread"], strict=True)
    unread = {note: shown(raw, note.partition(" ")[0]) for note, raw in kept}
    broken = broken_fields(row, table, limits)
    return unread | {f"{name} {reason}": repr(row[name])[:SHOWN_CHARS] for name, reason in broken.items()}


class _Repeats:
    """Recognises rows whose key occurred in an earlier row, with the same or with different content."""

    def __init__(self, table: Contract, settings: Settings) -> None:
        rules = table.extensions
        self._key = rules.duplicates.by if rules.duplicates else ()
        if table.name == "events" and settings.landing.event_ids == "session":
            self._key = ("session_id", *self._key)
        self._content = rules.content
        layout = settings.landing.products if table.name == "products" else settings.landing.events
        self._counted = layout.repeats == "count"
        self._known: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def reason_of(self, row: Mapping[str, Any]) -> tuple[str, str] | None:
        """Reason code and detail of a row that broke no other rule; None for the first row with its key."""
        key, content = tuple(row[name] for name in self._key), tuple(row[name] for name in self._content)
        if not key or key not in self._known:
            self._known[key] = content
            return None
        detail = ", ".join(f"{name}={row[name]}" for name in self._key)
        if self._known[key] != content:
            return ReasonCode.REUSED_ID, f"{detail} is another row too"
        return LEFT_OUT if self._counted else ReasonCode.DUPLICATE, f"{detail} stands there already"
