"""Landing-zone adapters: the native layout, the H&M layout, the generated demo shop."""

from causalrec.sources.land import land, land_inputs
from causalrec.sources.landing import arrival_dates, delivery_files, delivery_fingerprint

__all__ = ["arrival_dates", "delivery_files", "delivery_fingerprint", "land", "land_inputs"]
