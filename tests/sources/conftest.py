"""A tiny shop and a five-line raw folder in the H&M layout."""

from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.config.paths import PathSettings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.sources.demo.adapter import land_demo
from causalrec.sources.progress import silent

TINY = SourceSettings(
    users=60, items=40, days=8, demo=DemoSettings(picture_side=32, late_share=0.1, duplicate_share=0.02)
)


@pytest.fixture(scope="session")
def tiny() -> SourceSettings:
    """Sizes of the tiny shop."""
    return TINY


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The tiny shop, written once; tests only read it."""
    settings = Settings(paths=PathSettings(work=tmp_path_factory.mktemp("shop")), source=TINY)
    land_demo(settings, silent, None)
    return settings


HEADER = (
    "article_id,prod_name,product_type_name,product_group_name,graphical_appearance_name,colour_group_name,"
    "perceived_colour_value_name,department_name,index_group_name,detail_desc\n"
)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two articles, five purchases on two days; one line of the first day stands twice."""
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "articles.csv").write_text(
        HEADER + "0108775015,Strap top,Vest top,Garment Upper body,Solid,Black,Dark,Jersey,Ladieswear,"
        '"Soft, with ""straps"""\n'
        + "0200000001,Sock,Socks,Socks & Tights,Stripe,White,Light,Basics,Menswear,\n"
    )
    (folder / "transactions_train.csv").write_text(
        "t_dat,customer_id,article_id,price,sales_channel_id\n"
        "2018-09-21,bbb,0200000001,0.5,1\n"
        "2018-09-20,aaa,0108775015,0.01,2\n"
        "2018-09-20,bbb,0108775015,0.02,2\n"
        "2018-09-20,aaa,0108775015,0.03,2\n"
        "2018-09-20,aaa,0200000001,0.04,2\n"
    )
    return folder
