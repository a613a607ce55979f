"""Uploads a trained model, verifies the upload, and registers a version."""

import datetime as dt
import importlib.metadata
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.model.base import Recommender, ServingTables
from causalrec.ranking.wording.book import packed
from causalrec.registry.asked import MARKET
from causalrec.registry.described import describe
from causalrec.registry.pack_rules import rules_to_pack
from causalrec.registry.package import RULES, WORDING, write_package
from causalrec.registry.reproduction.environment import REQUIREMENTS
from causalrec.registry.training_run import facts_of, origin_of
from causalrec.registry.versions import PACKAGE_HASH, ModelVersion, opened

if TYPE_CHECKING:
    from mlflow import MlflowClient

SCRIPT = Path(__file__).with_name("served.py")
LIBRARY = Path(__file__).parents[1]
NOBODY = "somebody"  # the example input names no real user, who may be erased one day


def register(
    client: "MlflowClient",
    settings: Settings,
    dataset: Dataset,
    fitted: tuple[Recommender, Recommender],
    ds: dt.date,
    run_id: str,
    short_fits: Mapping[str, ServingTables] = MappingProxyType({}),
) -> ModelVersion:
    """Uploads, compares the upload with its checksums, and only then registers a version.

    Args:
        fitted: the model that is judged, and the one that serves.
        short_fits: fits in the package to compare with a known truth, by label.
    """
    import mlflow

    facts = facts_of(settings, dataset, ds)
    with tempfile.TemporaryDirectory(prefix="causalrec-package-") as scratch:
        folder = Path(scratch) / "package"
        judged, served = fitted
        rules = {RULES: settings.scoring.model_dump(mode="json")}
        words = {WORDING: packed(settings.reasons).model_dump(mode="json")}
        origin = {**facts, **rules, **words, **origin_of(settings, dataset)}
        rules_file = rules_to_pack(settings, Lake(settings.lake_root, settings.lake), dataset, ds)
        digest = write_package(folder, served, dataset, origin, judged, short_fits, rules_file)
        info = _log_model(folder, private_copy(LIBRARY, Path(scratch) / "code"), settings.scoring.k)
    name = settings.registry.model_name
    tags = {**facts, PACKAGE_HASH: digest}
    with opened(ModelVersion(name, "(upload)", run_id, info.model_uri, tags)):
        pass
    version = str(mlflow.register_model(info.model_uri, name, tags=tags).version)
    describe(client, settings, dataset, ds, version)
    client.set_registered_model_alias(name, "challenger", version)
    return ModelVersion(name, version, run_id, info.model_uri, tags)


def private_copy(source: Path, target: Path) -> Path:
    """The copy ``target / source.name`` without bytecode.

    Its files have the modes that the umask allows; MLflow would copy those of the installation.
    """
    for file in source.rglob("*"):
        if file.is_file() and file.parent.name != "__pycache__":
            place = target / source.name / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    return target / source.name


def _log_model(folder: Path, library: Path, k: int) -> Any:  # noqa: ANN401 - MLflow is untyped
    import mlflow
    import pandas as pd

    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(library / SCRIPT.relative_to(LIBRARY)),
        artifacts={"package": str(folder)},
        code_paths=[str(library)],
        signature=signature(k),
        input_example=pd.DataFrame({"user_id": [NOBODY]}),
        pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in REQUIREMENTS],
    )


def signature(k: int) -> Any:  # noqa: ANN401 - MLflow is untyped
    """Users in, ranked items with reasons out; a request may name the number of rows, and a market.

    Every version has both: MLflow drops parameters that a signature lacks, so nobody would be told that a
    version knows no markets.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    columns = {
        "user_id": "string",
        "rank": "long",
        "item_id": "string",
        "score": "double",
        "reason_code": "string",
        "reason_text": "string",
        "reason_item_id": "string",
        "reason_image": "string",
        "shop_reason": "string",
        "fallback": "string",
        "policy": "string",
    }
    return ModelSignature(
        inputs=Schema([ColSpec("string", "user_id")]),
        outputs=Schema([ColSpec(kind, name) for name, kind in columns.items()]),
        params=ParamSchema([ParamSpec("k", "long", k), ParamSpec(MARKET, "string", "")]),
    )
