"""Addresses of a version's pages, with and without a server."""

from pathlib import Path
from typing import Any

import pytest

from causalrec.config import Settings
from causalrec.registry import pages
from causalrec.registry.pages import review_page_address, version_page
from causalrec.registry.runs import REVIEW
from causalrec.registry.versions import ModelVersion

from .shop import settings_in
from .stored import Client, as_client


def at(**registry: Any) -> Settings:  # noqa: ANN401 - settings of several types
    settings = settings_in(Path("/nowhere"))
    return settings.model_copy(update={"registry": settings.registry.model_copy(update=registry)})


VERSION = ModelVersion("a/b", "3", "run 3", "", {REVIEW: "review/page 1.html"})


@pytest.mark.parametrize(
    ("registry", "base"),
    [
        ({"tracking_uri": "http://host:5000/"}, "http://host:5000"),
        ({"tracking_uri": "https://host"}, "https://host"),
        ({"tracking_uri": "http://inner", "page_url": "https://outer/mlflow/"}, "https://outer/mlflow"),
        ({"page_url": "https://outer"}, "https://outer"),
    ],
)
def test_pages_of_a_server(registry: dict[str, str], base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.add("3")
    monkeypatch.setattr(pages, "connect", lambda settings: as_client(client))
    assert version_page(at(**registry), VERSION) == f"{base}/#/models/a%2Fb/versions/3"
    found = review_page_address(at(**registry), VERSION)
    assert found == f"{base}/#/experiments/7/runs/run 3/artifacts/review/page%201.html"
    assert review_page_address(at(**registry), ModelVersion("a", "3", "run 3", "")) is None


def test_a_file_has_no_pages() -> None:
    assert version_page(at(), VERSION) is None
    assert review_page_address(at(), VERSION) is None
