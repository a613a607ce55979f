"""Reads a benchmark bundle: a folder of .npy arrays.

``train.npy``, ``valid.npy``, ``test.npy`` (2, n) user, item; one (items, dim) file per modality;
``ratings.npy`` (3, n) user, item, rating 1-5; ``random_exposure.npy`` (3, n) user, item, rating or click
under uniformly random exposure, ``chosen_elsewhere.npy`` (2, n) those of its pairs that the user also chose
otherwise; ``passed.npy`` (2, n) user, item shown and not chosen; ``propensity.npy`` (users, items);
``user_attributes.npy`` and ``item_attributes.npy`` (a modality); ``looks.parquet`` with ``strata.parquet``.
Nothing but the interactions is required, and ids are arbitrary.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks, unique_pairs, without
from causalrec.dataset.look_arrays import read_looks
from causalrec.errors import DatasetError

NOT_MODALITIES = frozenset(
    {
        "train",
        "valid",
        "test",
        "seen",
        "train_weights",
        "train_times",
        "ratings",
        "random_exposure",
        "chosen_elsewhere",
        "propensity",
    }
    | {"user_attributes", "passed"}
)
LIKED_RATING = 4  # the usual threshold between liked and not liked in 1-5 stars
RATED_DEPTHS = (3, 4, 5)
VALID_SHARE = 0.1  # of a ratings file, which has no split
SPLIT_SEED = 7


def load_bundle(folder: Path) -> Interactions:
    """The bundle in ``folder``; no pickle is ever read.

    A ratings-only bundle is trained on the pairs rated 4 or 5, a tenth of them (fixed seed) held out
    as validation; pairs rated lower count as seen and passed over. A modality row that is all zero or
    holds a NaN or an infinity is missing: all NaN.

    If no looks are logged, every rating is one look (validation ratings too), with the depths ``rated3``,
    ``rated4`` and ``rated5``: rated at least that. They form one stratum without policy and position.

    Raises:
        DatasetError: a file is absent, malformed, or names ids out of range.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"no bundle at {folder}", do="name a folder that holds train.npy")
    train, valid, test = _splits(folder)
    exposure, passed = _exposure(folder), _passed(folder)
    modalities = _modalities(folder)
    looks, later_looks = _looks(folder)
    ids = [part for part in (train, valid, test, passed) if part is not None and part.size]
    ids += [np.stack([part.users, part.items]) for part in (looks, later_looks) if part is not None]
    if exposure is not None and exposure.size:
        ids.append(exposure[:2].astype(np.int32))
    propensity = _optional(folder / "propensity.npy", 2)
    n_users = 1 + max(int(part[0].max()) for part in ids)
    n_items = 1 + max(int(part[1].max()) for part in ids)
    if propensity is not None:
        n_users, n_items = max(n_users, propensity.shape[0]), max(n_items, propensity.shape[1])
    n_items = _agree(folder, n_items, modalities)
    exposed = None if propensity is None else _of_pairs(folder, propensity, train)
    return Interactions(
        n_users,
        n_items,
        train,
        valid,
        test,
        modalities,
        propensity=exposed,
        random_exposure=exposure,
        chosen_elsewhere=_pairs(elsewhere)
        if (elsewhere := folder / "chosen_elsewhere.npy").exists()
        else None,
        passed=None if passed is None else without(passed, np.concatenate([train, valid, test], axis=1)),
        looks=looks,
        later_looks=later_looks,
        times=_times(folder, train),
    )


def _times(folder: Path, train: Ints) -> npt.NDArray[np.int64] | None:
    """Times from a dataset of the shop, whose pairs are already sorted."""
    found = _optional(folder / "train_times.npy", 1)
    if found is None:
        return None
    if found.size != train.shape[1]:
        raise DatasetError(
            f"{folder}: {found.size} times for {train.shape[1]} training pairs",
            do="give one per pair, sorted by user and item",
        )
    return found.astype(np.int64)


def _of_pairs(folder: Path, propensity: npt.NDArray[np.generic], pairs: Ints) -> Floats:
    """The propensities (n,) of ``pairs`` (2, n); the dense table is not kept."""
    if pairs[0].max() >= propensity.shape[0] or pairs[1].max() >= propensity.shape[1]:
        raise DatasetError(
            f"{folder}: propensity.npy of shape {propensity.shape} does not cover the training pairs",
            do="give one row per user and one column per item",
        )
    chances: Floats = propensity[pairs[0], pairs[1]].astype(np.float32)
    if not (chances > 0).all():
        raise DatasetError(
            f"{folder}: a training pair has no propensity above 0",
            do="give a propensity above 0 to every pair that was shown",
        )
    return chances


def load_propensity(folder: Path) -> Floats | None:
    """float32 (U, N) exposure propensities that come with the bundle, or None."""
    propensity = _optional(Path(folder) / "propensity.npy", 2)
    return None if propensity is None else propensity.astype(np.float32)


def _splits(folder: Path) -> tuple[Ints, Ints, Ints]:
    if (folder / "train.npy").exists():
        train = _pairs(folder / "train.npy")
        valid = _pairs(folder / "valid.npy") if (folder / "valid.npy").exists() else _no_pairs()
    elif (folder / "ratings.npy").exists():
        train, valid = _split_ratings(folder / "ratings.npy")
    else:
        raise DatasetError(f"{folder} has neither train.npy nor ratings.npy", do="name a bundle folder")
    test = _pairs(folder / "test.npy") if (folder / "test.npy").exists() else _no_pairs()
    if train.shape[1] == 0:
        raise DatasetError(f"{folder} has no training pairs", do="check the bundle")
    return train, valid, test


def _split_ratings(file: Path) -> tuple[Ints, Ints]:
    triples = _array(file, rows=3)
    liked = triples[:2, triples[2] >= LIKED_RATING].astype(np.int32)
    held = np.random.default_rng(SPLIT_SEED).random(liked.shape[1]) < VALID_SHARE
    return unique_pairs(liked[:, ~held]), unique_pairs(liked[:, held])


def _passed(folder: Path) -> Ints | None:
    """What was seen and not chosen: from its own file, or the low ratings; None if neither is known."""
    if (folder / "passed.npy").exists():
        return _pairs(folder / "passed.npy")
    if (folder / "train.npy").exists() or not (folder / "ratings.npy").exists():
        return None
    triples = _array(folder / "ratings.npy", rows=3)
    return unique_pairs(triples[:2, triples[2] < LIKED_RATING].astype(np.int32))


def _looks(folder: Path) -> tuple[Looks | None, Looks | None]:
    """The looks of the bundle; else one per rating, if there are only ratings."""
    if (folder / "train.npy").exists() or not (folder / "ratings.npy").exists():
        return read_looks(folder)
    triples = _array(folder / "ratings.npy", rows=3)
    pairs, n = triples[:2].astype(np.int32), triples.shape[1]
    chances = _optional(folder / "propensity.npy", 2)
    unknown = np.full(n, np.nan, np.float32)
    every = Looks(
        pairs[0], pairs[1], np.zeros(n, np.int32), np.ones(n, np.int32),
        reached=np.stack([triples[2] >= depth for depth in RATED_DEPTHS]).astype(np.int32),
        propensity=unknown if chances is None else _of_pairs(folder, chances, pairs),
        age=np.zeros(n, np.float32),
        depths=tuple(f"rated{depth}" for depth in RATED_DEPTHS),
        policy=("",), position=unknown[:1], uniform=np.zeros(1, np.bool_),
    )  # fmt: skip
    return every.summed(), None


def _pairs(file: Path) -> Ints:
    array = _array(file, rows=2)
    if not np.issubdtype(array.dtype, np.integer):
        raise DatasetError(f"{file} holds {array.dtype}, expected integers", do="store user and item ids")
    if array.size and (array.min() < 0 or array.max() > np.iinfo(np.int32).max):
        raise DatasetError(f"{file} has ids outside 0..2^31-1", do="renumber the ids from 0")
    return unique_pairs(array.astype(np.int32))


def _no_pairs() -> Ints:
    return np.empty((2, 0), dtype=np.int32)


def _exposure(folder: Path) -> Floats | None:
    file = folder / "random_exposure.npy"
    if not file.exists():
        return None
    array = _array(file, rows=3)
    if array.size and array[:2].min() < 0:
        raise DatasetError(f"{file} has negative ids", do="renumber the ids from 0")
    return array.astype(np.float32)


def _modalities(folder: Path) -> dict[str, Floats]:
    files = [file for file in sorted(folder.glob("*.npy")) if file.stem not in NOT_MODALITIES]
    return {file.stem: _with_missing(_matrix(file)) for file in files}


def _with_missing(raw: npt.NDArray[np.generic]) -> Floats:
    """``raw`` as float32 with every all-zero or non-finite row set to NaN."""
    features = raw.astype(np.float32)
    features[~np.isfinite(features).all(axis=1) | ~features.any(axis=1)] = np.nan
    return features


def _agree(folder: Path, n_items: int, modalities: dict[str, Floats]) -> int:
    """Number of items that all modality files agree on and that covers every item id."""
    sizes = {name: rows.shape[0] for name, rows in modalities.items()}
    if len(set(sizes.values())) > 1:
        raise DatasetError(f"{folder}: modality files differ in rows: {sizes}", do="give one row per item")
    rows = next(iter(sizes.values()), n_items)
    if rows < n_items:
        raise DatasetError(
            f"{folder}: item id {n_items - 1} has no row in modality files of {rows} rows",
            do="give one row per item (NaN where missing)",
        )
    return rows


def _matrix(file: Path) -> npt.NDArray[np.generic]:
    array = _load(file)
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.floating):
        raise DatasetError(
            f"{file} is {array.dtype} {array.shape}, not floats (items, dim)", do="fix the file"
        )
    return array


def _optional(file: Path, dimensions: int) -> npt.NDArray[np.generic] | None:
    if not file.exists():
        return None
    array = _load(file)
    if array.ndim != dimensions:
        raise DatasetError(f"{file} has shape {array.shape}, expected (users, items)", do="fix the file")
    return array


def _array(file: Path, rows: int) -> npt.NDArray[np.generic]:
    array = _load(file)
    if array.ndim != 2 or array.shape[0] != rows:
        raise DatasetError(f"{file} has shape {array.shape}, expected ({rows}, n)", do="fix the file")
    return array


def _load(file: Path) -> npt.NDArray[np.generic]:
    try:
        array: npt.NDArray[np.generic] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"cannot read {file}: {error}", do="write it with numpy.save") from error
    return array
