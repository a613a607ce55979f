"""Every way is judged, and the generated catalogue has nothing linear between its modalities."""

from causalrec.config.model import ConfounderSettings
from causalrec.lab.studies.channels import bent_catalogue, channel_rows

QUICK = ConfounderSettings(
    hidden=16,
    blocks=1,
    mean_hidden=16,
    least_steps=5,
    epochs=1,
    mean_epochs=1,
    whiten=4,
    items_per_direction=0,
)


def test_every_modality_has_a_row_with_every_way() -> None:
    rows = channel_rows(bent_catalogue(120, 0), QUICK, 0)
    assert [row.modality for row in rows] == ["image", "text"]
    assert all(row.items == 120 and row.seconds > 0 for row in rows)
    assert all(list(row.judged) == ["ridge", "cca", "mlp", "diffusion"] for row in rows)


def test_the_generated_catalogue_is_bent() -> None:
    rows = channel_rows(bent_catalogue(1_000, 0), QUICK.model_copy(update={"items_per_direction": 999}), 0)
    assert all(row.judged["ridge"].explained < 0.05 for row in rows)
