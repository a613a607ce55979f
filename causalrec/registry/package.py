"""A fitted model as a self-contained folder: arrays, ids, facts and checksums; no pickle.

``recommender/`` the model itself (safetensors + JSON) · ``judged/`` the evaluated model, if the served one
was refitted on everything · ``short_fits.safetensors`` fits that differ in one module, for a shop whose truth
is known · ``hidden.parquet``, ``offers.parquet`` of the shop's rules file · ``markets.parquet`` where items
are sold · ``serving.safetensors`` its
factorised form, if it has one · ``history.safetensors`` what the users chose · ``users.parquet``,
``items.parquet`` the ids in the model's numbering · ``manifest.json`` its origin ·
``checksums.json``.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file, save_file

from causalrec.config.known import known
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.model import worth
from causalrec.model.base import TABLES, Recommender, ServingTables
from causalrec.model.factors import FactorRecommender
from causalrec.model.read_out import ARRAYS, AnyReadOut, unpack_read_out
from causalrec.ranking.ann import Index
from causalrec.ranking.catalogue import Catalogue, catalogue_of
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import Histories
from causalrec.ranking.user_states import UserStates
from causalrec.ranking.wording.book import PackedWording
from causalrec.ranking.wording.compose import Wording
from causalrec.registry.checksums import verify_checksums, write_checksums
from causalrec.registry.offer import offer_of
from causalrec.registry.shop_rules import ShopRules
from causalrec.registry.short_fits import ShortFit, load_fits, save_fits
from causalrec.registry.tensors import map_tensor

if TYPE_CHECKING:
    from causalrec.dataset.load import Dataset

JUDGED = "judged"
RECIPE, BY_RESPONSE = "recommender.json", "response"  # a model's own settings; its kind, and its order
RECOMMENDER, SERVING, HISTORY = "recommender", "serving.safetensors", "history.safetensors"
WORTH = "worth"  # key of the manifest
SHORT_FITS = "short_fits.safetensors"
LOOKS, RESPONSES = "looks", "responses"  # columns of items.parquet
RULED = ("brand", "category", "available", "first_seen", "last_seen")  # columns used by the shop's rules
PICTURE = "image_ref"  # column that reasons show
WORDING = "wording"  # key of the manifest: the shop's words for reasons
RULES = "scoring"  # key of the manifest: the settings of scoring, as JSON
READ_OUT = "read_out"  # key of the manifest, and prefix of arrays beside the tables
USERS, ITEMS, MANIFEST = "users.parquet", "items.parquet", "manifest.json"
LONG_AGO = "1970-01-01"
Texts = npt.NDArray[np.object_]


def write_package(
    folder: Path,
    recommender: Recommender,
    dataset: "Dataset",
    facts: Mapping[str, Any],
    judged: Recommender | None = None,
    short_fits: Mapping[str, ServingTables] = MappingProxyType({}),
    rules: ShopRules | None = None,
) -> str:
    """Writes the folder of a fitted model; returns the hash that pins its whole content.

    Args:
        judged: the evaluated model, if ``recommender`` is a refit of it.
        short_fits: fits that differ in one module, by label.
        rules: of the shop's rules file, if it has one.
    """
    from causalrec.model.factory import save_recommender  # reading a package does not need torch

    data, item_ids = dataset.data, dataset.item_ids
    folder.mkdir(parents=True)
    save_recommender(recommender, folder / RECOMMENDER)
    refitted = judged is not None and judged is not recommender
    if judged is not None and refitted:
        save_recommender(judged, folder / JUDGED)
    if short_fits:
        save_fits(short_fits, folder / SHORT_FITS)
    tables = recommender.serving_tables()
    new_users, read_out = _fold_in(recommender)
    if tables is not None:
        arrays = {name: np.ascontiguousarray(array) for name, array in tables.arrays().items()}
        save_file(arrays | new_users, folder / SERVING)
    indptr, indices = _history(dataset.seen, data.n_users)
    save_file({"indptr": indptr, "indices": indices}, folder / HISTORY)
    titles = data.item_names or tuple(item_ids)
    popularity = np.bincount(data.train[1], minlength=data.n_items)
    degree = np.bincount(data.train[0], minlength=data.n_users)
    users = {"user_id": pa.array(dataset.user_ids, pa.string()), "n_train": pa.array(degree, pa.int64())}
    pq.write_table(pa.table(users), folder / USERS)
    items = {"item_id": pa.array(item_ids, pa.string()), "title": pa.array(titles, pa.string())}
    items |= {"popularity": pa.array(popularity, pa.float32())} | _look_counts(data)
    items |= {name: pa.array(dataset.items[name], from_pandas=True) for name in (*RULED, PICTURE)}
    pq.write_table(pa.table(items), folder / ITEMS)
    names = () if tables is None else tables.code_names
    manifest = {
        **facts,
        **({} if rules is None else rules.write(folder)),
        "refitted": refitted,
        "model": recommender.name,
        "code_names": list(names),
        READ_OUT: read_out,
        WORTH: worth.as_json(recommender.worth),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    return write_checksums(folder)


def _fold_in(recommender: Recommender) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """What makes the state of a new user: arrays, and facts for the manifest; empty without fold-in."""
    if not isinstance(recommender, FactorRecommender) or recommender.fold is None:
        return {}, {}
    arrays, facts = recommender.read_out().pack()
    named = {f"{READ_OUT}.{name}": array for name, array in arrays.items()}
    return {"fold": np.ascontiguousarray(recommender.fold), **named}, facts


def _look_counts(data: Interactions) -> dict[str, pa.Array]:
    """Per item its looks, and how many led to any response; empty if looks were not logged."""
    if data.looks is None:
        return {}
    counts = {LOOKS: data.looks.count, RESPONSES: data.looks.reached[0]}
    return {
        name: pa.array(np.bincount(data.looks.items, values, data.n_items).astype(np.int64))
        for name, values in counts.items()
    }


def _history(pairs: Ints, n_users: int) -> tuple[npt.NDArray[np.int64], Ints]:
    """CSR of the positive pairs, the held-out ones included."""
    users, items = pairs
    order = np.lexsort((items, users))
    counts = np.bincount(users, minlength=n_users)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), items[order].astype(np.int32)


@dataclass(frozen=True)
class ModelPackage:
    """A package on local disk. Open it with :func:`open_package`."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The origin of the model."""
        found: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        return found

    @cached_property
    def worth(self) -> tuple[worth.ModuleWorth, ...]:
        """The measured gain of each module; empty in packages of older code."""
        return worth.from_json(self.manifest.get(WORTH, ()))

    @cached_property
    def odds(self) -> bool:
        """Whether scores are log-odds of a response once the item is shown."""
        file = self.folder / RECOMMENDER / RECIPE
        if self.catalogue.looks is None or not file.is_file():
            return False
        found = json.loads(file.read_text(encoding="utf-8"))
        by_looks = found.get("facts", {}).get("level") == BY_RESPONSE
        order = found.get("recipe", {}).get("model", {}).get("response", {}).get("order")
        return bool(by_looks and order == BY_RESPONSE)

    @property
    def factorised(self) -> bool:
        """Whether scores are products of user and item states."""
        return (self.folder / SERVING).is_file()

    @cached_property
    def user_ids(self) -> Texts:
        """Users in the model's numbering."""
        return _texts(pq.read_table(self.folder / USERS), "user_id")

    def rows_of(self, user_ids: Texts) -> Ints:
        """Positions of users in the model; -1 for users it learnt nothing about.

        A user without training pairs also has a (random) state, which must not be used.
        """
        index, trained = self._numbering
        rows = index.get_indexer(pd.Index(user_ids))
        return np.where((rows >= 0) & trained[rows], rows, -1).astype(np.int32)

    @cached_property
    def _numbering(self) -> "tuple[pd.Index[str], npt.NDArray[np.bool_]]":
        """Users by position, and who was in training: a served model looks them up with every request."""
        trained = pq.read_table(self.folder / USERS, columns=["n_train"])["n_train"].to_numpy() > 0
        return pd.Index(self.user_ids), trained

    @cached_property
    def item_ids(self) -> Texts:
        """Items in the model's numbering."""
        return _texts(pq.read_table(self.folder / ITEMS), "item_id")

    @cached_property
    def catalogue(self) -> Catalogue:
        """Everything that scoring needs to know about the items."""
        items = pq.read_table(self.folder / ITEMS)
        popularity = items["popularity"].to_numpy().astype(np.float32)
        titles = _texts(items, "title", otherwise=self.item_ids)
        looks, responses = (_counts(items, name) for name in (LOOKS, RESPONSES))
        return catalogue_of(self.item_ids, titles, popularity, self.tables(), self._fold(), looks, responses)

    def tables(self) -> ServingTables | None:
        """The factorised form; user states stay on disk until read."""
        if not self.factorised:
            return None
        return ServingTables.of({name: self._tensor(name) for name in TABLES}, self.manifest["code_names"])

    def _fold(self) -> Floats | None:
        return self._tensor("fold") if self.factorised else None

    def _read_out(self) -> AnyReadOut | None:
        """The read-out for new users; None in packages of older code."""
        facts = self.manifest.get(READ_OUT)
        arrays = {name: self._tensor(f"{READ_OUT}.{name}") for name in ARRAYS}
        return unpack_read_out(arrays, facts) if facts else None

    def _tensor(self, name: str) -> npt.NDArray[Any] | None:
        return map_tensor(self.folder / SERVING, name)

    def recommender(self) -> Recommender:
        """The model itself."""
        from causalrec.model.factory import load_recommender

        return load_recommender(self.folder / RECOMMENDER)

    def judged(self) -> Recommender:
        """The model that the metrics describe, fitted without held-out pairs."""
        from causalrec.model.factory import load_recommender

        folder = self.folder / JUDGED
        return load_recommender(folder if folder.is_dir() else self.folder / RECOMMENDER)

    def short_fits(self) -> dict[str, ShortFit]:
        """Fits of the training run that differ in one module; empty if none were kept."""
        return load_fits(self.folder / SHORT_FITS)

    def states_of_new(self, modalities: Mapping[str, Floats]) -> Floats | None:
        """Adjusted states (n, d) of items that were not in training, from their content rows.

        None if the model has no content path, or was trained without content.
        """
        model = self.recommender()
        states_for = getattr(model, "item_states_for", None)
        if states_for is None or not modalities:
            return None
        found: Floats = states_for(modalities)
        return found

    def engine(
        self, settings: ScoringSettings, catalogue: Catalogue | None = None, index: Index | None = None
    ) -> Engine:
        """A scorer over ``catalogue`` (default: all items of the model)."""
        items = self.catalogue if catalogue is None else catalogue
        users = self._tensor("users") if self.factorised else None
        if users is not None:
            states = UserStates(users, self._tensor("raw_users"), self._tensor("content_users"))
            return Engine(items, settings, users=states, index=index, read_out=self._read_out())
        model = self.recommender()
        return Engine(items, settings, score=model.score, score_histories=model.score_histories)

    @cached_property
    def scoring(self) -> ScoringSettings:
        """The scoring settings with which the version was registered; the defaults for older packages."""
        return ScoringSettings.model_validate(known(ScoringSettings, self.manifest.get(RULES, {})))

    @cached_property
    def shop_rules(self) -> ShopRules:
        """The rules file in force when the version was registered; no rules in packages of older code."""
        return ShopRules.read(self.folder, self.manifest)

    @property
    def home(self) -> str:
        """The market of requests that name none; empty where markets do not count."""
        markets = self.shop_rules.markets
        return "" if markets is None else markets.home

    def offer_in(self, market: str) -> Catalogue:
        """The items that the version's own rules allow in ``market`` on the date of its data, with its rules.

        Packages of older code contain neither brand nor category nor availability, so nothing is blocked; nor
        do they know markets.

        Args:
            market: one of those of :attr:`shop_rules`; empty where markets do not count.
        """
        ds = dt.date.fromisoformat(self.manifest.get("ds", LONG_AGO))
        rules = self.shop_rules
        sold = None if rules.markets is None else rules.markets.market(market)
        return offer_of(self.catalogue, self._items(), self.scoring, rules, ds, sold, odds=self.odds)

    def wording(self, offer: Catalogue) -> Wording:
        """The shop's words for reasons at registration, over ``offer``; none in older packages."""
        words = PackedWording.model_validate(self.manifest.get(WORDING, {}))
        return Wording.unpacked(words, self._items(), offer.item_ids)

    def _items(self) -> pd.DataFrame:
        """items.parquet; null where older code did not store a column."""
        items: pd.DataFrame = pq.read_table(self.folder / ITEMS).to_pandas()
        return items.reindex(columns=list(dict.fromkeys([*items.columns, *RULED, PICTURE])))

    def raw_engine(self, settings: ScoringSettings, catalogue: Catalogue) -> Engine | None:
        """A scorer for the raw model; None if the package has none."""
        users = self._tensor("raw_users") if self.factorised else None
        if users is None or catalogue.raw is None:
            return None
        states = np.nan_to_num(catalogue.raw)
        plain = replace(catalogue, states=states, fold=np.zeros_like(states), raw=None, content=None)
        return Engine(plain, settings, users=UserStates(users))

    def histories(self, catalogue: Catalogue | None = None) -> Histories:
        """What the users had chosen when the model was trained.

        Items are positions in ``catalogue`` (default: the model's own), -1 if they are not in it.
        """
        items = self.catalogue if catalogue is None else catalogue
        arrays = load_file(self.folder / HISTORY)
        place = np.full(self.item_ids.size, -1, dtype=np.int64)
        place[items.model_rows] = np.arange(items.size)
        return Histories(arrays["indptr"], place[arrays["indices"]])


def open_package(folder: Path, expected: str | None = None) -> ModelPackage:
    """The package in ``folder``, once every file has been checked against its hash.

    Raises:
        RegistryError: a file is missing, changed or not listed.
    """
    verify_checksums(folder, expected)
    return ModelPackage(folder)


def _counts(table: pa.Table, name: str) -> Floats | None:
    """A column of counts; None if looks were not logged, and in packages of older code."""
    if name not in table.column_names:
        return None
    counts: Floats = table[name].to_numpy().astype(np.float32)
    return counts


def _texts(table: pa.Table, name: str, otherwise: Texts | None = None) -> Texts:
    values = table[name].to_numpy(zero_copy_only=False)
    if otherwise is not None:
        values = np.where(table[name].is_null().to_numpy(zero_copy_only=False), otherwise, values)
    texts: Texts = values.astype(object)  # fixed-width texts would all be as wide as the longest
    return texts
