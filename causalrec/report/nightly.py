"""Writes the page of a night: one HTML file that needs nothing else."""

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.errors import DatasetError
from causalrec.lake import Lake
from causalrec.report.night import Night
from causalrec.report.people import codes, people
from causalrec.report.thumbnails import Thumbnails

TEMPLATES = Path(__file__).with_name("templates")


def nightly_page(settings: Settings, lake: Lake, night: Night) -> Path:
    """``nightly_<ds>.html`` in the report folder, replaced in one step."""
    titles, references = _items(settings, lake, night.ds)
    thumbnails = Thumbnails(settings, references)
    html = (
        _environment()
        .get_template("nightly.html.j2")
        .render(
            shop=settings.shop,
            night=night,
            people=people(settings, lake, night.ds) if lake.table("recommendations").exists() else [],
            codes=codes(settings, lake, night.ds) if lake.table("recommendations").exists() else [],
            titles=titles,
            picture=thumbnails.uri,
            side=settings.report.thumbnail_pixels,
        )
    )
    return _write(settings.report_root / f"nightly_{night.ds.isoformat()}.html", html)


def _items(settings: Settings, lake: Lake, ds: dt.date) -> tuple[dict[str, str], dict[str, str]]:
    try:
        items = load_dataset(settings, lake, ds).items
    except DatasetError:
        return {}, {}
    titles = items["title"].fillna(items["item_id"])
    references = {item: ref for item, ref in zip(items["item_id"], items["image_ref"], strict=True) if ref}
    return dict(zip(items["item_id"], titles, strict=True)), references


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = _share
    return environment


def _share(value: float, values: Mapping[Any, float] | list[float]) -> str:
    """Width of a bar in per cent of the largest of ``values``."""
    largest = max(
        (abs(number) for number in (values.values() if isinstance(values, Mapping) else values)), default=0
    )
    return f"{100 * abs(value) / largest:.1f}%" if largest else "0%"


def _write(file: Path, html: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_text(html, encoding="utf-8")
    unfinished.replace(file)
    return file
