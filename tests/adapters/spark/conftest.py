"""A Spark cluster of this machine: a master and two workers on loopback, gone when the tests are done."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

HERE = "127.0.0.1"
PATIENCE = 180
"""Seconds that a process has to begin, or to end."""
QUIET = """
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1}: %m%n
"""


def missing() -> str:
    """What a cluster would need and this machine does not have."""
    home = os.environ.get("JAVA_HOME")
    if not (shutil.which("java") or (home and (Path(home) / "bin" / "java").exists())):
        return "Spark needs Java 17 or newer"
    try:
        import pyspark  # noqa: F401
    except ModuleNotFoundError:
        return "pyspark is not installed here; make spark brings it"
    return ""


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        listening = [held.enter_context(socket.create_server((HERE, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in listening]


def wait_for(what: str, reached) -> None:
    until = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < until, f"{what} within {PATIENCE} seconds"
        time.sleep(0.1)


def answers(port: int, process: subprocess.Popen) -> bool:
    assert process.poll() is None, "Spark's master ended; its output is in the files of the run"
    with socket.socket() as probe:
        return probe.connect_ex((HERE, port)) == 0


@contextmanager
def running(log: Path, *words: str) -> Iterator[subprocess.Popen]:
    """One of Spark's own programs, ended in every case."""
    from pyspark.find_spark_home import _find_spark_home

    program = Path(_find_spark_home()) / "bin" / "spark-class"
    with log.open("wb") as out, subprocess.Popen(["bash", program, *words], stdout=out, stderr=out) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def cluster(files: Path) -> Iterator[str]:
    """The address of a master with two workers."""
    port, *pages = free_ports(4)
    url = f"spark://{HERE}:{port}"
    deploy = "org.apache.spark.deploy"
    places = ("--host", HERE, "--webui-port")
    with ExitStack() as until_the_end:
        master = until_the_end.enter_context(
            running(files / "master.log", f"{deploy}.master.Master", *places, str(pages[0]), "--port", str(port))
        )
        wait_for("the master listens", lambda: answers(port, master))
        for number in (1, 2):
            size = ("--cores", "1", "--memory", "1g", "--work-dir", str(files / f"worker{number}"))
            until_the_end.enter_context(
                running(
                    files / f"worker{number}.log", f"{deploy}.worker.Worker", *places, str(pages[number]), *size, url
                )
            )
        yield url


@contextmanager
def connected(url: str) -> Iterator[object]:
    """A session on the cluster, with both workers there; Java ends with it."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.bindAddress": HERE,
        "spark.driver.host": HERE,
        "spark.executor.memory": "1g",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    try:
        session = SparkSession.builder.master(url).appName("crmkit").config(map=settings).getOrCreate()
        known = session.sparkContext._jsc.sc().getExecutorMemoryStatus
        wait_for("both workers are there", lambda: known().size() == 3)  # the driver counts
        yield session
    finally:
        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()
        gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None
        if gateway is not None:
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait(PATIENCE)


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    if missing():
        pytest.skip(missing())
    files = tmp_path_factory.mktemp("spark")
    (files / "log4j2.properties").write_text(QUIET)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "SPARK_CONF_DIR": files,
            "SPARK_LOCAL_DIRS": files / "scratch",
            "SPARK_LOCAL_IP": HERE,
            "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
            "PYSPARK_PYTHON": sys.executable,
        }.items():
            patch.setenv(name, str(value))
        patch.delenv("SPARK_HOME", raising=False)
        with cluster(files) as url, connected(url) as session:
            yield session
