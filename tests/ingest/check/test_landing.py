"""A look at a landing zone refuses what a night refuses, and says which setting settles it. No Spark."""

import datetime as dt
import gzip
import io
import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config import Settings
from causalrec.config.ingest import IngestSettings
from causalrec.ingest.check import check_landing, delivery

HEADER = "event_id,event_time,user_id,item_id,event_type,price"
ROWS = [f"e{i},2026-03-01T12:00:00Z,u{i},i{i},cart,{i}" for i in range(1, 41)]
CSV = "\n".join([HEADER, *ROWS, ""])
TREES = [dict(zip(HEADER.split(","), row.split(","), strict=True)) for row in ROWS]
LINES = "".join(json.dumps(tree) + "\n" for tree in TREES)
EMOJI = json.dumps({**TREES[0], "event_id": "e1", "user_id": "b\u00e9 \U0001f600"}, ensure_ascii=False)

READ = {
    "comma": CSV, "semicolon": CSV.replace(",", ";"), "tab": CSV.replace(",", "\t"),
    "carriage returns": CSV.replace("\n", "\r"), "comment first": "# export\n" + CSV,
    "sep line": "sep=,\n" + CSV, "header in capitals": CSV.upper().replace("CART", "cart"),
    "blank in the header": CSV.replace(",user_id", ", user_id"), "trailing comma": CSV.replace("\n", ",\n"),
    "byte order mark": "\ufeff" + CSV, "lines": LINES, "array": json.dumps(TREES),
    "pretty": "\n".join(json.dumps(tree, indent=1) for tree in TREES), "crlf": LINES.replace("\n", "\r\n"),
    "any letter": EMOJI + "\n" + LINES[LINES.index("\n") + 1 :],
}  # fmt: skip
REFUSED = {
    "empty": ("", "0 rows"),
    "header alone": (HEADER + "\n", "0 rows"),
    "open quote": (CSV.replace("u7", '"u7'), "one is a.txt: EOFError: a quote is opened on line 8"),
    "key twice": (LINES.replace("{", '{"item_id": "x", '), "40 of 40 rows (100.0%) are rejected"),
    "column twice": (CSV.replace("price", "item_id"), "column item_id: expected once, found 2 times"),
    "no header": (CSV.partition("\n")[2], "add a header line"),
    "renamed": (CSV.replace("item_id", "sku"), 'item_id = "sku"'),
    "foreign words": (CSV.replace("cart", "Kauf"), "[landing.events.columns.event_type] values"),
    "no offset": (CSV.replace("Z", ""), "naive_times"),
    "column missing in JSON": (LINES.replace("user_id", "who"), "it is missing in all 40 rows"),
    "decimal comma": (LINES.replace('"price": "', '"price": "1,'), "[landing.events] decimal_comma"),
    "beyond the day": (CSV.replace("2026-03-01T12", "2026-03-02T07"), "landing.time_zone"),
}  # fmt: skip


def look(work: Path, data: bytes) -> tuple[list[str], int]:
    folder = work / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes(data)
    shop = Settings.model_validate({"paths": {"work": work, "landing": str(work)}})
    _, events = check_landing(shop)
    return events.blocking, events.rows - sum(n for n, _, _ in events.rejects.values())


@pytest.mark.parametrize("name", READ)
def test_what_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    assert look(tmp_path, READ[name].encode()) == ([], 40)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_encodings_that_say_what_they_are(tmp_path: Path, encoding: str) -> None:
    assert look(tmp_path, gzip.compress(CSV.encode(encoding))) == ([], 40)


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_night_would_refuse_is_refused_here(tmp_path: Path, name: str) -> None:
    text, words = REFUSED[name]
    blocking, _ = look(tmp_path, text.encode())
    assert len(blocking) == 1
    assert words in blocking[0]


def test_a_file_that_breaks_off_and_one_in_latin_1(tmp_path: Path) -> None:
    (broken,), _ = look(tmp_path / "a", gzip.compress(CSV.encode())[:-20])
    assert "cannot be read" in broken
    (latin,), _ = look(tmp_path / "b", CSV.replace("u1", "gr\u00fc\u00df").encode("latin-1"))
    assert 'encoding = "windows-1252"' in latin


def test_column_rules_count_as_a_night_counts_them(tmp_path: Path) -> None:
    odd = {"price": -1, "position": 0, "propensity": 2, "session_id": "null", "policy": "a\tb"}
    rows = [{**tree, "price": 1.5, **({name: value} if n == place else {})}
            for n, tree in enumerate(TREES) for place, (name, value) in enumerate(odd.items())
            if n == place or (n >= len(odd) and place == 0)]  # fmt: skip
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shop = Settings.model_validate({"paths": {"work": tmp_path, "landing": str(tmp_path)}})
    _, events = check_landing(shop)
    assert {note: (n, example) for note, (n, example, _) in events.nulled.items()} == {
        "price bad_price": (1, "-1.0"), "position bad_position": (1, "0"), "policy bad_id": (1, "'a\\tb'"),
        "propensity bad_propensity": (1, "2.0"), "session_id null_id": (1, "'null'"),
    }  # fmt: skip


GERMAN = [
    "Belegnr;Bestelldatum;Kundennummer;Artikelnummer;Preis;W\u00e4hrung",
    *(f"{n};2{n % 9}.02.2026 18:30;K{n % 7};A-{n % 5};1.0{n:02d},90;EUR" for n in range(40)),
]
HITS = [
    {
        "ts": 1772366400000 + n, "visitor": {"id": f"v{n}"},
        "action": {"type": kind, "products": [{"sku": "a"}]},
    }
    for n in range(20) for kind in ("detail", "transaction")
]  # fmt: skip
SESSIONS = [
    {"session": {"id": f"s{n}", "visitor": {"id": f"v{n}"}},
     "events": [{"ts": f"2026-03-01T10:0{n}:00Z", "kind": kind, "product": {"sku": "a"}}
                for kind in ("product_view", "AddToCart")]}
    for n in range(9)
]  # fmt: skip


STREAM = [
    {"event": "Product Viewed", "userId": f"u{n}", "timestamp": f"2026-02-20T10:0{n}:00.123Z",
     "properties": {"product_id": f"p{n}", "price": 2}}
    for n in range(9)
] + [
    {"event": "Order Completed", "userId": "u1", "timestamp": "2026-02-20T11:00:00Z",
     "properties": {"order_id": "o1", "products": [{"product_id": f"p{n}", "price": 3.5} for n in range(2)]}}
]  # fmt: skip


def odd_parquet() -> bytes:
    """Decimals as keys and prices, a time with a zone, words in a dictionary."""
    moments = [dt.datetime(2026, 2, 1, 9, n, tzinfo=dt.UTC) for n in range(40)]
    table = pa.table(
        {
            "EVENT_TS": pa.array(moments, pa.timestamp("ns", "America/New_York")),
            "CUSTOMER_KEY": pa.array([Decimal(1000 + n) for n in range(40)], pa.decimal128(38, 0)),
            "PRODUCT_KEY": pa.array([f"P{n}" for n in range(40)]).dictionary_encode(),
            "EVENT_NAME": pa.array(["PageView", "Purchase"] * 20).dictionary_encode(),
            "UNIT_PRICE": pa.array([Decimal(f"{n}.10") for n in range(40)], pa.decimal128(18, 4)),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


FOREIGN = {
    "french": (
        "\r\n".join([
            "N\u00b0 ligne;Horodatage;Client;R\u00e9f. article;Action;Prix TTC",
            *(f"{n};{1772366400000 + n};C{n};R{n % 5};vue;1{n},50 \u20ac" for n in range(40)),
        ]).encode("windows-1252"), 40,
        ['encoding = "windows-1252"', 'epoch_unit = "ms"', "decimal_comma = true", 'user_id = "Client"',
         'event_time = "Horodatage"', 'price = "Prix TTC"'],
    ),
    "sessions": (
        gzip.compress("".join(json.dumps(one) + "\n" for one in SESSIONS).encode()), 18,
        ['explode = "events"', 'user_id = "session.visitor.id"', 'item_id = "events.product.sku"',
         'event_type = { column = "events.kind", values = { AddToCart = "cart", product_view = "view" } }'],
    ),
    "warehouse": (
        odd_parquet(), 40,
        ['event_time = "EVENT_TS"', 'user_id = "CUSTOMER_KEY"', 'item_id = "PRODUCT_KEY"',
         "number_ids = true", 'price = "UNIT_PRICE"'],
    ),
    "german": (
        "\r\n".join(GERMAN).encode("latin-1"), 40,
        ['encoding = "windows-1252"', 'time_format = "%d.%m.%Y %H:%M"', "decimal_comma = true",
         'user_id = "Kundennummer"', 'item_id = "Artikelnummer"'],
    ),
    "nested": (
        json.dumps(HITS).encode(), 40,
        ['epoch_unit = "ms"', 'explode = "action.products"', 'item_id = "action.products.sku"',
         'user_id = "visitor.id"', 'event_id = { join = ["ts", "visitor.id", "action.products.sku", '
         '"action.type"] }'],
    ),
    "stream": (
        "".join(json.dumps(one) + "\n" for one in STREAM).encode(), 11,
        ['explode = "properties.products"', 'unlisted = "keep"',
         'item_id = { column = "properties.products.product_id", otherwise = ["properties.product_id"] }',
         'price = { column = "properties.products.price", otherwise = ["properties.price"] }',
         'event_id = { join = ["timestamp", "userId", "item_id", "event"] }'],
    ),
    "documents": (
        "".join(json.dumps({
            "createdAt": {"$date": f"2026-02-20T10:0{n}:00.123Z"}, "userId": {"$oid": f"{n:024x}"},
            "items": [{"productId": {"$oid": f"{k:024x}"}, "qty": 1} for k in range(2)],
        }) + "\n" for n in range(9)).encode(), 18,
        ['event_time = "createdAt.$date"', 'user_id = "userId.$oid"', 'explode = "items"',
         'item_id = "items.productId.$oid"'],
    ),
    "wrapped": (
        json.dumps({"orders": [{"created_at": "2026-03-01T10:00:00-05:00", "customer": {"id": n},
                                "line_items": [{"sku": "a"}, {"sku": "b"}]} for n in range(9)]}).encode(), 18,
        ["number_ids = true", 'explode = "orders.line_items"', 'user_id = "orders.customer.id"'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_a_layout_that_nobody_foresaw_needs_only_what_is_proposed(tmp_path: Path, name: str) -> None:
    data, rows, expected = FOREIGN[name]
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes(data)
    bare: dict[str, Any] = {"paths": {"work": tmp_path, "landing": str(tmp_path)}}
    _, events = check_landing(Settings.model_validate(bare))
    assert events.blocking
    assert [line for line in expected if line not in events.toml.splitlines()] == []
    mended = Settings.model_validate(bare | tomllib.loads(events.toml))
    _, again = check_landing(mended)
    assert (again.blocking, again.toml, again.rows) == ([], "", rows)
    assert set(again.rejects) <= {"duplicate"}


def test_dates_and_ids_with_gaps_as_pandas_writes_them_are_proposed(tmp_path: Path) -> None:
    days = [dt.date(2026, 2, 20)] * 3
    table = pa.table({"order_date": days, "customer": [7.0, 8.0, None], "sku": ["a"] * 3})
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "orders.parquet")
    bare: dict[str, Any] = {"paths": {"work": tmp_path, "landing": str(tmp_path)}}
    layout = tomllib.loads(check_landing(Settings.model_validate(bare))[1].toml)
    assert layout["landing"]["events"]["naive_times"] == "shop"
    assert layout["landing"]["events"]["number_ids"] is True
    found = check_landing(Settings.model_validate(bare | layout))[1]
    assert {reason: n for reason, (n, _, _) in found.rejects.items()} == {"missing_required": 1}


def proposed(work: Path, header: str, *rows: str, name: str = "a.csv") -> str:
    folder = work / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / name).write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return check_landing(Settings.model_validate({"paths": {"work": work, "landing": str(work)}}))[1].toml


def catalogue(work: Path, data: bytes) -> dict[str, Any]:
    """What is proposed for a file of products, by its column."""
    folder = work / "products" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes(data)
    shop = Settings.model_validate({"paths": {"work": work, "landing": str(work)}})
    found: dict[str, Any] = tomllib.loads(check_landing(shop)[0].toml)["landing"]["products"]
    return found


def test_a_nested_catalogue_is_proposed_with_its_list_texts_and_pictures(tmp_path: Path) -> None:
    def item(n: int, *prices: str) -> dict[str, Any]:
        return {"id": f"p{n}", "title": {"en": f"Tee {n}"}, "images": [{"src": "a.jpg"}, {"src": "b.jpg"}],
                "variants": [{"price": price} for price in prices],
                "last_modified": "2026-02-01T09:00:00Z"}  # fmt: skip

    def proposal(name: str, *items: dict[str, Any]) -> dict[str, Any]:
        return catalogue(tmp_path / name, json.dumps({"products": items}).encode())

    same, other = proposal("same", item(1, "5", "5")), proposal("other", item(1, "5"), item(2, "5", "6"))
    assert same["explode"] == other["explode"] == "products"
    columns = {
        "item_id": "products.id", "title": "products.title.en", "image_refs": "products.images.src",
        "updated_at": "products.last_modified",
    }  # fmt: skip
    assert other["columns"] == columns  # which of two prices a shop means is not ours to say
    assert same["columns"] == columns | {"price": "products.variants.price"}


def test_in_a_document_of_products_names_are_those_of_products(tmp_path: Path) -> None:
    one = {
        "code": "L1", "name": {"en": "Lamp", "pt": "Candeeiro"}, "maker": {"name": "Lumo"},
        "text": {"en": "Dim."},
        "variants": [{"sku": "L1-B", "price": {"gross": "9.90", "currency": "EUR"}}, {"sku": "L1-W"}],
    }  # fmt: skip
    settings = catalogue(tmp_path, json.dumps({"made": "2026-03-01T01:00:00Z", "items": [one]}).encode())
    assert settings["explode"] == "items.variants"
    assert settings["columns"] == {
        "item_id": "items.variants.sku", "title": "items.name.en", "brand": "items.maker.name",
        "description": "items.text.en", "price": "items.variants.price.gross",
        "updated_at": {"arrival_date": True},
    }  # fmt: skip


def test_columns_that_nothing_reads_are_named(tmp_path: Path) -> None:
    toml = proposed(tmp_path, "order_date,customer,sku,land", "2026-03-01 10:00,u,i,DE")
    assert '# read by nothing: "land"' in toml.splitlines()


def test_a_title_that_is_not_found_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "products" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("sku,wording,shot,price\na,Linen shirt,a.jpg,3\n")
    shop = Settings.model_validate({"paths": {"work": tmp_path, "landing": str(tmp_path)}})
    toml = check_landing(shop)[0].toml
    assert '# title = which of these? "wording"' in toml.splitlines()
    assert tomllib.loads(toml)["landing"]["products"]["columns"]["image_refs"] == "shot"


def test_events_of_another_catalogue_are_refused(tmp_path: Path) -> None:
    deliveries = {
        "events": CSV,
        "products": "item_id,title,updated_at\n" + "x,Tee,2026-03-01T00:00:00Z\n",
    }
    for kind, text in deliveries.items():
        folder = tmp_path / kind / "arrival_date=2026-03-01"
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(text)
    shop = Settings.model_validate({"paths": {"work": tmp_path, "landing": str(tmp_path)}})
    (line,) = check_landing(shop)[1].blocking
    assert line.startswith("events 2026-03-01: 40 of 40 events (100.0%) refer to items that no catalogue has")
    lenient = shop.model_copy(update={"ingest": IngestSettings(max_unknown_items_share=1)})
    assert check_landing(lenient)[1].blocking == []


TOKYO = "日時,会員番号,商品コード"


@pytest.mark.parametrize(
    ("header", "words", "expected"),
    [
        (f"{TOKYO},区分", "閲覧 カート 購入",
         '{ column = "区分", values = { "カート" = "cart", "購入" = "purchase", "閲覧" = "view" } }'),
        (f"{TOKYO},event", "view 閲覧 pv 謎",
         '{ column = "event", values = { pv = "view", "閲覧" = "view" } }'),
        (f"{TOKYO},event", "A B", '"event"'),
        ("order_date,customer,sku,land", "DE AT", '{ value = "purchase" }'),
    ],
)  # fmt: skip
def test_an_event_is_proposed_as_what_its_word_certainly_means(
    tmp_path: Path, header: str, words: str, expected: str
) -> None:
    toml = proposed(
        tmp_path, header, *(f"2026-03-01 10:0{i},u{i},i{i},{w}" for i, w in enumerate(words.split()))
    )
    assert f"event_type = {expected}" in toml.splitlines()
    assert tomllib.loads(toml)["landing"]["events"]["naive_times"] == "shop"


@pytest.mark.parametrize(
    ("header", "words"),
    [(f"{TOKYO},区分", "閲覧 謎"), ("user,item,ts,page", "/a /b"), ("user,item,ts,purchased", "0 1")],
)
def test_views_are_never_proposed_as_purchases(tmp_path: Path, header: str, words: str) -> None:
    *_, unknown = header.split(",")
    toml = proposed(
        tmp_path, header, *(f"2026-03-01 10:0{i},u{i},i{i},{w}" for i, w in enumerate(words.split()))
    )
    asked = f'# event_type = which of these? "{unknown}"; '
    assert [line for line in toml.splitlines() if line.startswith(asked)]
    assert "event_type" not in tomllib.loads(toml)["landing"]["events"]["columns"]


def test_what_is_certain_is_proposed_and_the_rest_is_asked(tmp_path: Path) -> None:
    rows = ("a,b,s,2026-03-01 10:00,2026-03-02 10:00,pv", "c,d,t,2026-03-01 10:00,2026-03-02 10:00,pv")
    toml = proposed(tmp_path / "two", "x1,x2,Line sku,start,end,action", *rows)
    columns = tomllib.loads(toml)["landing"]["events"]["columns"]
    assert columns == {"item_id": "Line sku", "event_type": {"column": "action", "values": {"pv": "view"}}}
    assert '# user_id = which of these? "x1", "x2"' in toml.splitlines()
    assert '# event_time = which of these? "start", "end"' in toml.splitlines()
    toml = proposed(tmp_path / "one", "x1,x2,Line sku,start,action", "a,b,s,01.03.2026 10:00,pv")
    settings = tomllib.loads(toml)["landing"]["events"]  # the one column of times is the time
    assert settings["columns"]["event_time"] == "start"
    assert settings["naive_times"] == "shop"


def test_the_values_of_a_file_without_a_header_are_no_columns(tmp_path: Path) -> None:
    assert proposed(tmp_path, ROWS[0], *ROWS[1:]) == ""


def test_prices_in_several_currencies_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    rows = [
        row.rpartition(",")[0] + f",{price}"
        for row, price in zip(ROWS, ["$5", "5 EUR", "n/a", "7"], strict=False)
    ]
    (folder / "a.csv").write_text("\n".join([HEADER, *rows]))
    bare = {"paths": {"work": tmp_path, "landing": str(tmp_path)}}
    shops = [bare | {"landing": {"events": {"currency": code}}} for code in ("", "EUR")]
    mixed, named = (check_landing(Settings.model_validate(shop))[1] for shop in shops)
    assert mixed.blocking == []
    assert [line for line in mixed.warnings if line.startswith("prices stand beside $ and EUR")]
    assert named.warnings == ()
    assert {note: n for note, (n, _, _) in named.nulled.items()} == {"price other_currency": 1}


def test_a_column_of_several_currencies_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    rows = [f"{row},{code}" for row, code in zip(ROWS, ["EUR", "USD", "", "EUR"], strict=False)]
    (folder / "a.csv").write_text("\n".join([f"{HEADER},Currency", *rows]))
    paths = {"work": tmp_path, "landing": str(tmp_path)}
    shop = {"paths": paths, "landing": {"events": {"extra_columns": "ignore"}}}
    (line,) = check_landing(Settings.model_validate(shop))[1].warnings
    assert line.startswith("column Currency holds EUR and USD")


def test_files_with_one_problem_are_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    for n in range(5):
        (folder / f"part-{n}.csv").write_text(CSV.replace("item_id", "sku"))
    _, events = check_landing(
        Settings.model_validate({"paths": {"work": tmp_path, "landing": str(tmp_path)}})
    )
    (line,) = events.blocking
    assert "part-0.csv" in line
    assert line.endswith("(and 4 more files likewise)")


def test_the_columns_of_files_beyond_the_sample_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "SAMPLE_FILES", 1)
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    for name, text in {"a": CSV, "b": CSV, "c": CSV.replace("item_id", "sku")}.items():
        (folder / f"{name}.csv").write_text(text)
    shop = Settings.model_validate({"paths": {"work": tmp_path, "landing": str(tmp_path)}})
    _, events = check_landing(shop)
    (line,) = events.blocking
    assert "c.csv: column item_id: expected, but missing, found sku" in line
    assert [one.name for one in events.files] == ["a.csv", "c.csv"]
    assert events.rows == 40
    assert events.share == pytest.approx(0.34, abs=0.01)


@pytest.mark.parametrize("kind", ["csv", "gzip", "jsonl", "parquet"])
def test_it_says_how_much_it_has_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(delivery, "SAMPLE_ROWS", 400)
    monkeypatch.setattr(delivery, "SAMPLE_FILES", 1)
    trees = [{**TREES[i % 40], "event_id": f"e{i:04}"} for i in range(1_600)]
    lines = "".join(json.dumps({**tree, "price": float(tree["price"])}) + "\n" for tree in trees).encode()
    table = "\n".join([HEADER, *(",".join(tree.values()) for tree in trees), ""]).encode()
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(trees), sink)
    data = {"csv": table, "gzip": gzip.compress(table), "jsonl": lines, "parquet": sink.getvalue()}[kind]
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes(data)
    shop = Settings.model_validate({"paths": {"work": tmp_path, "landing": str(tmp_path)}})
    _, events = check_landing(shop)
    assert events.rows == 400
    assert events.share == pytest.approx(0.25, abs=0.01)
    if kind == "csv":
        (folder / "b.txt").write_bytes(data)  # is not looked at
        assert check_landing(shop)[1].share == pytest.approx(0.125, abs=0.01)
        monkeypatch.setattr(delivery, "SAMPLE_ROWS", 1_600)
        monkeypatch.setattr(delivery, "SAMPLE_FILES", 2)
        assert check_landing(shop)[1].share == 1


def test_a_time_of_day_and_the_number_of_an_order_are_used(tmp_path: Path) -> None:
    header = "Bestell-Nr.;Datum;Uhrzeit;Kd.-Nr.;Art.-Nr.;Einzelpreis (€);Status"
    rows = [
        f"B{n};2{n % 9}.02.2026;18:3{n % 10}:07;0{n % 7};A-{n % 5};1{n},50 €;{'storniert' if n > 7 else 'ok'}"
        for n in range(10)
    ]
    settings = tomllib.loads(proposed(tmp_path, header, *rows))["landing"]["events"]
    assert settings == {
        "extra_columns": "ignore", "time_format": "%d.%m.%Y:%H:%M:%S", "naive_times": "shop",
        "decimal_comma": True,
        "columns": {
            "event_time": {"join": ["Datum", "Uhrzeit"]}, "user_id": "Kd.-Nr.", "item_id": "Art.-Nr.",
            "event_type": {"value": "purchase"}, "price": "Einzelpreis (€)",
            "event_id": {"join": ["Bestell-Nr.", "Datum", "Uhrzeit", "Kd.-Nr.", "Art.-Nr."]},
        },
    }  # fmt: skip
    bare: dict[str, Any] = {"paths": {"work": tmp_path, "landing": str(tmp_path)}}
    _, events = check_landing(Settings.model_validate(bare | {"landing": {"events": settings}}))
    assert (events.blocking, events.rows, events.rejects, events.nulled) == ([], 10, {}, {})
    assert events.warnings == (
        "column Status holds storniert, and such rows count like any other: leave them out, "
        '[landing.events] only = { "Status" = ["ok"] }',
    )
    settings["only"] = {"Status": ["ok"]}
    _, events = check_landing(Settings.model_validate(bare | {"landing": {"events": settings}}))
    assert (events.warnings, events.left_out) == ((), 2)
