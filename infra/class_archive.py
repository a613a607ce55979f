"""An archive of the classes that Spark loads, from which its virtual machines on this computer start.

Loading and checking ten thousand classes is most of what a short Spark session costs; a shared archive (class
data sharing, JEP 350) has them ready. Java ignores an archive that does not fit its version or class path.

    python -m infra.class_archive     # makes .work/spark.jsa
"""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ARCHIVE = ROOT / ".work" / "spark.jsa"
LIGHT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"
"""Options of a virtual machine that is quick to start; the code cache holds what many stages compile."""
LIMIT_S = 240.0  # an overloaded machine does without


def archived(java_options: str, archive: Path = ARCHIVE) -> str:
    """``java_options`` and those that start from the archive, if there is one.

    Options are words, so an archive below a folder with a blank in its name is not used.
    """
    if not archive.is_file() or len(str(archive).split()) > 1 or "SharedArchiveFile" in java_options:
        return java_options
    return f"{java_options} -XX:SharedArchiveFile={archive} -Xlog:cds*=off".strip()


def make(archive: Path = ARCHIVE) -> None:
    """Runs a Spark session that does a little of everything and archives the classes that it loaded."""
    from pyspark import SparkContext

    from causalrec.config.spark import SparkSettings
    from causalrec.lake.session import spark_session

    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        made = Path(folder) / archive.name
        options = f"-XX:+UseSerialGC -XX:ArchiveClassesAtExit={made} -Xlog:disable -Xlog:all=error"
        with spark_session(SparkSettings(java_options=options), "class_archive") as spark:
            _work(spark, Path(folder) / "rows")
        gateway = SparkContext._gateway
        gateway.shutdown()
        gateway.proc.stdin.close()  # the virtual machine ends, and writes the archive
        try:
            gateway.proc.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            gateway.proc.kill()
            raise
        made.replace(archive)


def _work(spark: Any, folder: Path) -> None:  # noqa: ANN401 - a session of an untyped library
    """Reads, joins, groups, ranks and writes rows in every format of the stages."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    rows = spark.createDataFrame(
        [(f"u{n % 3}", f"i{n}", "2026-03-01T12:00:00Z", float(n), ["a", "b"]) for n in range(9)],
        "user string, item string, time string, price double, tags array<string>",
    )
    rows.write.partitionBy("user").json(str(folder / "json"))
    rows.drop("tags").write.option("header", True).csv(str(folder / "csv"))
    read = spark.read.schema(rows.schema).json(str(folder / "json"))
    lines = spark.read.text(str(folder / "csv")).withColumn("file", F.input_file_name())
    lines.where(F.col("value").rlike("i[0-9]")).withColumn("hash", F.sha2("value", 256)).count()
    typed = read.withColumn("time", F.to_timestamp("time")).withColumn("tag", F.explode("tags"))
    newest = Window.partitionBy("user").orderBy(F.desc("time"), "item")
    ranked = typed.withColumn("rank", F.row_number().over(newest)).where("rank < 5").cache()
    totals = ranked.groupBy("user").agg(F.sum("price").alias("sum"), F.collect_list("item").alias("items"))
    joined = ranked.join(totals, "user", "left").withColumn("date", F.to_date("time"))
    joined.mapInArrow(_same, joined.schema).orderBy("item").write.partitionBy("date").parquet(
        str(folder / "parquet")
    )
    spark.read.parquet(str(folder / "parquet")).unionByName(joined).distinct().toArrow()


def _same(batches: Iterator[Any]) -> Iterator[Any]:
    yield from batches


if __name__ == "__main__":
    make()
