"""The order among equal scores never changes: it is a part of every published list."""

import numpy as np
import pandas as pd

from causalrec.dataset.ties import keys_of, numbered, tie_breakers

MASK = (1 << 64) - 1


def mixed(key: int) -> int:
    """The finaliser of SplitMix64, with Python's own numbers."""
    key = (key + 0x9E3779B97F4A7C15) & MASK
    key = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    key = ((key ^ (key >> 27)) * 0x94D049BB133111EB) & MASK
    return key ^ (key >> 31)


def test_the_known_values_of_splitmix64() -> None:
    """The generator of seed 0 gives these first numbers (Vigna's reference)."""
    assert [mixed(0), mixed(0x9E3779B97F4A7C15)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


def test_pairs_are_mixed_twice() -> None:
    users, items = [0, 1, 2**63, MASK], [0, 5, MASK]
    found = tie_breakers(np.array(users, np.uint64)[:, None], np.array(items, np.uint64)[None, :])
    assert found.tolist() == [[mixed(mixed(user) ^ item) for item in items] for user in users]
    assert found.dtype == np.uint64
    assert tie_breakers(numbered(1), numbered(1)).tolist() == [mixed(mixed(0))]


def test_keys_of_texts_and_of_numbers() -> None:
    assert numbered(3).tolist() == [0, 1, 2]
    assert numbered(3).dtype == np.uint64
    found = keys_of(np.array(["a", "b", "a"], dtype=object))
    assert found[0] == found[2] != found[1]
    assert found.tolist() == pd.util.hash_array(np.array(["a", "b", "a"], dtype=object)).tolist()
