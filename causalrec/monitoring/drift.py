"""How far a distribution has moved: the population stability index."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.monitor import MonitorSettings
from causalrec.monitoring.lines import Line, Status, unknown

MIN_EVENTS = 200  # fewer events than this say nothing about the mix

SCORE_BINS = 10  # quantiles of the first night
SMOOTHING = 0.5  # observations added to every bin, so that an empty one is not an infinite change


def psi(before: npt.NDArray[np.float64], now: npt.NDArray[np.float64]) -> float:
    """Sum over bins of (now - before) * ln(now / before), shares of smoothed counts (n,) each."""
    old, new = (counts + SMOOTHING for counts in (before, now))
    old, new = old / old.sum(), new / new.sum()
    return float(((new - old) * np.log(new / old)).sum())


def mix_line(
    measure: str, before: "pd.Series[int]", now: "pd.Series[int]", settings: MonitorSettings
) -> Line:
    """Drift of counts per kind (index: names)."""
    few = min(before.sum(), now.sum())
    if few < MIN_EVENTS:
        return unknown(measure, "", f"{few:,} events; at least {MIN_EVENTS:,} are needed")
    both = pd.concat([before, now], axis=1).fillna(0)
    return psi_line(measure, both.iloc[:, 0].to_numpy(float), both.iloc[:, 1].to_numpy(float), settings)


def score_line(
    before: npt.NDArray[np.float64], now: npt.NDArray[np.float64], settings: MonitorSettings
) -> Line:
    """Drift of the served scores against the first night of the same version, in its quantiles."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, SCORE_BINS + 1)[1:-1]))
    counts = [np.bincount(np.searchsorted(edges, part), minlength=edges.size + 1) for part in (before, now)]
    return psi_line("score_drift", counts[0].astype(float), counts[1].astype(float), settings)


def psi_line(
    measure: str, before: npt.NDArray[np.float64], now: npt.NDArray[np.float64], settings: MonitorSettings
) -> Line:
    """The index with its status."""
    value = psi(before, now)
    status: Status = "fail" if value > settings.fail_psi else "warn" if value > settings.warn_psi else "pass"
    detail = f"stability index {value:.3f} (warns from {settings.warn_psi}, fails from {settings.fail_psi})"
    return Line(measure, "", status, value, None, None, None, settings.fail_psi, detail)
