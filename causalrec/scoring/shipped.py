"""The files of a model on their way to the executors of Spark."""

import atexit
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalrec.ranking.ann import save_index
from causalrec.registry.package import RECOMMENDER, SERVING, ModelPackage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

INDEX = "items.faiss"


def ship_model(
    spark: "SparkSession",
    package: ModelPackage,
    name: str,
    index: Any,  # noqa: ANN401 - faiss is untyped
) -> str:
    """Sends the model's files, and an ``index`` if there is one, to every executor.

    Returns:
        ``name``, under which an executor finds them.
    """
    archive = Path(tempfile.mkdtemp(dir=outbox())) / f"{name}.zip"
    files = (
        [package.folder / SERVING] if package.factorised else sorted((package.folder / RECOMMENDER).iterdir())
    )
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for file in [*files, package.folder / "manifest.json"]:
            target.write(file, file.relative_to(package.folder))
        if index is not None:
            save_index(index, archive.with_name(INDEX))
            target.write(archive.with_name(INDEX), INDEX)
    spark.sparkContext.addArchive(f"{archive.as_uri()}#{name}")
    return name


@cache
def outbox() -> Path:
    """Where this process keeps what it has sent, until it ends.

    An executor that is started later, in place of a lost one, asks for everything that was ever sent. The
    files hold ids of users, so none may be left behind.
    """
    folder = Path(tempfile.mkdtemp(prefix="causalrec-ship-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
