"""What a model says about clicks and causes in a simulated shop: which are accidents, which codes are C."""

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Ints
from causalrec.lab.simulation.simulator import Simulation
from causalrec.lab.studies.known_truth import labelled_auc, normalised_mutual_information
from causalrec.model.base import Recommender
from causalrec.model.causal.graph_recommender import GraphRecommender
from causalrec.model.causal.recommender import CausalRecommender

Doubles = npt.NDArray[np.float64]

POINTS = 41  # of a stored curve


def edge_findings(recommender: Recommender, train: Ints, simulation: Simulation) -> dict[str, object]:
    """AUC and ROC curve of evidence that a click is no accident; empty without any evidence or accident.

    The causal model states its evidence; for other models with tables it is the factual score of the pair
    less the user's mean score.
    """
    tables = recommender.serving_tables()
    engine = recommender.engine if isinstance(recommender, CausalRecommender) else recommender
    if isinstance(engine, GraphRecommender) and engine.evidence is not None:
        evidence = engine.evidence
        users = np.repeat(np.arange(evidence.start.size - 1), np.diff(evidence.start))
        pairs = np.stack([users, evidence.items]).astype(np.int32)
        trust = evidence.probability.astype(np.float64)
    elif tables is not None:
        pairs, items = train, tables.items_unadjusted - tables.items_unadjusted.mean(axis=0)
        trust = np.einsum("nd,nd->n", tables.users[pairs[0]], items[pairs[1]]).astype(np.float64)
    else:
        return {}
    accidental = is_accident(pairs, simulation)
    return edge_curve(trust, accidental) if accidental.any() and not accidental.all() else {}


def edge_curve(trust: Doubles, accidental: npt.NDArray[np.bool_]) -> dict[str, object]:
    """Area under the curve; share of accidents caught when so large a share of true clicks is doubted."""
    doubted = np.linspace(0, 1, POINTS)
    bar = np.quantile(trust[~accidental], doubted)
    caught = (np.sort(trust[accidental])[None] <= bar[:, None]).mean(axis=1)
    return {"auc": labelled_auc(trust, accidental), "doubted": doubted.tolist(), "caught": caught.tolist()}


def is_accident(pairs: Ints, simulation: Simulation) -> npt.NDArray[np.bool_]:
    """Which of ``pairs`` (2, n), training pairs of the simulation, are accidents."""
    keys, known = (part[0].astype(np.int64) << 32 | part[1] for part in (pairs, simulation.data.train))
    return np.isin(keys, known[simulation.truth.accidental])


def code_findings(recommender: Recommender, simulation: Simulation) -> dict[str, object]:
    """NMI of the codes with C and with the category, and the table of counts; empty without codes."""
    tables = recommender.serving_tables()
    if tables is None or (tables.coarse < 0).all():
        return {}
    truth = simulation.truth
    flat = tables.coarse * (int(tables.fine.max()) + 1) + tables.fine
    _, fine = np.unique(flat, return_inverse=True)
    _, coarse = np.unique(tables.coarse, return_inverse=True)
    counts = np.zeros((coarse.max() + 1, truth.share.size), dtype=np.int64)
    np.add.at(counts, (coarse, truth.confounder), 1)
    return {
        "nmi_coarse": normalised_mutual_information(coarse.astype(np.int32), truth.confounder),
        "nmi_fine": normalised_mutual_information(fine.astype(np.int32), truth.confounder),
        "nmi_category": normalised_mutual_information(coarse.astype(np.int32), truth.category),
        "counts": counts.tolist(),
    }
