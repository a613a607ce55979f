"""Shared by all pages: the template engine and the atomic write."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from causalrec.config import Settings

TEMPLATES = Path(__file__).with_name("templates")


def environment() -> jinja2.Environment:
    """The template engine, which escapes everything and refuses unknown names."""
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
    """Width of a bar in percent of the largest of ``values``."""
    largest = max(
        (abs(number) for number in (values.values() if isinstance(values, Mapping) else values)), default=0
    )
    return f"{100 * abs(value) / largest:.1f}%" if largest else "0%"


def make_page(settings: Settings, template: str, file: str, **shown: object) -> Path:
    """``file`` in the report folder: the template filled with what is ``shown``, replaced in one step."""
    html = environment().get_template(template).render(shop=settings.shop, **shown)
    return write_page(settings.report_root / file, html)


def write_page(file: Path, html: str) -> Path:
    """Replace ``file`` in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_text(html, encoding="utf-8")
    unfinished.replace(file)
    return file
