"""Settings of the alignment of the lite encoder's two towers."""

from pydantic import Field

from causalrec.config.sections import Section


class AlignSettings(Section):
    """Two linear projections, trained on a catalogue's own pairs of picture and text."""

    dim: int = Field(256, ge=2, description="length of the shared vectors")
    ridge: float = Field(
        3.0,
        gt=0,
        description="added to the second moments before the closed-form start, as a share of their "
        "mean variance",
    )
    temperature: float = Field(0.05, gt=0, description="of the softmax at the start; it is trained too")
    epochs: int = Field(60, ge=0, description="most epochs")
    batch_size: int = Field(512, ge=2, description="pairs of one step")
    learning_rate: float = Field(1e-3, gt=0, description="step size of Adam")
    weight_decay: float = Field(0.1, ge=0, description="of the projections")
    dropout: float = Field(
        0.2, ge=0, lt=1, description="share of the towers' outputs that a step does not see"
    )
    held_out_share: float = Field(
        0.15, gt=0, lt=0.5, description="share of the products that recalls are reported on"
    )
    valid_share: float = Field(
        0.1, gt=0, lt=0.5, description="share of the products that epochs are chosen on"
    )
    patience: int = Field(
        8, ge=1, description="epochs without a better recall on validation after which training stops"
    )
    min_pairs: int = Field(50, ge=10, description="products below which training is refused")
    cutoffs: tuple[int, ...] = Field((1, 5, 10), description="lengths of lists of the reported recalls")
    seed: int = Field(7, description="of splits and training")
