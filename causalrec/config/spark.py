"""The Spark session."""

from pydantic import Field

from causalrec.config.section import Section


class SparkSettings(Section):
    """The Spark session. Empty settings are left to ``spark-submit`` or the cluster's own defaults."""

    master: str = Field(
        "",
        description="Spark master: local[N], or the address of a cluster; empty: what spark-submit says, "
        "local[2] without it",
    )
    driver_memory: str = Field(
        "",
        description="memory of the driver, as Spark writes it; empty: 2g on a local master, what the cluster "
        "says on others",
    )
    java_options: str = Field(
        "", description="options of the driver's JVM; short jobs gain from a light compiler"
    )
    shuffle_partitions: int | None = Field(
        None,
        ge=1,
        description="partitions after a shuffle; none: 4 on a local master, what the cluster says on others",
    )
    conf: dict[str, str] = Field(default_factory=dict, description="further Spark properties")
