"""The site under make up: behind the log-in, from the folder of pages and nowhere else."""

import base64
import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from causalrec.config import load_settings
from infra.embedded.mlflow_app import LogIn
from infra.embedded.shop import ROOT, Shop
from infra.embedded.site_app import pages
from infra.embedded.site_server import report_folder, site_command

LOG_IN = {"authorization": f"Basic {base64.b64encode(b'admin:secret').decode()}"}


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "reports" / "site").mkdir(parents=True)
    (tmp_path / "secret.html").write_text("not a page")
    (tmp_path / "reports" / "nightly_2026-03-01.html").write_text("<p>a night</p>")
    application = LogIn(pages(tmp_path / "reports"), {"admin": "secret"}, 8090)
    return TestClient(application, base_url="http://127.0.0.1:8090", follow_redirects=False)


def test_pages_need_the_log_in_and_the_root_leads_to_the_site(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/nightly_2026-03-01.html").status_code == 401
    assert client.get("/nightly_2026-03-01.html", headers=LOG_IN).text == "<p>a night</p>"
    first = client.get("/", headers=LOG_IN)
    assert (first.status_code, "causalrec site" in first.text) == (404, True)
    (tmp_path / "reports" / "site" / "index.html").write_text("<p>nights</p>")
    there = client.get("/", headers=LOG_IN)
    assert (there.status_code, there.headers["location"]) == (307, "/site/index.html")
    assert client.get("/site/", headers=LOG_IN).text == "<p>nights</p>"


@pytest.mark.parametrize(
    "path", ["/..%2fsecret.html", "/%2e%2e/secret.html", "/none.html", "/site/../../secret.html"]
)
def test_nothing_outside_the_folder_is_served(client: TestClient, path: str) -> None:
    found = client.get(path, headers=LOG_IN)
    assert (found.status_code, "not a page" in found.text) == (404, False)
    foreign = client.get("/", headers={**LOG_IN, "host": "shop.example:8090"})
    assert foreign.status_code == 403


def test_the_command_names_no_password_and_a_store_shows_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(tmp_path))
    file = ROOT / "infra" / "settings" / "demo.toml"
    shop = Shop(file, load_settings(file, os.environ), None)
    folder = report_folder(shop)
    assert folder == tmp_path / "reports"
    command = site_command(shop, folder, 8090)
    assert command[-6:] == [
        "--port", "8090", "--users", str(shop.airflow_home / "login.json"), "--folder", str(folder),
    ]  # fmt: skip
    elsewhere = load_settings(file, {**os.environ, "CAUSALREC__PATHS__REPORTS": "s3://bucket/reports"})
    assert report_folder(Shop(file, elsewhere, None)) is None
