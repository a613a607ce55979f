"""Models compared with the truth of a generated shop, for the pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.errors import CausalrecError
from causalrec.registry.package import ModelPackage
from causalrec.report.truth import TruthLine, short_fits_note
from jobs._terminal.tables import Table


def truth_lines(
    settings: Settings, dataset: Dataset, packages: Mapping[str, ModelPackage], say: Callable[[object], None]
) -> tuple[TruthLine, ...]:
    """One line per row: baselines, raw model, ``packages``, attainable, ideal.

    The first package also has a row per fit without a module. Empty for a shop whose truth is unknown, and,
    with a note, if the comparison cannot be made.
    """
    if settings.source.kind != "demo":
        return ()
    from causalrec.lab.oracle.models import one_module_off, registered
    from causalrec.lab.oracle.truth import (  # torch, and only for generated shops
        Scores,
        shop_truth,
        truth_rows,
    )

    try:
        known = shop_truth(settings.source, dataset.user_ids, dataset.item_ids, dataset.ds)
        models: dict[str, Scores] = {}
        for label, package in packages.items():
            models = {**registered(package, dataset, label), **models}
        for package in list(packages.values())[:1]:
            models |= one_module_off(package, dataset)
        rows = truth_rows(known, dataset.data, models)
    except CausalrecError as error:  # the night and its page do not depend on this comparison
        say(f"no comparison with the truth: {error}")
        return ()
    return tuple(TruthLine(**asdict(row), own=row.model in packages) for row in rows)


def truth_table(lines: Sequence[TruthLine]) -> Table:
    """The card for the terminal."""
    table = Table(title="NDCG@20 of unseen items against the truth of the shop")
    table.add_column("model")
    for question in ("if shown", "content alone", "chosen anyway"):
        table.add_column(question, justify="right")
    for line in lines:
        cells = [(line.factual, line.factual_interval), (line.do, line.do_interval)]
        if line.logged is not None and line.logged_interval is not None:
            cells.append((line.logged, line.logged_interval))
        texts = (f"{value:.3f} ±{(high - low) / 2:.3f}" for value, (low, high) in cells)
        table.add_row(line.model, *texts, style="bold" if line.own else None)
    caption = "means over users, ± half the width of a 95 % interval; the best possible list has 1"
    table.caption = "\n".join(filter(None, (caption, short_fits_note(lines))))
    table.caption_justify = "left"
    return table
