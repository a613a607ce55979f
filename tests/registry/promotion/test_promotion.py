"""Evaluation, gate and promotion on a real store, in the order of a night."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.registry.champion.alias import decide_champion
from causalrec.registry.champion.promotions import Decision
from causalrec.registry.champion.usable import usable_champion
from causalrec.registry.gate.evaluate import evaluate_version, evaluate_version_inputs
from causalrec.registry.promotion.promote import promote_version, promote_version_inputs
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import need, opened
from jobs import need_champion
from jobs._stage.runner import EXIT_NO, EXIT_YES, main

from ..conftest import Shop
from ..shop import DS, write_dataset

LATER = DS + dt.timedelta(days=1)


def with_gate(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update={"gate": settings.gate.model_copy(update=changes)})


def champion(shop: Shop) -> str:
    return need(connect(shop.settings), shop.settings, "champion").version


def arguments(shop: Shop) -> list[str]:
    """Command line of a job in the shop's work folder."""
    file = shop.settings.paths.work / "settings.toml"
    file.write_text(f'[paths]\nwork = "{shop.settings.paths.work}"\n', encoding="utf-8")
    return ["--ds", DS.isoformat(), "--settings", str(file)]


def test_a_night_and_the_next_challengers(shop: Shop) -> None:
    """One story, since each step needs the registry as the step before left it."""
    settings, lake, ledger = shop.settings, shop.lake, shop.ledger
    assert usable_champion(settings, lake) is None
    assert main(need_champion.JOB, arguments(shop)) == EXIT_YES
    with pytest.raises(RegistryError, match="has no evaluation"):
        promote_version(settings, lake, ledger, DS)

    before = evaluate_version_inputs(settings, lake, ledger, DS)
    evaluated = evaluate_version(settings, lake, ledger, DS)
    assert evaluated.writes[0].changed
    rows = lake.table("evaluations").read().to_pylist()
    assert {row["model"] for row in rows} == {"ease", "popularity"}
    assert {row["split"] for row in rows} == {"valid", "test"}
    run = connect(settings).get_run(need(connect(settings), settings, "challenger").run_id)
    assert run.data.metrics["test_ndcg_at_10"] > run.data.metrics["popularity_test_ndcg_at_10"]

    waiting = promote_version(with_gate(settings, auto_approve="never"), lake, ledger, DS)
    assert "causalrec promote" in waiting.note
    assert usable_champion(settings, lake) is None

    promoted = promote_version(settings, lake, ledger, DS)
    assert promoted.note == "version 1 promoted: there is no champion yet"
    assert usable_champion(settings, lake) is not None
    again = promote_version(settings, lake, ledger, DS)
    assert again.note == "version 1 was already promoted: there is no champion yet"
    assert again.writes == () and again.counters == promoted.counters
    assert main(need_champion.JOB, arguments(shop)) == EXIT_NO
    (decision,) = lake.table("promotions").read().to_pylist()
    assert (decision["from_version"], decision["to_version"], decision["decision"]) == (None, "1", "promoted")
    assert {check["status"] for check in json.loads(decision["evaluation"])["checks"]} <= {"pass", "warn"}

    # promotion moves the alias, and yet the evaluation of the same challenger stays up to date
    assert evaluate_version_inputs(settings, lake, ledger, DS) == before
    assert promote_version_inputs(settings, lake, ledger, DS)["challenger"] == "1"
    assert not evaluate_version(settings, lake, ledger, DS).writes[0].changed

    # the same model on the same data is exactly as good: the champion stays
    train_and_log(settings, lake, ledger, DS)
    evaluate_version(settings, lake, ledger, DS)
    assert promote_version(settings, lake, ledger, DS).note.startswith(
        "version 2 kept: the same as the champion"
    )
    assert champion(shop) == "1"

    # a model that is no better than the floor is refused, and the champion stays
    worse = settings.model_copy(update={"model": settings.model.model_copy(update={"name": "popularity"})})
    train_and_log(worse, lake, ledger, DS)
    evaluate_version(worse, lake, ledger, DS)
    with pytest.raises(RegistryError, match=r"the gate refused version 3 \(version 1 remains champion\)"):
        promote_version(worse, lake, ledger, DS)
    assert champion(shop) == "1"
    decisions = [row["decision"] for row in lake.table("promotions").read().to_pylist()]
    assert sorted(decisions) == ["kept", "promoted", "rejected"]

    # other data: the challenger must have been trained on the data of the date
    write_dataset(settings, seed=5, ds=LATER)
    with pytest.raises(RegistryError, match="was trained on dataset"):
        evaluate_version(settings, lake, ledger, LATER)

    # a champion of older data is judged on the new data beside the challenger
    train_and_log(settings, lake, ledger, LATER)
    evaluate_version(settings, lake, ledger, LATER)
    rows = lake.table("evaluations").read(where={"ds": [LATER.isoformat()]}).to_pylist()
    assert {row["model"] for row in rows} == {"ease", "popularity", "champion:1"}
    assert [row["k"] for row in rows if row["metric"] == "ndcg_gain"] == [10, 10]

    # two promotions at once: the second has not seen the first
    client = connect(settings)
    late = Decision("promoted", "7", "4", need(client, settings, "challenger").run_id, "eva", "late", LATER)
    with pytest.raises(RegistryError, match="it was promoted in the meantime"):
        decide_champion(client, settings, lake, late)
    assert champion(shop) == "1"


def test_tampered_artifact_is_refused(shop: Shop) -> None:
    version = need(connect(shop.settings), shop.settings, "challenger")
    with opened(version):
        pass
    uri = connect(shop.settings).get_model_version_download_uri(version.name, version.version)
    stored = next(
        Path(shop.settings.artifact_root).glob(f"*/models/{uri.rsplit('/', 3)[-2]}/artifacts"), None
    )
    roots = [stored] if stored else list(Path(shop.settings.artifact_root).glob("*/models/*/artifacts"))
    victims = [root / "artifacts/package/items.parquet" for root in roots]
    originals = {victim: victim.read_bytes() for victim in victims}
    try:
        for victim in victims:
            victim.write_bytes(originals[victim][:-1] + b"X")
        with pytest.raises(RegistryError, match=r"items\.parquet differs from its hash"), opened(version):
            pass
        for victim in victims:
            victim.unlink()
        with pytest.raises(RegistryError, match=r"items\.parquet is missing"), opened(version):
            pass
        for victim in victims:
            victim.write_bytes(originals[victim])
            (victim.parent / "extra.pkl").write_bytes(b"")
        with pytest.raises(RegistryError, match=r"extra\.pkl is not in"), opened(version):
            pass
    finally:
        for victim in victims:
            (victim.parent / "extra.pkl").unlink(missing_ok=True)
            victim.write_bytes(originals[victim])
    other = replace(version, tags={**version.tags, "package_sha256": "0" * 64})
    with pytest.raises(RegistryError, match="differs from the hash in the registry"), opened(other):
        pass
