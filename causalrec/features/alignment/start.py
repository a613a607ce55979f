"""A closed-form start for the two projections: regularised canonical correlations of the tower outputs."""

import numpy as np
import numpy.typing as npt

from causalrec.config.align import AlignSettings
from causalrec.features.alignment.pairs import ContentPairs

RIDGE = 3.0  # added to the second moments before the closed-form start, as a share of their mean variance

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def closed_form(pairs: ContentPairs, settings: AlignSettings) -> tuple[Floats, Floats]:
    """Projections (dim, d) and (dim, e) whose products correlate most over the training pairs.

    Canonical correlation analysis (Hotelling 1936) with ridge-regularised covariances (Vinod 1976);
    directions are weighted by their correlation. The projections have no bias, so the direction of the mean
    is first removed from each side, in place of centring. Rows beyond the rank are zero.
    """
    image, back_image = _whitened(pairs.image, RIDGE)
    text, back_text = _whitened(pairs.text, RIDGE)
    left, correlation, right = np.linalg.svd(image.T @ text / len(pairs), full_matrices=False)
    kept = min(settings.dim, len(correlation))
    weight = np.sqrt(correlation[:kept])
    return (
        _padded((back_image @ left[:, :kept] * weight).T, settings.dim),
        _padded((back_text @ right[:kept].T * weight).T, settings.dim),
    )


def _whitened(rows: Floats, ridge: float) -> tuple[Doubles, Doubles]:
    """(n, d) rows without the direction of their mean, whitened, and the (d, d) map that does both."""
    values = rows.astype(np.float64)
    mean = values.mean(axis=0)
    mean /= np.linalg.norm(mean) or 1.0
    without_mean = np.eye(len(mean)) - np.outer(mean, mean)
    centred = values @ without_mean
    covariance = centred.T @ centred / len(centred)
    variances, axes = np.linalg.eigh(covariance)
    scale = 1 / np.sqrt(np.clip(variances, 0, None) + ridge * variances.mean())
    whiten = without_mean @ (axes * scale) @ axes.T
    return values @ whiten, whiten


def _padded(matrix: Doubles, dim: int) -> Floats:
    padded = np.zeros((dim, matrix.shape[1]), np.float32)
    padded[: len(matrix)] = matrix
    return padded
