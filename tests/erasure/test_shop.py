"""Nothing can hold a user without a store that finds and erases it."""

import ast
import re
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.config.paths import PathSettings
from causalrec.contracts import load_contract, table_names
from causalrec.erasure.outside import OutsideStore
from causalrec.erasure.shop import NAMELESS, SEARCHED, stores
from causalrec.lake import Lake
from causalrec.scoring.export.night import KEYS, NAMED
from causalrec.scoring.export.run import TARGETS

ROOT = Path(__file__).parents[2]
IN_WORK = re.compile(r"\bwork\)? / (?:\"([^\"]+)\"|([A-Z]+)\b)")
NOT_FOLDERS = {"work", "store", "image_roots"}
PERSON = re.compile(r"user(_id)?$|customer|visitor|e?mail|person|name_of")


def everything(tmp_path: Path) -> Settings:
    export = {
        "plugins": ["warehouse"],
        "postgres": {"url": "postgresql://u@h/d"},
        "redis": {"url": "redis://h/0"},
        "qdrant": {"url": "http://h:6333"},
    }
    return Settings.model_validate({"paths": {"work": tmp_path}, "export": export})


def all_names(settings: Settings) -> list[str]:
    return [one.name for one in stores(settings, Lake(settings.lake_root), {})]


def test_every_folder_of_the_work_folder_is_searched_or_known_to_be_nameless(tmp_path: Path) -> None:
    settings = everything(tmp_path)
    paths = PathSettings()
    used = {getattr(paths, name) for name in PathSettings.model_fields if name not in NOT_FOLDERS}
    used |= {settings.export.parquet, settings.lineage.file.split("/")[0], "mlflow", "tuned.toml"}
    used.add(Path(settings.checkpoint_store.uri).name)
    for package in ("causalrec", "jobs", "infra"):
        for file in (ROOT / package).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            constants = {
                target.id: node.value.value
                for node in ast.parse(text).body
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            used |= {str(name or constants[constant]) for name, constant in IN_WORK.findall(text)}
    assert used - set(SEARCHED) - set(NAMELESS) == set()
    assert set(SEARCHED) <= used


def test_the_store_of_every_folder_is_one_of_the_shop(tmp_path: Path) -> None:
    names = all_names(everything(tmp_path))
    assert set(SEARCHED.values()) - set(names) == {"table NAME"}
    assert len(names) == len(set(names))


def test_every_table_and_every_target_of_an_export_is_a_store(tmp_path: Path) -> None:
    found = stores(everything(tmp_path), Lake(str(tmp_path)), {})
    names = [one.name for one in found]
    assert [name for name in table_names() if f"table {name}" not in names] == []
    searched = [one.name.lower() for one in found if not isinstance(one, OutsideStore)]
    stored = {name.removeprefix("exports in ") for name in searched if name.startswith("exports in ")}
    assert {"postgres" if name == "postgresql" else name for name in stored} == set(TARGETS)
    assert "exports by warehouse" in names


def test_a_shop_exports_what_it_is_told_to_and_no_more(tmp_path: Path) -> None:
    plain = Settings.model_validate({"paths": {"work": tmp_path}, "source": {"kind": "native"}})
    names = all_names(plain)
    assert "exports in Redis" not in names
    assert "truth of the demo shop" not in names


@pytest.mark.parametrize("name", table_names())
def test_columns_that_name_people_are_classified(name: str) -> None:
    contract = load_contract(name)
    people = [
        column.name for column in contract.columns if PERSON.match(column.name) and column.type == "string"
    ]
    assert [column for column in people if column not in contract.user_ids] == []


@pytest.mark.parametrize("name", KEYS)
def test_columns_of_exports_that_name_users_or_items_are_known(name: str) -> None:
    contract = load_contract(name)
    assert set(contract.user_ids) <= set(NAMED["user"])
    items = [column for column in contract.column_names if column.endswith("item_id")]
    assert set(items) <= set(NAMED["item"])
