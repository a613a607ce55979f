"""What a search was made on, as a hash."""

import hashlib

import numpy as np

from causalrec.dataset.arrays import Interactions


def content_hash(data: Interactions) -> str:
    """sha256 over the training and validation pairs and the content; test pairs are not read."""
    digest = hashlib.sha256(f"{data.n_users} {data.n_items}".encode())
    parts = {"train": data.train, "valid": data.valid, **data.modalities}
    for name, array in sorted(parts.items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
