"""The site of a shop on this machine: written when the servers start, and shown beside them."""

import subprocess
import sys
from pathlib import Path

from infra.embedded.home import LOGIN
from infra.embedded.shop import ROOT, Shop

INDEX = "site/index.html"  # below the folder of pages


def report_folder(shop: Shop) -> Path | None:
    """The folder of the shop's pages; None where they lie in an object store, which shows them itself."""
    store = shop.settings.report_store
    return Path(store.address("")) if store.local else None


def write_site(shop: Shop) -> bool:
    """Writes the site anew; False where it could not be, as before the first night."""
    done = subprocess.run(
        [sys.executable, "-m", "causalrec", "site"],
        env=shop.environment(), cwd=ROOT, check=False, capture_output=True,
    )  # fmt: skip
    return done.returncode == 0


def site_command(shop: Shop, folder: Path, port: int) -> list[str]:
    """Command line of the server, on loopback and behind the log-in of the shop's Airflow."""
    return [
        sys.executable, "-m", "infra.embedded.site_app", "--port", str(port),
        "--users", str(shop.airflow_home / LOGIN), "--folder", str(folder),
    ]  # fmt: skip
