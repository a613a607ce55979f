"""The section of the search for better settings."""

from pydantic import Field

from causalrec.config.section import Section


class TuningSettings(Section):
    """When the training DAG searches for better settings of the model before it trains."""

    every_days: int = Field(
        0, ge=0, description="days after which the search is repeated, such as 28; 0: only by hand"
    )
    minutes: float = Field(30.0, gt=0, le=600, description="time of one search, in minutes")
