"""Summary of the known-truth study: one row per strength of confounding, variant and read-out.

Two ceilings. The *Bayes oracle* ranks by the true chances: what no finite log can reach. The *informed
learner* (:mod:`causalrec.lab.studies.informed`) learns from the same log and is told what confounds, and
where looks are logged everything but people's tastes: what it leaves to the oracle is estimation error. The
share of a gap that is closed is (model - raw) / (ceiling - raw), of means over seeds; it is None where the
ceiling is not above the raw model by more than its noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any

import numpy as np
from scipy.stats import ttest_rel

from causalrec.lab.studies.cells import StudyResult
from causalrec.lab.studies.readout import READOUTS, TESTS, K, Readout

NDCG, RECALL, LIFT = f"ndcg@{K}", f"recall@{K}", f"popularity_lift@{K}"
BOTH = "both"  # of a model whose two read-outs agree
QUESTION = {"iid": "factual", "random": "factual", "do": "adjusted"}  # the read-out that a test is meant for


@dataclass(frozen=True)
class StudyRow:
    """Means over seeds.

    Attributes:
        ndcg, recall, lift: test -> mean; spread: test -> standard deviation of NDCG (0 with one seed).
        gap_bayes, gap_informed: test -> share of the gap closed (None: no gap).
        against_raw: test -> relative change of NDCG against the raw model.
        p_value: test -> paired t-test over worlds against the raw model (None with one world).
        readable: cause -> share of it that the item states still say.
    """

    confounding: float
    name: str
    readout: str
    seeds: int
    ndcg: dict[str, float]
    recall: dict[str, float]
    lift: dict[str, float]
    spread: dict[str, float]
    gap_bayes: dict[str, float | None]
    gap_informed: dict[str, float | None]
    against_raw: dict[str, float]
    p_value: dict[str, float | None]
    effect_error: float
    readable: dict[str, float] = field(default_factory=dict)
    edge_auc: float | None = None
    nmi: float | None = None
    epochs: float = 0.0
    seconds: float = 0.0


def summarise_study(results: Sequence[StudyResult]) -> list[StudyRow]:
    """Rows in the order in which strengths and variants first appear; one read-out where both agree."""
    rows: list[StudyRow] = []
    for strength in dict.fromkeys(result.knobs.confounding for result in results):
        here = [result for result in results if result.knobs.confounding == strength]
        of = {name: [r for r in here if r.name == name] for name in dict.fromkeys(r.name for r in here)}
        rows += [_row(name, of, readout) for name, found in of.items() for readout in _distinct(found)]
    return rows


def _distinct(found: list[StudyResult]) -> list[str]:
    parts = found[0].readouts
    if set(parts) != set(READOUTS):
        return list(parts)
    same = parts["factual"].metrics == parts["adjusted"].metrics
    return [BOTH] if same else list(READOUTS)


def _row(name: str, of: dict[str, list[StudyResult]], readout: str) -> StudyRow:
    found = of[name]
    parts = [result.readouts["adjusted" if readout == BOTH else readout] for result in found]
    raw = [result.readouts["factual"] for result in of["raw"]]
    ndcg, floor = _means(parts, NDCG), _means(raw, NDCG)
    auc = [float(result.edges["auc"]) for result in found if "auc" in result.edges]
    nmi = [float(result.codes["nmi_coarse"]) for result in found if "nmi_coarse" in result.codes]
    causes = parts[0].readable
    return StudyRow(
        confounding=found[0].knobs.confounding,
        name=name,
        readout=readout,
        seeds=len(found),
        ndcg=ndcg,
        recall=_means(parts, RECALL),
        lift=_means(parts, LIFT),
        spread={test: _spread([part.metrics[test][NDCG] for part in parts]) for test in TESTS},
        gap_bayes=_gaps(ndcg, raw, _ceiling(of, "bayes")),
        gap_informed=_gaps(ndcg, raw, _ceiling(of, "informed")),
        against_raw={test: ndcg[test] / floor[test] - 1 for test in TESTS},
        p_value={test: _p_value(parts, raw, test) if name != "raw" else None for test in TESTS},
        effect_error=fmean(part.effect_error for part in parts),
        readable={cause: fmean(part.readable[cause] for part in parts) for cause in causes},
        edge_auc=fmean(auc) if auc else None,
        nmi=fmean(nmi) if nmi else None,
        epochs=fmean(result.epochs for result in found),
        seconds=fmean(result.seconds for result in found),
    )


def _ceiling(of: dict[str, list[StudyResult]], name: str) -> dict[str, list[float]]:
    """test -> NDCG per seed of the read-out that the test is meant for."""
    results: list[StudyResult] = of.get(name, [])
    readouts = [r.readouts if "oracle" not in r.readouts else _same(r.readouts["oracle"]) for r in results]
    return {t: [part[QUESTION[t]].metrics[t][NDCG] for part in readouts] for t in TESTS} if results else {}


def _same(readout: Readout) -> dict[str, Readout]:
    return dict.fromkeys(READOUTS, readout)


def _gaps(ndcg: dict[str, float], raw: list[Readout], top: dict[str, list[float]]) -> dict[str, Any]:
    return {test: _gap(ndcg[test], [r.metrics[test][NDCG] for r in raw], top.get(test)) for test in TESTS}


def _gap(value: float, raw: list[float], top: list[float] | None) -> float | None:
    """None without a ceiling, or where it is less than two standard errors above the raw model."""
    if not top or len(top) != len(raw):
        return None
    gaps = [high - low for high, low in zip(top, raw, strict=True)]
    error = stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else 0.0
    gap = fmean(gaps)
    return (value - fmean(raw)) / gap if gap > max(2 * error, 1e-9) else None


def _p_value(parts: list[Readout], raw: list[Readout], test: str) -> float | None:
    """The unit is the world: users of one world share its luck."""
    if len(parts) != len(raw) or len(parts) < 2:
        return None
    ours, theirs = (np.array([part.metrics[test][NDCG] for part in side]) for side in (parts, raw))
    if np.allclose(ours, theirs):
        return 1.0
    return float(ttest_rel(ours, theirs).pvalue)


def _means(parts: list[Readout], metric: str) -> dict[str, float]:
    return {test: fmean(part.metrics[test][metric] for part in parts) for test in TESTS}


def _spread(values: list[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0
