"""Settings of the benchmark that are no setting of a model."""

from pydantic import Field

from causalrec.config.sections import Section

Value = bool | int | float | str | tuple[float, ...]


class BenchSettings(Section):
    """What single rows of the benchmark are trained with.

    In TOML, one table per row, with the dotted path of a setting as key::

        [bench.variants.lightgcn_bpr]
        "model.rivals.l2" = 1e-3
        "training.learning_rate" = 5e-3
    """

    variants: dict[str, dict[str, Value]] = Field({}, description="row -> setting -> value")
