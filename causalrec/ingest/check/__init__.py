"""A quick check of a landing zone before the first night: a sample, in seconds, without Spark."""

from causalrec.ingest.check.found import DeliveryCheck
from causalrec.ingest.check.landing import KINDS, check_landing
from causalrec.ingest.check.toml import toml_block

__all__ = ["KINDS", "DeliveryCheck", "check_landing", "toml_block"]
