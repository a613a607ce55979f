"""``causalrec align``: one space for pictures and texts, trained on the catalogue's own pairs."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from causalrec.config import Settings
from causalrec.features.alignment.fit import CUTOFFS, Aligned, started, untrained
from causalrec.features.alignment.fit import align as train
from causalrec.features.alignment.pairs import ContentPairs, read_pairs, split_pairs
from causalrec.features.alignment.retrieval import Retrieval
from causalrec.features.alignment.save import save_checkpoint
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.encoders.text import text_encoder_id
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table
from jobs.commands._shared.options import RunDate, SettingsFile, a_path

UNTRAINED, STARTED, ALIGNED = "untrained projections", "closed form", "aligned"


def align(
    ds: RunDate,
    out: Annotated[
        Path, typer.Option(parser=a_path, metavar="FOLDER", help="New folder for the open_clip checkpoint.")
    ],
    seeds: Annotated[int, typer.Option(min=1, help="Splits and trainings; the first one is saved.")] = 3,
    settings_file: SettingsFile = None,
) -> int:
    """Train once per seed, print recalls on held-out products, save the first."""
    settings, console = shop_settings(settings_file), Console()
    pairs = read_pairs(settings, open_lake(settings), ds)
    found: dict[str, list[Retrieval]] = {UNTRAINED: [], STARTED: [], ALIGNED: []}
    trained: list[Aligned] = []
    for seed in range(settings.align.seed, settings.align.seed + seeds):
        with console.status(f"seed {seed}"):
            trained.append(_one(pairs, settings, seed, found))
        console.print(
            f"seed {seed}: best epoch {trained[-1].best_epoch} of {len(trained[-1].history) - 1}",
            highlight=False,
        )
    console.print(_table(found, CUTOFFS))
    facts = _facts(settings, ds, pairs, found, trained[0])
    folder = save_checkpoint(trained[0].projections, out, settings.features.text.max_tokens, facts)
    for modality in ("IMAGE", "TEXT"):
        name = f"CAUSALREC__FEATURES__{modality}__MODEL=local-dir:{folder.resolve()}"
        console.print(name, highlight=False, soft_wrap=True)
    return 0


def _one(pairs: ContentPairs, settings: Settings, seed: int, found: Mapping[str, list[Retrieval]]) -> Aligned:
    """One split and training run; its recalls on held-out products are added to ``found``."""
    split = split_pairs(pairs, seed)
    aligned = train(split, settings.align, seed)
    contenders = {
        UNTRAINED: untrained(split, settings.align, seed),
        STARTED: started(split, settings.align),
        ALIGNED: aligned.projections,
    }
    for name, projections in contenders.items():
        found[name].append(projections.measure(split.held_out))
    return aligned


def _table(found: Mapping[str, Sequence[Retrieval]], cutoffs: Sequence[int]) -> Table:
    """Mean and spread over seeds, per direction and cutoff."""
    first = found[ALIGNED][0]
    title = f"retrieval on held-out products: {first.pictures} pictures, {first.texts} texts"
    table = Table(title=title)
    for name in ("projections", "finds", *(f"R@{k}" for k in cutoffs)):
        table.add_column(name, justify="right" if name.startswith("R@") else "left", no_wrap=True)
    table.add_row("chance", "either", *(f"{first.chance(k):.3f}" for k in cutoffs))
    for name, results in found.items():
        texts = [[result.to_text[k] for result in results] for k in cutoffs]
        pictures = [[result.to_image[k] for result in results] for k in cutoffs]
        table.add_row(name, "text", *map(_spread, texts))
        table.add_row(name, "picture", *map(_spread, pictures))
    return table


def _spread(values: Sequence[float]) -> str:
    spread = f" ±{np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}"


def _facts(
    settings: Settings,
    ds: dt.date,
    pairs: ContentPairs,
    found: Mapping[str, Sequence[Retrieval]],
    aligned: Aligned,
) -> dict[str, object]:
    """Facts stored with the checkpoint; recalls are those of the saved training run."""
    features = settings.features
    return {
        "shop": settings.shop,
        "ds": ds.isoformat(),
        "pairs": len(pairs),
        "towers": [image_encoder_id(features.image), text_encoder_id(features.text)],
        "settings": settings.align.model_dump(),
        "best_epoch": aligned.best_epoch,
        "held_out": {name: asdict(results[0]) for name, results in found.items()},
    }
