"""A look at landing zones, and the page on own shops word for word up to the night."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from causalrec.config import load_settings
from causalrec.ingest.check import check_landing
from jobs._stage.runner import EXIT_REFUSED
from jobs.cli import main

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "your-own-shop.md"
ORDERS = [
    "order;created_at;customer_id;sku;price",
    *(f"{i};2019-0{1 + i % 9}-11 18:30:00;c{i % 7};A-{i % 5};{10 + i % 5},90" for i in range(40)),
    "41;2026-03-01 23:30:00;c1;A-1;10,90",  # an evening that is over in Berlin only
]
PRODUCTS = ["sku;name;price;image", *(f"A-{i};Shirt {i};{10 + i},90;shirt-{i}.jpg" for i in range(5))]


def blocks(language: str) -> list[str]:
    """Code blocks of the first section of the page."""
    text = GUIDE.read_text(encoding="utf-8").split("\n## ")[1]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.slow
def test_the_guide_word_for_word_up_to_the_night(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("\n".join(ORDERS) + "\n")
    (tmp_path / "products.csv").write_text("\n".join(PRODUCTS) + "\n")
    for i in range(4):  # one is missing
        Image.new("RGB", (20, 30), (40 * i, 90, 10)).save(tmp_path / f"shirt-{i}.jpg")
    (tmp_path / "bin").mkdir()
    settings = tmp_path / "infra" / "settings" / "myshop.toml"
    init, put, check, night = blocks("sh")
    assert night == "make nightly SOURCE=myshop DS=2026-03-01\n"
    init = init.replace("init myshop", f"init myshop --to {settings}")  # not among those of the checkout
    shell = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}

    def run(text: str) -> "subprocess.CompletedProcess[str]":
        text = text.replace(".venv/bin/causalrec", f"{sys.executable} -m jobs.cli")
        return subprocess.run(["bash", "-euc", text], cwd=tmp_path, env=shell, capture_output=True, text=True)

    for text in (init, put):
        done = run(text)
        assert done.returncode == 0, done.stdout + done.stderr
    refused = run(check)
    assert refused.returncode == EXIT_REFUSED, refused.stdout + refused.stderr
    (toml,) = blocks("toml")
    assert [line for line in toml.splitlines() if line not in refused.stdout] == []
    settings.write_text(settings.read_text() + "\n" + toml)
    done = run(check)
    assert done.returncode == 0, done.stdout + done.stderr
    products, events = check_landing(load_settings(settings, {}))
    assert (events.rows, events.rejects, events.nulled) == (41, {}, {})
    assert (products.rows, products.rejects, products.nulled) == (5, {}, {})
    assert products.pictures is not None
    assert (products.pictures.formats, set(products.pictures.failures)) == ({"JPEG": 4}, {"image_missing"})


def deliver(root: Path, kind: str, *rows: Mapping[str, object], day: str = "2026-03-01") -> None:
    folder = root / kind / f"arrival_date={day}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


EVENT = {"event_id": "e", "event_time": "2026-03-01T12:00:00Z", "user_id": "u", "item_id": "007"}
GOOD = {**EVENT, "event_type": "cart"}


def test_what_is_rejected_unknown_and_beyond_the_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    deliver(tmp_path, "products", {"item_id": "7", "title": "Tee", "updated_at": "2026-03-01T00:00:00Z"})
    deliver(
        tmp_path, "events", GOOD, {**GOOD, "user_id": "NULL"}, {**GOOD, "event_type": "addtocart"},
        {**GOOD, "event_time": "2026-03-01T23:00:00-08:00"}, GOOD,
        {**GOOD, "event_id": "f", "price": "cheap"}, {**GOOD, "event_id": "g", "price": "12,50 €"},
    )  # fmt: skip
    (tmp_path / "events" / "2026-03-02").mkdir()
    assert main(["check", str(tmp_path), "--page", str(tmp_path / "page.html")]) == EXIT_REFUSED
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "null_id", "unknown_event_type", "future_event", "set landing.time_zone", "price invalid_type",
        "'007' for '7'", "cheap (the row stays", "price unclear_number", "decimal_comma",
        "3 of 7 rows (42.9%) are rejected",
        "duplicate", "1 entries beside the deliveries are ignored (2026-03-02)",
    ):  # fmt: skip
        assert words in said, words
    page = (tmp_path / "page.html").read_text()
    assert "future_event" in page
    assert "<script" not in page


def test_nothing_of_a_delivery_breaks_the_page(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>[red]x[/]"
    deliver(tmp_path, "events", {**GOOD, "price": bad}, {**GOOD, "event_type": bad})
    assert main(["check", str(tmp_path), "--page", str(tmp_path / "page.html")]) == EXIT_REFUSED
    assert "<script" not in (tmp_path / "page.html").read_text()


def test_nothing_of_a_delivery_steers_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steering = "\x1b[2J\x9b31m\x07"
    deliver(tmp_path, "events", {**GOOD, steering: 1, "price": steering}, {**GOOD, "item_id": steering})
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    (folder / "b.csv").write_text(f"event_id,{steering},user_id\n1,2,3\n")
    (folder / f"{steering}.docx").write_text("x")
    main(["check", str(tmp_path), "--page", str(tmp_path / "page.html")])
    shown = capsys.readouterr().out
    assert "found \\x1b[2J\\x9b31m\\x07 instead" in shown.replace("\n", " ")
    assert not set("\x1b\x9b\x07") & set(shown)


def test_unread_files_refuse_unless_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(tmp_path, "events", GOOD)
    (tmp_path / "events" / "arrival_date=2026-03-01" / "notes.docx").write_text("x")
    page = str(tmp_path / "page.html")
    assert main(["check", str(tmp_path), "--page", page]) == EXIT_REFUSED
    monkeypatch.setenv("CAUSALREC__LANDING__UNREAD_FILES", "name")
    assert main(["check", str(tmp_path), "--page", page]) == 0


def test_init_refuses_bad_names_zones_and_existing_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.toml"
    command = ["init", "a", "--landing", 'sp ace"', "--layout", "shopify", "--to", str(file), "--time-zone"]
    assert main([*command, "Moon/Base"]) == 1
    assert main([*command, "America/Los_Angeles"]) == 0
    settings = load_settings(file, {})
    assert settings.landing.time_zone == "America/Los_Angeles"
    assert settings.landing.events.columns["user_id"].column == "Email"
    assert settings.landing_root.endswith('sp ace"')
    assert main([*command, "UTC"]) == 1
    assert "already exists" in capsys.readouterr().out
    assert main(["init", "../x"]) == 1


def test_init_writes_down_what_the_delivered_files_need(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"2{n % 9}.02.2026 18:3{n % 6};k{n};A{n % 3};{n},90 €;閲覧" for n in range(30)]
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text("\n".join(["Wann;Kunde;Artikel;Preis;was", *rows]), encoding="utf-8")
    file = tmp_path / "a.toml"
    asked = ["--landing", str(tmp_path), "--time-zone", "Europe/Berlin", "--layout", "native"]
    assert main(["init", "a", *asked, "--to", str(file)]) == 0
    layout = load_settings(file, {}).landing.events
    assert (layout.decimal_comma, layout.time_format) == (True, "%d.%m.%Y %H:%M")
    assert layout.columns["event_type"].values == {"閲覧": "view"}
    page = str(tmp_path / "page.html")
    assert main(["check", "--settings", str(file), "--page", page]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "log.csv: CSV, utf-8, semicolons; columns Wann (time), Kunde (text), Artikel (text), Preis (num"
        in said
    )


def test_no_folder_is_called_like_a_variable_or_a_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert main(["check", "~/landing", "--page=~/page.html"]) == 0
    assert (tmp_path / "home" / "page.html").is_file()
    assert main(["check", "$HOME/landing"]) == 1
    assert main(["init", "a", "--landing", "${HOME}/b", "--time-zone", "UTC", "--layout", "native"]) == 1
    shown = capsys.readouterr().out
    assert shown.count("variables are not replaced here -> write the path out") == 2
    assert [one.name for one in tmp_path.iterdir()] == ["home"]
