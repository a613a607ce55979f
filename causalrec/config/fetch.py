"""How pictures are fetched."""

from pydantic import Field

from causalrec.config.section import Section


class FetchSettings(Section):
    """How pictures are fetched from http(s) addresses and object stores."""

    seconds: float = Field(
        30.0, gt=0, description="seconds for one picture in total: every attempt, pause, redirect and byte"
    )
    connect_seconds: float = Field(5.0, gt=0, description="seconds until a connection is open")
    idle_seconds: float = Field(10.0, gt=0, description="seconds between two pieces of an answer")
    tries: int = Field(
        3,
        ge=1,
        description="attempts per picture while the answer is a passing problem (429, 5xx, a broken "
        "connection)",
    )
    pause_seconds: float = Field(
        0.5,
        ge=0,
        description="seconds before the second attempt, doubled for each further one; Retry-After "
        "can ask for more",
    )
    per_host: int = Field(4, ge=1, description="simultaneous connections of one worker process to one host")
