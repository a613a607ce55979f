"""Caches fitted confounder models in a folder, by a hash of content, settings and seed."""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from causalrec.config.model import ConfounderSettings
from causalrec.model.causal.crossmodal.confounder import ConfounderModel, Footprint
from causalrec.model.content import Content

VERSION = "4"  # raise it when the format of a stored model changes


def identify(content: Content, settings: ConfounderSettings, seed: int) -> tuple[ConfounderModel, Footprint]:
    """The fitted confounder model and its footprint of the items.

    Read from ``settings.cache`` if it is there.
    """
    model = ConfounderModel(settings)
    if not settings.cache:
        return model, model.fit(content, seed)
    file = Path(settings.cache) / f"confounder-{cache_key(content, settings, seed)}.safetensors"
    if file.exists():
        with safe_open(str(file), framework="np") as opened:
            facts = json.loads(opened.metadata()["facts"])
        model.unpack(load_file(str(file)), facts)
        return model, model.read(content)
    footprint = model.fit(content, seed)
    arrays, facts = model.pack()
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    contiguous = {name: array.copy(order="C") for name, array in arrays.items()}
    save_file(contiguous, str(unfinished), metadata={"facts": json.dumps(facts)})
    unfinished.replace(file)
    return model, footprint


def cache_key(content: Content, settings: ConfounderSettings, seed: int) -> str:
    """Hash of everything the fitted model depends on."""
    facts = settings.model_dump_json(exclude={"cache"})
    digest = hashlib.sha256(f"{VERSION},{seed},{facts}".encode())
    for name in sorted(content.white):
        digest.update(name.encode())
        digest.update(content.white[name].tobytes())
        digest.update(content.present[name].tobytes())
        if name in content.raw:
            digest.update(np.ascontiguousarray(content.raw[name]).tobytes())
    return digest.hexdigest()[:32]
