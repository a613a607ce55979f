"""The review page where reviewers open it: in the sandboxed frame of a real MLflow server's pages."""

from pathlib import Path

import pytest

from causalrec.registry.pages import review_page_address
from causalrec.registry.runs import REVIEW
from causalrec.registry.store import connect
from causalrec.registry.versions import ModelVersion
from causalrec.report.review.page import review_page
from tests.registry.servers import free_port, running
from tests.report import browser
from tests.report.review.shop import reviewed_shop

pytestmark = pytest.mark.browser


def test_mlflow_shows_the_page_whole(tmp_path: Path) -> None:
    settings, lake, reviewed = reviewed_shop(tmp_path / "shop")
    file = review_page(settings, lake, reviewed)
    port, files = free_port(), tmp_path / "files"
    options = ["server", "--workers", "1", "--backend-store-uri", f"sqlite:///{tmp_path}/server.db"]
    with (
        running(
            [*options, "--artifacts-destination", str(files)], port, "/health", tmp_path / "log"
        ) as server,
        browser.window(browser.DESK) as page,
    ):
        registry = settings.registry.model_copy(update={"tracking_uri": server})
        settings = settings.model_copy(update={"registry": registry})
        client = connect(settings)
        run = client.create_run(client.create_experiment("shop")).info.run_id
        client.log_artifact(run, str(file), REVIEW)
        version = ModelVersion("causalrec", "2", run, "", {REVIEW: f"{REVIEW}/{file.name}"})
        address = review_page_address(settings, version)
        assert address is not None
        page.goto(address)
        page.wait_for_selector("iframe", timeout=60_000)
        frame = page.frames[-1]
        frame.wait_for_selector("h1", timeout=60_000)
        assert frame.locator("h1").inner_text().startswith("Version 2 may become champion")
        assert frame.locator("img").count() > 50
        assert browser.missing_pictures(frame) == 0
        assert frame.locator("figure svg").count() > 0
        assert frame.locator("summary").first.is_visible()
