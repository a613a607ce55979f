"""What the benchmark can train: floors, rivals, the causal model, and the causal model with one part changed.

A contender is a name and the settings in which it differs from the settings of the run. Hyper-parameters of
the rivals are what validation liked best in a small grid on a short-video data set with 9,308 users; a
settings file overrides them per row (:class:`causalrec.config.bench.BenchSettings`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from causalrec.config import Settings
from causalrec.config.bench import Value
from causalrec.errors import SettingsError

CAUSAL = "causal"
SEEDLESS = frozenset({"popularity", "item_knn", "ease"})  # closed forms: every seed gives the same model

Change = Mapping[str, Value]


@dataclass(frozen=True)
class Contender:
    """One row of the benchmark.

    Attributes:
        change: dotted path of a setting -> value.
        refuter: name in :data:`causalrec.evaluation.refuters.REFUTERS`; empty for the data as they are.
        parent: the contender whose overrides it shares (an ablation differs in one thing alone).
        content: without any content it is the same as another row.
    """

    name: str
    change: Change = field(default_factory=dict)
    refuter: str = ""
    parent: str = ""
    content: bool = False

    def settings(self, base: Settings) -> Settings:
        """``base`` with the overrides of the parent, the own change, and the own overrides, in this order.

        Raises:
            SettingsError: a path or a value is unknown.
        """
        overrides = base.bench.variants
        tree = base.model_dump()
        for change in (overrides.get(self.parent, {}), self.change, overrides.get(self.name, {})):
            for path, value in change.items():
                _put(tree, path, value, self.name)
        try:
            return Settings.model_validate(tree)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SettingsError(
                f"{self.name}: setting {where}: {first['msg']}",
                do=f"correct it under bench.variants.{self.name}",
            ) from error


def _put(tree: dict[str, Any], path: str, value: Value, name: str) -> None:
    *sections, key = path.split(".")
    place: Any = tree if sections[:1] in (["model"], ["training"]) else {}
    for section in sections:
        place = place.get(section) if isinstance(place, dict) else None
    if not isinstance(place, dict) or key not in place or isinstance(place[key], dict):
        raise SettingsError(
            f"{name}: there is no setting {path} of a model or its training",
            do='write a dotted path such as "model.dim"',
        )
    place[key] = value


def _rival(name: str, model: str, loss: str = "softmax", **change: Value) -> Contender:
    """Keywords are paths with two underscores for a dot."""
    paths = {path.replace("__", "."): value for path, value in change.items()}
    return Contender(name, {"model.name": model, "training.loss": loss, **paths}, content=model == "vbpr")


RIVALS = (
    *(Contender(name, {"model.name": name}) for name in ("popularity", "item_knn", "ease")),
    _rival("bpr_mf", "bpr_mf", "bpr"),
    _rival("mf_softmax", "bpr_mf"),
    _rival("ips_mf", "ips_mf", "bpr"),
    _rival("pd", "pd", "bpr"),
    _rival("vbpr", "vbpr", "bpr"),
    _rival("vbpr_softmax", "vbpr"),
    _rival("lightgcn_bpr", "lightgcn", "bpr"),
    _rival("lightgcn", "lightgcn"),
    _rival("freedom", "freedom", "bpr"),
    _rival("freedom_softmax", "freedom"),
    Contender(CAUSAL, {"model.name": CAUSAL}),
)

_CHANGES: dict[str, Change] = {
    "ridge_confounder": {"model.confounder.method": "ridge"},
    "cca_confounder": {"model.confounder.method": "cca"},
    "raw_content_confounder": {"model.confounder.method": "concat"},
    "no_codes": {"model.codebook.enabled": False},
    "kmeans_codes": {"model.codebook.epochs": 0},
    "flat_codes": {"model.codebook.hierarchical": False},
    "many_codes": {
        "model.codebook.hierarchical": False,
        "model.codebook.coarse": 1_024,
        "model.codebook.items_per_code": 1,
    },
    "random_codes": {"model.codebook.shuffled": True},
    "global_prior": {"model.backdoor.rho": 1.0},
    "cell_prior": {"model.backdoor.rho": 0.0},
    "interaction_prior": {"model.codebook.prior": "interactions"},
    "no_backdoor": {"model.backdoor.enabled": False},
    "no_frontdoor": {"model.frontdoor.enabled": False},
    "no_topology": {"model.topology.enabled": False},
    "hard_topology": {"model.topology.hard": True},
    "no_content_channel": {"model.content.channel": False},
    "no_content": {"model.content.enabled": False},
}


_OF_IDS = frozenset({"no_frontdoor", "no_topology", "hard_topology", "random_common_cause"})


def _changed(name: str, change: Change, refuter: str = "") -> Contender:
    return Contender(name, {"model.name": CAUSAL, **change}, refuter, CAUSAL, name not in _OF_IDS)


ABLATIONS = (
    *(_changed(name, change) for name, change in _CHANGES.items()),
    *(_changed(name, {}, name) for name in ("shuffled_modality", "placebo_content", "random_common_cause")),
)
CONTENDERS = {contender.name: contender for contender in (*RIVALS, *ABLATIONS)}


def line_up(named: Sequence[str], *, ablations: bool, content: bool) -> list[Contender]:
    """The rows to train: the named ones, else all rivals; ablations after them on request.

    Without content in the data (``content``) rows that would repeat another one are left out unless named.
    """
    unnamed = [*([] if named else RIVALS), *(ABLATIONS if ablations else ())]
    rows = [*(CONTENDERS[name] for name in named), *(row for row in unnamed if content or not row.content)]
    return list({row.name: row for row in rows}.values())


def check_overrides(settings: Settings) -> None:
    """Refuses overrides of a row that does not exist.

    Raises:
        SettingsError: a table of ``bench.variants`` is not named after a contender.
    """
    unknown = sorted(set(settings.bench.variants) - set(CONTENDERS))
    if unknown:
        raise SettingsError(f"bench.variants names {unknown}", do=f"use names out of {sorted(CONTENDERS)}")
