"""How tables are stored."""

from pydantic import Field

from causalrec.config.section import Section


class LakeSettings(Section):
    """Where and how tables are stored. Sizes are MiB of Arrow data before compression.

    ``endpoint`` (``http(s)://host:port``) and ``region`` are those of an S3 store under ``paths.lake``; its
    credentials come from the environment of each process or the role of its machine, never from here.
    """

    endpoint: str = Field(
        "",
        pattern=r"^(https?://[^/]+)?$",
        description="address of an S3 store that is not AWS, as http(s)://host:port; empty: AWS",
    )
    region: str = Field("", description="region of the S3 bucket; empty: as the environment says")
    file_mb: int = Field(512, ge=1, description="size of a data file in MiB, before compression")
    row_group_mb: int = Field(64, ge=1, description="size of a row group in MiB, before compression")
    max_files_per_partition: int = Field(
        8, ge=1, description="number of files in a partition from which maintenance merges them"
    )
    min_rows_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="share of the usual rows below which a write is refused; 0 accepts any number",
    )
    history_min_rows: int = Field(100, ge=1, description="usual rows below which sizes are not compared")
    vacuum_hours: int = Field(168, ge=0, description="files that left a table stay at least this long")
    log_days: float = Field(30.0, ge=0, description="versions stay readable at least this long")
    keep_model_versions: int = Field(
        3, ge=0, description="newest models whose pinned versions are kept, besides those with an alias"
    )
