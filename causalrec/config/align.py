"""Settings of the alignment of the lite encoder's two towers."""

from pydantic import Field

from causalrec.config.sections import Section


class AlignSettings(Section):
    """Two linear projections, trained on a catalogue's own pairs of picture and text.

    Attributes:
        dim: length of the shared vectors.
        ridge: added to the second moments before the closed-form start whitens them, as a share of their
            mean variance.
        temperature: of the softmax at the start; it is trained too.
        dropout: share of tower outputs that a training step does not see.
        held_out_share, valid_share: of the products; what shares a picture, a text or a name stays together.
        patience: epochs without a better validation recall before the training stops.
        min_pairs: fewer products than this are refused.
        cutoffs: of the reported recalls.
    """

    dim: int = Field(256, ge=2)
    ridge: float = Field(3.0, gt=0)
    temperature: float = Field(0.05, gt=0)
    epochs: int = Field(60, ge=0)
    batch_size: int = Field(512, ge=2)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.1, ge=0)
    dropout: float = Field(0.2, ge=0, lt=1)
    held_out_share: float = Field(0.15, gt=0, lt=0.5)
    valid_share: float = Field(0.1, gt=0, lt=0.5)
    patience: int = Field(8, ge=1)
    min_pairs: int = Field(50, ge=10)
    cutoffs: tuple[int, ...] = (1, 5, 10)
    seed: int = 7
