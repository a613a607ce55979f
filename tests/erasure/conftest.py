"""A small shop with something about a user in every store."""

from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.registry.store import connect
from causalrec.scoring.export import read_night
from causalrec.scoring.export.parquet import to_parquet
from causalrec.store import Location
from tests.registry.conftest import Shop, shop
from tests.registry.shop import DS, replace_partition

__all__ = ["shop"]
USER, OTHER = "u001", "u002"


@pytest.fixture(scope="module")
def settings(shop: Shop) -> Settings:
    """The trained shop with lists, exports, pages, logs and a stopped training."""
    settings, work = shop.settings, Path(shop.settings.paths.work)
    lists: list[dict[str, object]] = [
        {
            "user_id": user, "rank": rank, "item_id": f"i00{rank}", "score": 1.0, "reason_code": "popular",
            "reason_text": "", "model_version": "1", "dataset_id": shop.dataset_id,
        }
        for user in (USER, OTHER)
        for rank in (1, 2)
    ]  # fmt: skip
    lake = Lake(settings.lake_root)
    replace_partition(lake, "recommendations", DS, lists)
    to_parquet(read_night(lake, DS), Location(settings.export_root), 100)
    files = {
        "reports/night.html": f"<td>{USER}</td>",
        "reports/other.html": "<td>u0011</td>",
        "checkpoints/ease/run.safetensors": "states",
        "airflow/logs/task.log": f"began\nuser {USER} is unknown\nended\n",
        "lineage/events.jsonl": f'{{"note": "user {USER} is unknown"}}\n{{"note": ""}}\n',
    }
    for name, text in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    connect(settings).log_text(shop.version.run_id, f"<td>{USER}</td>", "review/review_1.html")
    return settings
