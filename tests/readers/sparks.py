"""The one session of Spark for all tests. It runs in this process and listens on loopback only."""

import atexit
import contextlib
import functools
import os

import archives


@functools.cache
def session():
    os.environ |= {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(archives.FOLDER)}
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(archives.FOLDER / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2]").appName("readers")
    for name, value in settings.items():
        builder = builder.config(name, value)
    # Relative paths of the recipes are in this folder, to Java as well.
    with contextlib.chdir(archives.FOLDER):
        spark = builder.getOrCreate()
    atexit.register(spark.stop)
    return spark


def rows(frame):
    """Collects a frame as tuples."""
    return [tuple(row) for row in frame.collect()]
