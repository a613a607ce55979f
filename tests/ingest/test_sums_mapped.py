"""Nothing in a foreign layout is lost without a word: CSV, JSON, nested orders, Parquet, oddities mixed."""

import csv
import datetime as dt
import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.feed import FeedLayout
from causalrec.contracts import load_contract
from causalrec.contracts.absent import is_absent
from causalrec.ingest.formats.batch import LEFT_OUT
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.header import check_header
from causalrec.ingest.retry import PLACE, RowTask

DAY = dt.date(2026, 3, 1)
LANDING = load_contract("landing_events")
GOOD: dict[str, Any] = {
    "Nr": "1", "Wann": "2026-02-28 18:30:00", "Kunde": "k", "Ware": "w", "Art": "Kauf", "Sitzung": "s",
    "Platz": "3", "Preis": "1.234,50", "Lager": "ja",
}  # fmt: skip
ODD: dict[str, list[str]] = {
    "Wann": ["", "gestern", "2026-02-30 00:00:00", "1772366400", "2026-02-28T18:30:00+01:00", "29.02.2026"],
    "Kunde": ["", "nan", "\\N", "k;1", 'an"f', "zei\nle", "\U0001f600", " k "],
    "Ware": ["", "007", "gr\u00f6\u00dfe", "=1+1", "x" * 300],
    "Art": ["", "Korb", "KAUF", "Storno", "Kauf "],
    "Sitzung": ["", "null", "x" * 400],
    "Platz": ["", "0", "erster", "2,0", "99999999999"],
    "Preis": ["", "19,90", "12.5 ", "-1", "nan", "frei", "1.2.3", "1.50", "EUR 3", "n/a"],
    "Lager": ["", "nein"],
}
OURS = {"session_id": "Sitzung", "position": "Platz", "price": "Preis"}
TAKEN: dict[str, Any] = {
    "event_id": {"join": ["Nr", "Ware"]}, "event_time": "Wann", "user_id": "Kunde", "item_id": "Ware",
    "event_type": {"column": "Art", "values": {"Kauf": "purchase", "Korb": "cart"}}, **OURS,
}  # fmt: skip
RAW = 5_000
LINE = ("Ware", "Platz", "Preis", "Lager")  # of an order, in nested JSON
ROWS = st.lists(
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in ODD.items()}),
    min_size=1,
    max_size=8,
)


def layout(kind: str, filtered: bool, zone: str) -> Layout:
    taken = json.loads(json.dumps(TAKEN))
    nested = {name: f"lines.{name}" for name in LINE} if kind == "orders" else {}
    for column, source in TAKEN.items():
        if isinstance(source, str):
            taken[column] = nested.get(source, source)
    taken["event_id"]["join"] = [nested.get(name, name) for name in TAKEN["event_id"]["join"]]
    tree: dict[str, Any] = {
        "columns": taken, "extra_columns": "ignore", "decimal_comma": True, "naive_times": "shop",
        "explode": "lines" if kind == "orders" else "",
    }  # fmt: skip
    if filtered:
        tree |= {"only": {"Art": ["Kauf", "Korb"]}, "filled": [nested.get("Lager", "Lager")]}
    return Layout(FeedLayout.model_validate(tree), zone)


def written(rows: list[dict[str, Any]], kind: str) -> bytes:
    if kind == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, list(GOOD), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    if kind == "orders":  # two rows to an order
        pairs = [rows[i : i + 2] for i in range(0, len(rows), 2)]
        orders = [
            {name: value for name, value in pair[0].items() if name not in LINE}
            | {"lines": [{name: row[name] for name in LINE} for row in pair]}
            for pair in pairs
        ]
        return json.dumps(orders).encode()
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def retried(row: dict[str, Any], how: Layout) -> list[dict[str, Any]]:
    kept = pa.RecordBatch.from_pylist([{name: row[name] for name in ("raw", *PLACE)}])
    return [one for batch in RowTask(LANDING, how, RAW)([kept]) for one in batch.to_pylist()]


@pytest.mark.slow
@given(
    ROWS, st.sampled_from(["csv", "jsonl", "orders", "parquet"]), st.booleans(), st.booleans(),
    st.sampled_from(["Europe/Berlin", "Pacific/Pago_Pago"]),
)  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_every_row_comes_out_once(
    tmp_path_factory: pytest.TempPathFactory, odd: list[dict[str, Any]], kind: str, packed: bool,
    filtered: bool, zone: str,
) -> None:  # fmt: skip
    rows = [GOOD | {"Nr": str(i)} | one for i, one in enumerate(odd)]
    if kind == "orders":  # what stands in the order is the same for both
        for first, second in zip(rows[::2], rows[1::2], strict=False):
            second.update({name: value for name, value in first.items() if name not in LINE})
    how = layout(kind, filtered, zone)
    file = tmp_path_factory.mktemp("delivery") / "a.txt"
    data = written(rows, kind)
    file.write_bytes(gzip.compress(data) if packed and kind != "parquet" else data)
    check_header(str(file), LANDING, how)
    found = [
        row
        for batch in read_file(str(file), "a.txt", DAY, LANDING, ReadLimits(10_000, RAW), how)
        for row in batch.to_pylist()
    ]
    assert len(found) == len(rows)
    for given_row, row in zip(rows, found, strict=True):
        if filtered and (given_row["Art"] not in ("Kauf", "Korb") or not given_row["Lager"]):
            assert row["reason"] == LEFT_OUT
        elif row["reason"]:
            (again,) = retried(row, how)
            assert (row["detail"], again["reason"]) == (row["detail"] or "-", row["reason"])
        else:
            given_ones = {ours: name for ours, name in OURS.items() if not is_absent(given_row[name])}
            lost = [ours for ours in given_ones if row[ours] is None]
            assert sorted(note.split()[0] for note in row["nulled"]) == sorted(lost)
            kept = {name: value for one in row["unread"] for name, value in json.loads(one).items()}
            assert kept == {ours: given_row[OURS[ours]] for ours in lost}
            assert row["user_id"] == given_row["Kunde"].strip()
