"""What is known of users whose list holds the rows of two arms: both sides of every one of them."""

import numpy as np

from causalrec.experiment.moments import COLUMNS, DID, ArmDifference, Moments, Ratio

OTHER = "_control"
SIDE = (*DID, "clicked")
PAIRED = ("one", *SIDE, *(f"{name}{OTHER}" for name in SIDE))
"""Of a user since their first list: what the rows of the arm earned, and (``_control``) those of the control.

A response is credited to the arm whose row the user had looked at before, in the same visit; so are a
purchase and its price.
"""
NOT_THERE = ""


def sides(paired: Moments) -> tuple[Moments, Moments]:
    """What the rows of the control earned, and those of the arm."""
    control = [_of_control(name) if name in PAIRED else NOT_THERE for name in COLUMNS]
    arm = [name if name in PAIRED else NOT_THERE for name in COLUMNS]
    return paired.only(control), paired.only(arm)


def credit_difference(paired: Moments, ratio: Ratio) -> ArmDifference | None:
    """Arm minus control, with every user as their own comparison.

    The interval is over users, by the delta method: Chapelle, Joachims, Radlinski and Yue, Large-Scale
    Validation and Analysis of Interleaved Search Evaluation (2012) test the same difference of credits.

    Returns:
        None where there are fewer than two users or a side has nothing to divide by, or nobody differs from
        another.
    """
    other = Ratio(_of_control(ratio.over), _of_control(ratio.under), _of_control(ratio.responders))
    if paired.users < 2 or not all(paired.total(side.under) for side in (ratio, other)):
        return None
    slope = ratio.gradient(paired) - other.gradient(paired)
    variance = float(slope @ paired.covariance @ slope) / paired.users
    value = ratio.value(paired) - other.value(paired)
    return ArmDifference(value, variance, 1.0) if variance > 0 and np.isfinite(value) else None


def _of_control(name: str) -> str:
    return name if name == "one" else f"{name}{OTHER}"
