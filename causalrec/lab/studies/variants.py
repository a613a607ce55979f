"""What the known-truth study trains: the baseline, the causal model, ablations, changed data, the ceiling."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from causalrec.config.model import ModelSettings
from causalrec.training.refuters import REFUTERS

Kind = Literal["baseline", "model", "ablation", "refuter", "ceiling"]
INFORMED_MODEL = "informed"  # of causalrec.lab.studies.informed, not of the factory
Change = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Variant:
    """One row of the study.

    Attributes:
        model: name of the recommender, or :data:`INFORMED_MODEL`.
        change: section of the model's settings -> what differs there.
        refuter: name in :data:`causalrec.training.refuters.REFUTERS`; empty for the data as they are.
    """

    name: str
    kind: Kind
    model: str = "causal"
    change: Change = field(default_factory=dict)
    refuter: str = ""

    def settings(self, base: ModelSettings) -> ModelSettings:
        """``base`` with the change made; the baseline is a plain model, whatever shape the causal one has."""
        if self.kind == "baseline":
            return ModelSettings.model_validate({"name": self.model})
        sections = {
            name: type(getattr(base, name)).model_validate(getattr(base, name).model_dump() | dict(change))
            for name, change in self.change.items()
        }
        known = {} if self.model == INFORMED_MODEL else {"name": self.model}
        return base.model_copy(update=sections | known)


RAW = Variant("raw", "baseline", model="lightgcn")
CAUSAL = Variant("causal", "model")
INFORMED = Variant("informed", "ceiling", model=INFORMED_MODEL)
CORE = (RAW, CAUSAL, INFORMED)

_CHANGES: dict[str, Change] = {
    "ridge_confounder": {"confounder": {"method": "ridge"}},
    "cca_confounder": {"confounder": {"method": "cca"}},
    "raw_content_confounder": {"confounder": {"method": "concat"}},
    "no_codes": {"codebook": {"enabled": False}},
    "flat_codes": {"codebook": {"hierarchical": False}},
    "with_exposure_term": {"exposure": {"offset": True}},
    "no_backdoor": {"backdoor": {"enabled": False}},
    "no_frontdoor": {"frontdoor": {"enabled": False}},
    "no_topology": {"topology": {"enabled": False}},
    "no_content": {"content": {"enabled": False}},
    "no_looks": {"response": {"enabled": False}},
    "no_content_prior": {"response": {"content": False}},
    "no_demand_codes": {"response": {"codes": False}},
    "no_depths": {"response": {"depths": False}},
    "no_accidents": {"response": {"accidents": False}},
    "no_examination": {"response": {"examination": False}},
}
ABLATIONS = tuple(Variant(name, "ablation", change=change) for name, change in _CHANGES.items())
REFUTED = (
    *(Variant(name, "refuter", refuter=name) for name in REFUTERS),
    Variant("random_codes", "refuter", change={"codebook": {"shuffled": True}}),
    Variant("random_demand_codes", "refuter", change={"response": {"shuffled_codes": True}}),
)
VARIANTS = {variant.name: variant for variant in (*CORE, *ABLATIONS, *REFUTED)}
