"""A hash of the data of a search."""

import hashlib

import numpy as np

from causalrec.dataset.arrays import ROWS, Interactions


def content_hash(data: Interactions) -> str:
    """sha256 over training and validation pairs, looks, random exposure and content; test pairs are not."""
    digest = hashlib.sha256(f"{data.n_users} {data.n_items}".encode())
    parts = {"train": data.train, "valid": data.valid, **data.modalities}
    if data.random_exposure is not None:
        parts["random exposure"] = data.random_exposure
    if data.looks is not None:
        looks = data.looks
        parts |= {f"looks/{name}": getattr(looks, name) for name in (*ROWS, "reached")}
    for name, array in sorted(parts.items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
