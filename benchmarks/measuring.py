"""Whole processes, the two sides of a ratio in turn, the best of several runs of each."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import uuid4

from sqlalchemy import NullPool, create_engine, make_url

REPOSITORY = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
Side = Callable[[int], float]  # given the number of the run, returns its seconds
SERVERS = {"PostgreSQL": "TEST_POSTGRESQL_URL", "MariaDB": "TEST_MYSQL_URL"}


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it may be at most."""

    name: str
    value: float
    limit: float
    detail: str

    @property
    def over(self) -> bool:
        """Tell whether the limit is not kept."""
        return self.value > self.limit

    def __str__(self) -> str:
        return f"{self.value:6.2f} of {self.limit:g}{' OVER' if self.over else ''}  {self.name}: {self.detail}"


def run(*command: "str | Path", cwd: Path, **variables: str) -> float:
    """Run a command, which must succeed, with the library of this repository; return the seconds that it took."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = {"HOME": str(cwd), "PATH": path, "PYTHONPATH": str(REPOSITORY / "src"), **variables}
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8")
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{command}\n{done.stdout}{done.stderr}")
    return seconds


def ratio(name: str, limit: float, ours: Side, plain: Side, runs: int, times: int) -> Figure:
    """Return the ratio of the best seconds of each side: the one in the middle, if it is measured several times."""

    def once() -> tuple[float, float, float]:
        pairs = [(ours(n), plain(n)) for n in range(runs + 1)][1:]  # the first warms the caches
        best, base = (min(seconds) for seconds in zip(*pairs, strict=True))
        return best / base, best, base

    measured = sorted(once() for _ in range(times))
    value, best, base = measured[len(measured) // 2]
    assert value == median(ratio for ratio, *_ in measured) or times % 2 == 0
    all_ratios = f" (of {', '.join(f'{ratio:.2f}' for ratio, *_ in measured)})" if times > 1 else ""
    return Figure(name, value, limit, f"{best:.2f} s / {base:.2f} s{all_ratios}")


@contextmanager
def server_database(server: str) -> Iterator[str]:
    """Make an empty database on a server, given the URL of another one there, and yield its URL."""
    name = f"benchmark_{uuid4().hex[:12]}"
    with create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


@contextmanager
def databases(directory: Path) -> Iterator[dict[str, str]]:
    """Yield the URL of an empty database of each kind that can be measured: SQLite, and servers that are named."""
    with ExitStack() as stack:
        urls = {kind: stack.enter_context(server_database(server)) for kind, server in servers().items()}
        yield {"SQLite": f"sqlite:///{(directory / 'many.db').as_posix()}", **urls}


def servers() -> dict[str, str]:
    """Return the URL of a database on each kind of server that is named."""
    named = {kind: os.environ.get(variable, "") for kind, variable in SERVERS.items()}
    return {kind: url for kind, url in named.items() if url}
