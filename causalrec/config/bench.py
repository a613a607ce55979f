"""Settings of the benchmark that do not belong to a model."""

from pydantic import Field

from causalrec.config.section import Section

Value = bool | int | float | str | tuple[float, ...]


class BenchSettings(Section):
    """Overrides for single rows of the benchmark.

    In TOML, one table per row, with the dotted path of a setting as key::

        [bench.variants.lightgcn_bpr]
        "model.rivals.l2" = 1e-3
        "training.learning_rate" = 5e-3
    """

    variants: dict[str, dict[str, Value]] = Field({}, description="row -> setting -> value")
