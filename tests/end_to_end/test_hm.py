"""Real purchases, texts and photos in the H&M layout, through all stages: the articles that sold most.

The demo shop's test goes through Airflow; here the stages run one after another in the suite's Spark session.
"""

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest

from causalrec.pipeline import RECORDED
from jobs._stage.load import load_job
from jobs._stage.runner import EXIT_YES, main
from tests.end_to_end.shops import ShopUnderTest, make_shop

pytestmark = [pytest.mark.slow, pytest.mark.spark, pytest.mark.shared_data, pytest.mark.timeout(2400)]

FIRST, DS = "2020-04-01", "2020-06-30"  # of two years: each day is a partition
ARTICLES = 200  # of 2,194: encoding all photos and texts would take minutes


@pytest.fixture(scope="module")
def raw(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    whole, part = shared_data / "hm_sample", tmp_path_factory.mktemp("raw")
    if not whole.is_dir():
        pytest.skip(f"no H&M sample at {whole}")
    with (whole / "transactions_train.csv").open(newline="") as stream:
        sold = Counter(row["article_id"] for row in csv.DictReader(stream))
    kept = {article for article, _ in sorted(sold.items(), key=lambda pair: (-pair[1], pair[0]))[:ARTICLES]}
    for name in ("articles.csv", "transactions_train.csv"):
        with (whole / name).open(newline="") as stream, (part / name).open("w", newline="") as target:
            rows = csv.DictReader(stream)
            writer = csv.DictWriter(target, rows.fieldnames or [])
            writer.writeheader()
            writer.writerows(
                row for row in rows if row["article_id"] in kept and row.get("t_dat", DS) >= FIRST
            )
    for article in sorted(kept):
        photo = Path("images") / article[:3] / f"{article}.jpg"
        if (whole / photo).is_file():
            (part / photo).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(whole / photo, part / photo)
    return part


@pytest.fixture(scope="module")
def shop(root: Path, raw: Path, tmp_path_factory: pytest.TempPathFactory, spark: object) -> ShopUnderTest:
    toml = (root / "infra" / "settings" / "hm.toml").read_text().replace(".work/hm", "{work}")
    toml = toml.replace("[source]\n", f'[source]\nraw = "{raw}"\n')
    made = make_shop(root, tmp_path_factory.mktemp("hm"), toml)
    for stage in RECORDED:
        assert main(load_job(stage), ["--ds", DS, "--settings", str(made.file)]) == EXIT_YES, stage
    return made


def test_every_purchase_up_to_the_date_is_an_event(shop: ShopUnderTest, raw: Path) -> None:
    with (raw / "transactions_train.csv").open(newline="") as stream:
        sold = sum(row["t_dat"] <= DS for row in csv.DictReader(stream))
    quarantined = shop.table("quarantine", table_name="events").num_rows
    assert shop.table("events").num_rows + quarantined == sold


def test_every_article_is_a_product(shop: ShopUnderTest, raw: Path) -> None:
    with (raw / "articles.csv").open(newline="") as stream:
        articles = {row["article_id"] for row in csv.DictReader(stream)}
    assert {row["item_id"] for row in shop.rows("products")} == articles


def test_every_buyer_is_served_and_nothing_bought_is_recommended(shop: ShopUnderTest) -> None:
    bought = {(row["user_id"], row["item_id"]) for row in shop.rows("interactions", ds=DS)}
    offers = {(row["user_id"], row["item_id"]) for row in shop.rows("recommendations", ds=DS)}
    assert {user for user, _ in bought} <= {user for user, _ in offers}
    assert bought & offers == set()
