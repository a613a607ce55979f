"""What the benchmark can train: baselines, rivals, the causal model, and it with one part changed.

A contender is a name and the settings in which it differs from the settings of the run. Hyper-parameters of
the rivals were chosen on validation in a few runs on a short-video data set with 9,308 users (rates 1e-3 to
5e-3, L2 1e-4 to 1e-1; rows with softmax have the rate of the run). For other data a settings file overrides
them per row (:class:`causalrec.config.bench.BenchSettings`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from causalrec.config import Settings
from causalrec.config.bench import Value
from causalrec.config.override import overridden
from causalrec.errors import SettingsError
from causalrec.training.refuters import REFUTERS

CAUSAL = "causal"
SEEDLESS = frozenset(
    {"popularity", "item_knn", "ease", "content_ease"}
)  # closed forms: every seed gives the same model

Change = Mapping[str, Value]


@dataclass(frozen=True)
class Contender:
    """One row of the benchmark.

    Attributes:
        change: dotted path of a setting -> value.
        refuter: name in :data:`causalrec.training.refuters.REFUTERS`; empty for the data as they are.
        parent: the contender whose overrides it shares (an ablation differs in one thing alone).
        content: without any content it is the same as another row.
        dated: it needs the times of the pairs.
    """

    name: str
    change: Change = field(default_factory=dict)
    refuter: str = ""
    parent: str = ""
    content: bool = False
    dated: bool = False

    def settings(self, base: Settings) -> Settings:
        """``base`` with the overrides of the parent, the own change, and the own overrides, in this order.

        Raises:
            SettingsError: a path or a value is unknown.
        """
        overrides = base.bench.variants
        changes = (overrides.get(self.parent, {}), self.change, overrides.get(self.name, {}))
        return overridden(base, changes, self.name)


def _rival(name: str, model: str, loss: str = "softmax", rate: float = 0.0, **rivals: Value) -> Contender:
    """Keywords are settings of the section ``model.rivals``; without a ``rate`` it is that of the run."""
    paths = {f"model.rivals.{key}": value for key, value in rivals.items()}
    change = {"model.name": model, "training.loss": loss, **paths}
    if rate:
        change["training.learning_rate"] = rate
    return Contender(name, change, content=model == "vbpr")


RIVALS = (
    *(
        Contender(name, {"model.name": name})
        for name in ("popularity", "item_knn", "ease", "edlae", "content_ease")
    ),
    Contender("content_knn", {"model.name": "content_knn"}, content=True),
    *(Contender(name, {"model.name": name}) for name in ("ials", "multvae")),
    Contender("sasrec", {"model.name": "sasrec"}, dated=True),
    _rival("bpr_mf", "bpr_mf", "bpr", 5e-3, l2=0.1, bias=False),
    _rival("mf_softmax", "bpr_mf"),
    _rival("ips_mf", "ips_mf", "bpr", 5e-3, l2=0.03, bias=False),
    _rival("pd", "pd", "bpr", 5e-3, l2=0.1),
    _rival("vbpr", "vbpr", "bpr", 5e-3, l2=0.1, bias=False),
    _rival("vbpr_softmax", "vbpr"),
    _rival("lightgcn_bpr", "lightgcn", "bpr", 1e-3, l2=0.03),
    _rival("lightgcn", "lightgcn"),
    _rival("xsimgcl", "xsimgcl"),
    _rival("freedom", "freedom", "bpr", 1e-3, l2=0.03, prune=0.5),
    _rival("freedom_softmax", "freedom", prune=0.5),
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
    "random_edges": {"model.topology.by_evidence": False},
    "all_edges": {"model.topology.left_out": 0.0},
    "no_affinity": {"model.topology.user_affinity": 0.0, "model.topology.item_affinity": 0.0},
    "no_content_channel": {"model.content.channel": False},
    "no_content": {"model.content.enabled": False},
}

_OF_IDS = frozenset(
    {
        "no_frontdoor",
        "no_topology",
        "hard_topology",
        "random_edges",
        "all_edges",
        "no_affinity",
        "random_common_cause",
    }
)


def _changed(name: str, change: Change, refuter: str = "") -> Contender:
    return Contender(name, {"model.name": CAUSAL, **change}, refuter, CAUSAL, name not in _OF_IDS)


ABLATIONS = (
    *(_changed(name, change) for name, change in _CHANGES.items()),
    *(_changed(name, {}, name) for name in REFUTERS if name != "subset"),
)
CONTENDERS = {contender.name: contender for contender in (*RIVALS, *ABLATIONS)}


def line_up(named: Sequence[str], *, ablations: bool, content: bool, dated: bool) -> list[Contender]:
    """The rows to train: the named ones, else all rivals; ablations after them on request.

    Rows that need the times of the pairs are left out where these are unknown (``dated``), and so are rows
    that would repeat another one where the data have no content (``content``), unless they are named.
    """
    unnamed = [*([] if named else RIVALS), *(ABLATIONS if ablations else ())]
    rows = [*(CONTENDERS[name] for name in named), *(row for row in unnamed if content or not row.content)]
    known = {row.name: row for row in rows if dated or not row.dated}
    return list(known.values())


def check_overrides(settings: Settings) -> None:
    """Refuses overrides of a row that does not exist.

    Raises:
        SettingsError: a table of ``bench.variants`` is not named after a contender.
    """
    unknown = sorted(set(settings.bench.variants) - set(CONTENDERS))
    if unknown:
        raise SettingsError(f"bench.variants names {unknown}", do=f"use names from {sorted(CONTENDERS)}")
