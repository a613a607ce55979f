"""What a package keeps of a rules file, and whom it names."""

from pathlib import Path

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import load_dataset
from causalrec.erasure.folders import numbered
from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import Erasures
from causalrec.lake.upkeep.subject import Subject
from causalrec.registry.pack_rules import rules_to_pack
from causalrec.registry.shop_rules import ShopRules
from causalrec.store import Location
from tests.dataset.shop import product, put

from .shop import DS, settings_in, write_dataset


def test_hidden_pairs_of_erased_users_and_of_unknown_items_stay_out(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    write_dataset(settings)
    (tmp_path / "hidden.csv").write_text("user_id,item_id\nu001,i002\nnew,i003\ngone,i003\nu001,gone\n")
    (tmp_path / "rules.toml").write_text('hidden = "hidden.csv"')
    named = {"scoring": ScoringSettings(merchandise=str(tmp_path / "rules.toml"))}
    lake = Lake(settings.lake_root)
    Erasures(lake).request(Subject.user("gone"))
    dataset = load_dataset(settings, lake, DS)
    packed = rules_to_pack(settings.model_copy(update=named), lake, dataset, DS)
    assert sorted(packed.hidden.to_pylist(), key=str) == [
        {"user_id": "new", "item_id": "i003"}, {"user_id": "u001", "item_id": "i002"},
    ]  # fmt: skip
    manifest = packed.write(tmp_path)
    assert ShopRules.read(tmp_path, manifest).hidden == packed.hidden
    assert numbered(Location(str(tmp_path)), Subject.user("new"))  # so an erasure finds this package
    assert not numbered(Location(str(tmp_path)), Subject.user("gone"))


def test_without_a_rules_file_nothing_is_written(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    write_dataset(settings)
    lake = Lake(settings.lake_root)
    packed = rules_to_pack(settings, lake, load_dataset(settings, lake, DS), DS)
    assert packed.write(tmp_path / "nowhere") == {}
    assert ShopRules.read(tmp_path, {}).hidden.num_rows == 0


def test_where_items_are_sold_comes_back(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    write_dataset(settings)
    lake = Lake(settings.lake_root)
    put(lake, "products", "2026-03-01", [
        product("i000", offers=["DE", "AT:13 EUR"]), product("i001", offers=[]), product("i002"),
    ])  # fmt: skip
    named = settings.model_copy(update={"scoring": ScoringSettings(home_market=" de")})
    packed = rules_to_pack(named, lake, load_dataset(settings, lake, DS), DS)
    manifest = packed.write(tmp_path)
    assert manifest == {"home_market": " de"}
    markets = ShopRules.read(tmp_path, manifest).markets
    assert markets is not None
    assert (markets.home, markets.names) == ("DE", ("AT", "DE"))
    assert markets.sold[:, :3].tolist() == [[True, False, True]] * 2
    assert markets.market("AT").prices[:1].tolist() == [13.0]
    assert ShopRules.read(tmp_path, {}).markets is None  # a package of older code
