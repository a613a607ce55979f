"""Where chance alone chooses what is shown and nothing but taste decides, adjusting costs nothing."""

import pytest

from causalrec.config import Settings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.lab.oracle.generated import generated_shop
from causalrec.lab.oracle.truth import raw_scores, scores_of, truth_rows
from causalrec.sources.demo import mechanism
from causalrec.training.factory import build_recommender

pytestmark = pytest.mark.slow

EXPOSURE = ("SHOWN_BY_POPULARITY", "SHOWN_BY_PROMOTION", "SHOWN_BY_TASTE")


def test_without_exposure_bias_no_order_loses_to_the_raw_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for weight in EXPOSURE:
        monkeypatch.setattr(mechanism, weight, 0.0)
    shop = generated_shop(SourceSettings(users=150, items=60, demo=DemoSettings(confounding=0.0)))
    model = build_recommender(Settings.model_validate({"model": {"response": {"sweeps": 40, "dim": 4}}}))
    model.fit(shop.data)
    raw = raw_scores(model)
    assert raw is not None
    rows = {
        row.model: row for row in truth_rows(shop.truth, shop.data, {"ours": scores_of(model), "raw": raw})
    }
    ours, plain = rows["ours"], rows["raw"]
    assert ours.factual > 0.99 * plain.factual
    assert ours.do > 0.99 * plain.do
    assert ours.logged > 0.99 * plain.logged
    assert abs(ours.factual - ours.do) < 0.01  # there is no demand to take out
