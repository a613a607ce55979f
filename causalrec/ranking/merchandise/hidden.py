"""The hidden pairs of a rules file, for users who are ranked together."""

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.ranking.histories import Histories, from_ids
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.merchandise.rules_file import read_merchandise


def hidden_of(file: str, users: Texts, item_ids: Texts) -> Histories | None:
    """What the rules in ``file`` hide from each of ``users``, as positions in ``item_ids``; None for nothing.

    Raises:
        SettingsError: a file cannot be read.
    """
    pairs = read_merchandise(file).hidden_pairs()
    if pairs.num_rows == 0:
        return None
    return from_ids(per_user(pairs, users), pa.array(item_ids, pa.string()))


def per_user(rows: pa.Table, users: Texts) -> pa.Array:
    """Lists of the item_id of each of ``users``, in the order of ``rows``; null for a user without any."""
    named = pa.array(users, pa.string())
    mine = rows.filter(pc.is_in(rows["user_id"], value_set=named))
    lists = mine.group_by("user_id", use_threads=False).aggregate([("item_id", "list")]).combine_chunks()
    places = pc.index_in(named, lists["user_id"])
    return lists["item_id_list"].combine_chunks().take(places)
