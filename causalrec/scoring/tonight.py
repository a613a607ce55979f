"""The items of a night: those the model knows and newer ones, as far as the shop's rules allow."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.item_rules import no_rules
from causalrec.ranking.merchandise.boost import item_boosts
from causalrec.ranking.merchandise.caps import item_caps
from causalrec.ranking.merchandise.reserve import reserved
from causalrec.ranking.merchandise.rules_file import Merchandise, read_merchandise
from causalrec.ranking.rules import item_rules
from causalrec.scoring.night import Night
from causalrec.scoring.offered import offered, with_offers

ENCODERS = ("image_encoder", "text_encoder")


def tonight(night: Night, settings: ScoringSettings, merchandise: Merchandise | None = None) -> Catalogue:
    """Allowed items of tonight's catalogue, under tonight's titles and rules.

    Items unknown to the model get a state from their content, if the model has a content path and their
    vectors come from the encoders that it was trained with. Items without a state (no content either) take no
    personal place; they have their share of the places for new items.

    Args:
        merchandise: rules instead of those that the settings name.

    Raises:
        SettingsError: a rules file cannot be read, or asks for what the shop does not deliver.
    """
    package, dataset, ds = night.package, night.dataset, night.ds
    ids = dataset.item_ids
    titles = dataset.items["title"].fillna(dataset.items["item_id"]).to_numpy(dtype=object)
    chosen = read_merchandise(settings.merchandise) if merchandise is None else merchandise
    may = offered(dataset, settings, night.lake, ds, night.market, chosen)
    known = package.catalogue.only(ids[may]).named(ids, titles)
    rows = np.flatnonzero(may & ~pd.Index(ids).isin(package.item_ids))
    states = _content_states(night, rows) if rows.size else None
    both = known.joined(_unknown(known, ids[rows], titles[rows], states))
    order = np.argsort(ids, kind="stable")
    place = order[np.searchsorted(ids[order], both.item_ids)]
    listed = both.model_rows >= 0
    if both.states is not None:
        listed = listed | both.states.any(axis=1)
    items = dataset.items.iloc[place].reset_index(drop=True)
    items = with_offers(items, chosen, dataset, night.lake, ds, night.market)
    rules = reserved(item_rules(items, settings, ds, listed), items, chosen, ds)
    rules = replace(
        rules,
        fresh=rules.fresh | (both.model_rows < 0),
        boosts=item_boosts(items, rules.listed, chosen, ds, odds=package.odds),
        capped=item_caps(items, chosen, ds),
    )
    return replace(both, rules=rules)


def _unknown(
    known: Catalogue, ids: npt.NDArray[np.object_], titles: npt.NDArray[np.object_], states: Floats | None
) -> Catalogue:
    """New items as a separate catalogue, shaped like ``known``.

    They have no looks, no fold-in vectors and no measured content effect, and the raw model does not know
    them.
    """

    def filled(like: Floats | None, value: float) -> Floats | None:
        return None if like is None else np.full((ids.size, *like.shape[1:]), value, dtype=np.float32)

    given = known.states is not None and states is not None and states.shape[1] == known.states.shape[1]
    return Catalogue(
        ids,
        titles,
        np.full(ids.size, -1, dtype=np.int32),
        np.zeros(ids.size, dtype=np.float32),
        states if given else filled(known.states, 0),
        filled(known.fold, 0),
        np.full(ids.size, "", dtype=object),
        no_rules(ids.size),
        filled(known.raw, np.nan),
        filled(known.content, np.nan),
        filled(known.looks, 0),
        filled(known.responses, 0),
    )


def _content_states(night: Night, rows: npt.NDArray[np.intp]) -> Floats | None:
    package, dataset = night.package, night.dataset
    if not package.factorised or not _same_encoders(night.lake, package.manifest.get("dataset_id"), dataset):
        return None
    return package.states_of_new({name: values[rows] for name, values in dataset.data.modalities.items()})


def _same_encoders(lake: Lake, trained_on: str | None, dataset: Dataset) -> bool:
    """Whether tonight's vectors come from the encoders of the model's dataset.

    Vectors of different encoders never mix.
    """
    if trained_on == dataset.dataset_id:
        return True
    rows = lake.table("datasets").read(columns=["dataset_id", *ENCODERS]).to_pylist()
    named = {row["dataset_id"]: tuple(row[name] for name in ENCODERS) for row in rows}
    return trained_on in named and named[trained_on] == named.get(dataset.dataset_id)
