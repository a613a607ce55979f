"""Nothing is lost without a word: rows in = rows accepted + rows in quarantine + rows counted."""

import csv
import datetime as dt
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.landing import FeedLayout
from causalrec.contracts import load_contract
from causalrec.ingest.batch import LEFT_OUT
from causalrec.ingest.layout import Layout
from causalrec.ingest.rows import ReadLimits, read_file

if TYPE_CHECKING:
    pass

DAY = dt.date(2026, 3, 1)
LANDING, EVENTS = load_contract("landing_events"), load_contract("events")
GOOD: dict[str, Any] = {
    "event_id": "e", "event_time": "2026-03-01T12:00:00Z", "user_id": "u", "item_id": "i",
    "event_type": "view", "session_id": "s", "position": "1", "price": "9.5",
}  # fmt: skip
ODD: dict[str, list[str]] = {
    "event_id": ["", "NULL", "x\u0007y", "e\u0301", " padded ", "z" * 300],
    "event_time": ["", "yesterday", "2026-03-01T12:00:00", "0001-01-01T00:00:00+14:00",
                   "9999-12-31T00:00:00Z", "1772366400", "2020-01-01T00:00:00Z", "2026-03-02T07:00:00Z"],
    "user_id": ["", "nan", "\\N", "u,1", 'quo"te', "line\nbreak", "\U0001f600"],
    "item_id": ["", "None", "007", "caf\u00e9", "; DROP", "=1+1"],
    "event_type": ["", "refund", "VIEW", "purchase", "cart", "impression"],
    "session_id": ["", "null", "x" * 400],
    "position": ["0", "-1", "first", "2.0", "99999999999"],
    "price": ["", "19,90", "12.5 ", "-1", "nan", "1e400", "free"],
}  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in ODD.items()}),
    max_size=8,
)
KINDS = st.sampled_from(["csv", "semicolon", "jsonl", "array", "pretty"])


def written(rows: list[dict[str, Any]], kind: str) -> bytes:
    if kind in ("csv", "semicolon"):
        text = io.StringIO()
        writer = csv.DictWriter(text, list(GOOD), delimiter=";" if kind == "semicolon" else ",")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    if kind == "array":
        return json.dumps(rows).encode()
    return "\n".join(json.dumps(row, indent=1) for row in rows).encode()


@given(ROWS, KINDS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_every_row_of_a_file_comes_out_once(
    tmp_path_factory: pytest.TempPathFactory, odd: list[dict[str, Any]], kind: str, encoding: str,
    packed: bool, filtered: bool,
) -> None:  # fmt: skip
    rows = [GOOD | {"event_id": f"e{i}"} | one for i, one in enumerate(odd)]
    data = written(rows, kind).decode().encode(encoding)
    file = tmp_path_factory.mktemp("delivery") / "a.txt"
    file.write_bytes(gzip.compress(data) if packed else data)
    feed = FeedLayout(only={"event_type": ("view", "cart")}) if filtered else FeedLayout()
    limits = ReadLimits(10_000, 500)
    found = [
        row
        for batch in read_file(str(file), "a.txt", DAY, LANDING, limits, Layout(feed))
        for row in batch.to_pylist()
    ]
    assert len(found) == len(rows)
    for given_row, row in zip(rows, found, strict=True):
        if filtered and given_row["event_type"] not in ("view", "cart"):
            assert row["reason"] == LEFT_OUT
        elif row["reason"]:
            assert row["detail"] and row["raw"]
        else:
            lost = [n for n in ("session_id", "position", "price") if given_row[n] and row[n] is None]
            assert sorted(note.split()[0] for note in row["nulled"]) == sorted(lost)
