"""Where chance alone chooses what is shown and nothing but taste decides, adjusting costs nothing."""

from causalrec.config import Settings
from causalrec.config.sections import DemoSettings, SourceSettings
from causalrec.lab.oracle.generated import generated_shop
from causalrec.lab.oracle.truth import Scores, raw_scores, scores_of, truth_rows
from causalrec.training.factory import build_recommender

UNBIASED = {
    "exposure_popularity": 0.0,
    "exposure_promotion": 0.0,
    "exposure_personal": 0.0,
    "confounding": 0.0,
}


def test_without_exposure_bias_no_order_loses_to_the_raw_model() -> None:
    shop = generated_shop(SourceSettings(users=150, items=60, demo=DemoSettings.model_validate(UNBIASED)))
    short = {"sweeps": 40, "dim": 4}
    model = build_recommender(Settings.model_validate({"model": {"response": short}}))
    model.fit(shop.data)
    raw = raw_scores(model)
    assert isinstance(raw, Scores)
    rows = {
        row.model: row for row in truth_rows(shop.truth, shop.data, {"ours": scores_of(model), "raw": raw})
    }
    ours, plain = rows["ours"], rows["raw"]
    assert ours.factual > 0.99 * plain.factual
    assert ours.do > 0.99 * plain.do
    assert ours.logged > 0.99 * plain.logged
    assert abs(ours.factual - ours.do) < 0.01  # there is no demand to take out
