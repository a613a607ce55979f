"""Rows of the table of experiments."""

from typing import Any


def verdict(arm: str, word: str | None, detail: str = "") -> dict[str, Any]:
    """The verdict on the conversion of an arm of the experiment ``spring``; the control has no word."""
    ends = {"difference": 0.05, "difference_low": 0.01, "difference_high": 0.09} if word else {}
    return {
        "experiment": "spring", "arm": arm, "metric": "conversion", "decides": True, "model_version": "1",
        "share": 0.5, "horizon": "fixed", "users": 1234, "looks": 10, "value": 0.5, "sample_ratio_p": 1.0,
        "verdict": word, "detail": detail, **ends,
    }  # fmt: skip
