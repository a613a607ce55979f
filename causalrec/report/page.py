"""Shared by all pages: the template engine, and where pages are stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from causalrec.config import Settings

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Page:
    """A page that was stored.

    Attributes:
        name: of its file.
        address: its path or URI.
    """

    name: str
    address: str
    html: str

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self.html.encode())

    def __str__(self) -> str:
        return self.address


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


def make_page(settings: Settings, template: str, file: str, **shown: object) -> Page:
    """``file`` among the reports: the template filled with what is ``shown``, replaced in one step."""
    html = environment().get_template(template).render(shop=settings.shop, **shown)
    return write_page(settings, file, html)


def write_page(settings: Settings, file: str, html: str) -> Page:
    """Replace ``file`` among the reports in one step.

    Raises:
        StoreError: their store does not respond.
    """
    store = settings.report_store
    store.write(file, html.encode())
    return Page(file, store.address(file), html)
