"""The model that MLflow serves keeps the rules of its version and refuses what it cannot answer."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.ranking.wording.book import books_of
from causalrec.registry.package import open_package
from causalrec.registry.served import NOTHING, ServedRecommender
from causalrec.scoring.markets import markets_of
from causalrec.scoring.night import Night
from causalrec.scoring.sampled import sampled
from causalrec.scoring.tonight import tonight

from .packages import AWAY, HIDDEN, HOME, LONG, OFFERS, WORDS, abroad, placed, weighed
from .shop import DS, ITEMS, settings_in

POLICIES = {"weighed": {"causalrec"}, "abroad": {"causalrec"}, "placed": {"causalrec", "pinned", "promoted"}}


def served(folder: Path) -> ServedRecommender:
    model = ServedRecommender()
    model.load_context(SimpleNamespace(artifacts={"package": str(folder)}))
    return model


def listed(model: ServedRecommender, users: list[object], **params: object) -> pd.DataFrame:
    frame: pd.DataFrame = model.predict(None, pd.DataFrame({"user_id": users}), params)  # type: ignore[no-untyped-call]
    return frame


def test_rules_of_the_version(packages: dict[str, Path]) -> None:
    frame = listed(served(packages["ruled"]), ["u001", "nobody"])
    assert frame.groupby("user_id").size().to_dict() == {"u001": 7, "nobody": 7}  # its k
    whole = listed(served(packages["ruled"]), ["u001"], k=ITEMS)["item_id"].tolist()
    assert {"i001", "i002", "i003", "i004"}.isdisjoint(whole)
    assert len({f"i{row:03d}" for row in range(10, 20)} & set(whole)) == 2
    assert len(whole) == ITEMS - 4 - 8


@pytest.mark.parametrize(
    ("name", "market"), [("weighed", None), ("placed", None), ("abroad", "DE"), ("abroad", "AT")]
)
def test_a_rules_file_holds_as_in_the_table(packages: dict[str, Path], name: str, market: str | None) -> None:
    """Every list is the one that a night without exploration makes by the same file, in the same market."""
    folder = packages[name]
    scoring = {"weighed": weighed, "placed": placed, "abroad": abroad}[name](folder.parent)
    settings = settings_in(folder.parent)
    lake = Lake(settings.lake_root)
    dataset, package = load_dataset(settings, lake, DS), open_package(folder)
    markets = markets_of(scoring, dataset, lake, DS)
    at = None if markets is None or market is None else markets.market(market)
    night = Night(package, dataset, lake, DS, at)
    users, catalogue = sampled(night), tonight(night, scoring)
    nightly = [
        (user, int(rank), catalogue.item_ids[item], policy)
        for block in users.ranked(package, scoring, catalogue)
        for user, rank, item, policy in zip(
            users.users[block.users], block.ranks, block.items, block.policies, strict=True
        )
    ]
    named = {} if market is None else {"market": market.lower()}
    frame = listed(served(folder), list(users.users), **named)
    assert {"i038", "i039"}.isdisjoint(frame["item_id"])  # blocked by their price
    columns = ["user_id", "rank", "item_id", "policy"]
    assert list(frame[columns].itertuples(index=False, name=None)) == nightly
    assert {policy for *_, policy in nightly} == POLICIES[name]


def test_an_answer_holds_what_its_market_sells(packages: dict[str, Path]) -> None:
    model = served(packages["abroad"])
    found = {name: set(listed(model, ["somebody"], k=ITEMS, **asked)["item_id"]) for name, asked in (
        ("", {}), (HOME, {"market": HOME}), (AWAY, {"market": " at "}), ("empty", {"market": ""}),
    )}  # fmt: skip
    assert found[""] == found[HOME] == found["empty"]
    for name in (HOME, AWAY):
        sold = {f"i{row:03d}" for row in range(ITEMS)}
        sold -= {
            item for item, where in OFFERS.items() if not any(one.upper().startswith(name) for one in where)
        }
        blocked = {"i004", "i038", "i039"} | (
            {f"i{row:03d}" for row in range(20, 25)} if name == AWAY else set()
        )
        assert found[name] == sold - blocked


@pytest.mark.parametrize(
    ("name", "market", "said"),
    [("abroad", "FR", "ask for one of AT, DE, or leave it out for DE"), ("abroad", 3, "market is 3"),
     ("weighed", "DE", "this version knows no markets")],
)  # fmt: skip
def test_an_unknown_market_is_refused(
    packages: dict[str, Path], name: str, market: object, said: str
) -> None:
    with pytest.raises(MlflowException, match=said) as caught:
        listed(served(packages[name]), ["u001"], market=market)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_hidden_pairs_pins_and_caps_for_any_number_of_rows(packages: dict[str, Path]) -> None:
    model = served(packages["placed"])
    for k in (1, 3, 10, ITEMS):
        frame = listed(model, [*HIDDEN], k=k)
        for user, item in HIDDEN.items():
            mine = frame[frame["user_id"] == user].set_index("rank")
            assert item not in set(mine["item_id"])
            pinned = mine["policy"] == "pinned"
            assert set(mine["item_id"][pinned]) <= {"i020", "i021"}
            assert set(mine.index[pinned]) <= {2, 9}
        nobody = frame[frame["user_id"] == "nobody"].set_index("rank")
        if k >= 3:
            assert (nobody["item_id"][2], nobody["reason_code"][2]) == ("i020", "promoted")
        by_taste = set(nobody["item_id"][nobody["policy"] == "causalrec"])
        assert len(by_taste & {f"i{row:03d}" for row in range(10, 20)}) <= 0.3 * k


def test_reasons_that_a_shop_can_show(packages: dict[str, Path]) -> None:
    """As in the table: the history item behind a row, its picture, and the shop's words; else null."""
    frame = listed(served(packages["worded"]), ["u001", "nobody"])
    mine = frame[frame["reason_item_id"].notna()]
    assert len(mine) >= 3
    assert set(mine["user_id"]) == {"u001"}
    for row in mine.to_dict("records"):
        number, said = int(row["reason_item_id"][1:]), json.loads(row["shop_reason"])
        assert row["reason_image"] == f"{number}.jpg"
        title = "Thing" if number != 3 else ""  # a history item without a title is not named
        assert title in said["de"]
        assert title in said["en"]
    popular = frame[frame["user_id"] == "nobody"]
    assert popular["reason_image"].isna().all()
    phrases = {language: book.popular for language, book in books_of(WORDS).items()}
    assert [json.loads(text) for text in popular["shop_reason"]] == [phrases] * len(popular)
    silent = listed(served(packages["older"]), ["u001"])
    assert silent["shop_reason"].isna().all()
    assert set(frame.columns) == set(NOTHING.columns)


def test_packages_of_older_code_have_no_rules(packages: dict[str, Path]) -> None:
    whole = listed(served(packages["older"]), ["nobody"], k=ITEMS)["item_id"].tolist()
    assert {"i001", "i002", "i003"} <= set(whole)


def test_one_long_title_does_not_widen_all(packages: dict[str, Path]) -> None:
    """Fixed-width texts would take 40 items x 100,000 characters x 4 bytes, and reasons as much again."""
    model = served(packages["ruled"])
    catalogue = model._package.offer_in("")
    assert {catalogue.titles.dtype, catalogue.item_ids.dtype} == {np.dtype(object)}
    assert catalogue.titles.nbytes == 8 * catalogue.size
    assert LONG in catalogue.titles.tolist()


def test_an_empty_request_has_an_empty_answer(packages: dict[str, Path]) -> None:
    pd.testing.assert_frame_equal(listed(served(packages["ruled"]), []), NOTHING)


@pytest.mark.parametrize("nobody", [None, float("nan"), pd.NA, ""])
def test_a_row_without_a_user_is_refused(packages: dict[str, Path], nobody: object) -> None:
    with pytest.raises(MlflowException, match=r"row 1 of 2 has no user id") as caught:
        listed(served(packages["ruled"]), ["u001", nobody])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("k", [0, -1, 10**9, True, 2.5, "3", None])
def test_a_k_that_cannot_be_is_refused(packages: dict[str, Path], k: object) -> None:
    with pytest.raises(MlflowException, match=r"k is .* -> ask for 1 to 40 rows") as caught:
        listed(served(packages["ruled"]), ["u001"], k=k)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_request_without_the_column_is_refused(packages: dict[str, Path]) -> None:
    with pytest.raises(MlflowException, match="the request has no column user_id"):
        served(packages["ruled"]).predict(None, pd.DataFrame({"user": ["u001"]}))  # type: ignore[no-untyped-call]
