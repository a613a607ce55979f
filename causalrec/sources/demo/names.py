"""Identifiers and file names of the shop."""

import datetime as dt

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

IMAGE_FOLDERS = 100


def user_ids(users: npt.ArrayLike) -> pa.Array:
    """``u0000012`` for user 12."""
    return _numbered("u", users, 7)


def item_ids(items: npt.ArrayLike) -> pa.Array:
    """``p000012`` for item 12."""
    return _numbered("p", items, 6)


def item_id(item: int) -> str:
    """The id of one item."""
    return f"p{item:06d}"


def session_ids(day: dt.date, block: int, sessions: npt.ArrayLike) -> pa.Array:
    """Sessions count from 0 in each day and block."""
    return _numbered(f"s{day:%Y%m%d}-{block:04d}-", sessions, 6)


def event_ids(day: dt.date, block: int, count: int) -> pa.Array:
    """Events count from 0 in each day and block."""
    return _numbered(f"e{day:%Y%m%d}-{block:04d}-", np.arange(count), 7)


def image_ref(item: int, view: int) -> str:
    """Path of a picture below the image root."""
    suffix = f"_{view + 1}" if view else ""
    return f"{item % IMAGE_FOLDERS:02d}/{item_id(item)}{suffix}.jpg"


def _numbered(prefix: str, numbers: npt.ArrayLike, width: int) -> pa.Array:
    digits = pc.cast(pa.array(np.asarray(numbers, np.int64)), pa.string())
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(digits, width, "0"), "")
