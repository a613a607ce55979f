"""Settings of the alignment of the lite encoder's two towers."""

from pydantic import Field

from causalrec.config.section import Section


class AlignSettings(Section):
    """Two linear projections, trained on the catalogue's own pairs of picture and text."""

    dim: int = Field(256, ge=2, description="length of the shared vectors")
    epochs: int = Field(60, ge=0, description="most epochs")
    batch_size: int = Field(512, ge=2, description="pairs of one step")
    min_pairs: int = Field(50, ge=10, description="products below which training is refused")
    seed: int = Field(7, description="of splits and training")
