"""What the lists of a night would be under another rules file, for a sample of the users."""

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from causalrec.config import Settings
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.ranking.ranked import Fallback
from causalrec.registry.champion.alias import needed_champion
from causalrec.registry.versions import opened
from causalrec.scoring.markets import groups, markets_of, published_markets
from causalrec.scoring.night import Night
from causalrec.scoring.night_caps import balanced_tonight
from causalrec.scoring.offered import worth_of
from causalrec.scoring.sampled import Sampled, sampled


@dataclass(frozen=True)
class WouldBe:
    """The same users' lists under the rules in force and under others, with the same draws.

    Attributes:
        before, after: user_id, rank, item_id, score and policy of every row, and whether the score is the
            model's (``by_taste``): that of a user of whom nothing is known is the item's popularity.
        logits: whether scores are log-odds of a response once the item is shown.
        version: of the champion, which made both.
        worth: item_id -> price (of the home market) or margin, by which the objective of either side weighs;
            empty without one.
        worth_name: which of the two.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    logits: bool
    version: str
    worth: "pd.Series[float]" = field(default_factory=lambda: pd.Series(dtype=float))
    worth_name: str = ""


def would_be(settings: Settings, lake: Lake, ds: dt.date, file: str, most: int) -> WouldBe:
    """Lists of at most ``most`` users, a fixed sample, without writing anything.

    Args:
        file: the rules file to compare with ``scoring.merchandise``; empty: no rules.

    Raises:
        SettingsError: a rules file is wrong. RegistryError: there is no champion.
        DatasetError: there is no dataset of ``ds``.
    """
    sides = (settings.scoring, settings.scoring.model_copy(update={"merchandise": file}))
    champion, dataset = needed_champion(settings, lake), load_dataset(settings, lake, ds)
    with opened(champion) as package:
        night = Night(package, dataset, lake, ds)
        users = sampled(night, most)
        before, after = (_lists(night, users, side) for side in sides)
        logits = package.odds
    markets = markets_of(settings.scoring, dataset, lake, ds)
    home = None if markets is None else markets.market(markets.home)
    for rules in (read_merchandise(side.merchandise) for side in reversed(sides)):
        worth = worth_of(rules, dataset, lake, ds, home)
        if worth is not None:
            return WouldBe(before, after, logits, champion.version, worth, str(worth.name))
    return WouldBe(before, after, logits, champion.version)


def _lists(night: Night, users: Sampled, scoring: ScoringSettings) -> pd.DataFrame:
    markets = markets_of(scoring, night.dataset, night.lake, night.ds)
    at = None if markets is None else published_markets(markets, night.lake, night.ds, users.users)
    frames = [
        _of_group(replace(night, market=group.market), users.only(group.mine), scoring)
        for group in groups(markets, at)
    ]
    return pd.concat(frames, ignore_index=True)


def _of_group(night: Night, users: Sampled, scoring: ScoringSettings) -> pd.DataFrame:
    catalogue = balanced_tonight(night, scoring)
    frames = [
        pd.DataFrame(
            {
                "user_id": users.users[block.users],
                "rank": block.ranks,
                "item_id": catalogue.item_ids[block.items],
                "score": block.scores.astype(float),
                "policy": block.policies,
                "by_taste": np.char.find(block.fallback.astype(str), Fallback.COLD_USER.value) < 0,
            }
        )
        for block in users.ranked(night.package, scoring, catalogue)
    ]
    return pd.concat(frames, ignore_index=True)
