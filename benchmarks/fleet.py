"""A fleet on PostgreSQL: against a loop of alembic processes, and against the same SQL sent by threads.

Needs TEST_POSTGRESQL_URL, and room for 1,000 small databases.
"""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from alembic_proof.fleet import Project, Target, from_file, look
from alembic_proof.fleet.fingerprint import read_target
from alembic_proof.fleet.history import history

from .measuring import REPOSITORY, SERVERS, Figure, run

DATABASES, REVISIONS, MANY, THREADS = 100, 10, 1000, 8
SAMPLE = 10  # so many alembic processes are measured, and counted for all
DELAY = 0.005  # seconds to the server and back
CREATE = "CREATE TABLE t{n} (id SERIAL PRIMARY KEY, name VARCHAR(50) NOT NULL, amount INTEGER)"


def measure(directory: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield the figures; each is measured once, as a fleet that was migrated is not empty any more."""
    server = os.environ.get(SERVERS["PostgreSQL"])
    if server is None:
        return
    project = _project(directory)
    with _databases(server, DATABASES) as urls:
        yield from _from_empty(project, urls)
        yield from _one_pending(project, urls)
        yield from _drift(project, urls)
    with _databases(server, 80) as urls:
        yield _far_away(project, urls)
    with _databases(server, MANY) as urls:
        yield _status(project, urls)
    with _databases(server, 1) as (url,):
        yield _schemas(project, url)
    yield _memory(directory)


def _project(directory: Path) -> Path:
    """Make a project with revisions that create a table and an index each."""
    project = directory / "fleet"
    run("alembic", "init", project, cwd=directory)
    (directory / "alembic.ini").replace(project / "alembic.ini")
    ini = (project / "alembic.ini").read_text()
    location = next(line for line in ini.splitlines() if line.startswith("script_location"))
    ini = ini.replace(location, "script_location = %(here)s")
    (project / "alembic.ini").write_text(ini)
    env = (project / "env.py").read_text()
    env = env.replace(
        "from alembic import context\n", "from alembic import context\nfrom alembic_proof import migrating\n"
    )
    env = env.replace("connect() as connection:", "connect() as connection, migrating(connection):")
    (project / "env.py").write_text(env)
    for n in range(REVISIONS):
        _revision(project, n, f"op.execute('{CREATE.format(n=n)}')\n    op.execute('{_index(n)}')")
    return project


def _index(n: int) -> str:
    return f"CREATE INDEX ix_t{n} ON t{n} (name)"


def _revision(project: Path, n: int, body: str) -> None:
    before = repr(f"r{n - 1}") if n else None
    (project / f"versions/r{n}.py").write_text(
        f"from alembic import op\n\nrevision, down_revision = 'r{n}', {before}\n\n\ndef upgrade():\n    {body}\n\n\n"
        "def downgrade():\n    pass\n"
    )


@contextmanager
def _databases(server: str, number: int) -> Iterator[list[str]]:
    """Make empty databases and yield their URLs."""
    prefix = f"benchmark_{uuid4().hex[:8]}_"
    urls = [make_url(server).set(database=f"{prefix}{n}").render_as_string(hide_password=False) for n in range(number)]
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        try:
            for n in range(number):
                connection.execute(f"CREATE DATABASE {prefix}{n}".encode())
            yield urls
        finally:
            for n in range(number):
                connection.execute(f"DROP DATABASE IF EXISTS {prefix}{n} WITH (FORCE)".encode())


def _settle() -> None:
    """Let the server write what was made for the benchmark, so that no side waits for it."""
    with psycopg.connect(_plain(os.environ[SERVERS["PostgreSQL"]]), autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def _plain(url: str) -> str:
    """Return a URL as psycopg itself reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _fleet(project: Path, urls: list[str], *arguments: str) -> float:
    """Run a command on the targets and return its seconds."""
    file = project / "targets.txt"
    file.write_text("".join(f"mall-{n} {url}\n" for n, url in enumerate(urls)))
    _settle()
    return run(sys.executable, "-m", "alembic_proof", "fleet", *arguments, "--targets", file, cwd=project)


def _loop(project: Path, urls: list[str]) -> float:
    """Return the seconds of an alembic process for each target, from a sample."""
    ini = (project / "alembic.ini").read_text()
    line = next(line for line in ini.splitlines() if line.startswith("sqlalchemy.url"))
    seconds = 0.0
    for n, url in enumerate(urls[:SAMPLE]):
        (project / f"{n}.ini").write_text(ini.replace(line, f"sqlalchemy.url = {url}"))
        seconds += run("alembic", "-c", f"{n}.ini", "upgrade", "head", cwd=project)
    return seconds / SAMPLE * len(urls)


def _raw(urls: list[str], *statements: str) -> float:
    """Return the seconds of sending statements to all databases from threads, each statement a transaction."""

    def send(url: str) -> None:
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    _settle()
    begin = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send, urls))
    return time.perf_counter() - begin


def _figure(name: str, ours: float, other: float, limit: float) -> Figure:
    return Figure(f"fleet, {name}", ours / other, limit, f"{ours:.2f} s / {other:.2f} s")


def _from_empty(project: Path, urls: list[str]) -> Iterator[Figure]:
    loop = _loop(project, urls)
    _empty(urls)
    statements = [statement for n in range(REVISIONS) for statement in (CREATE.format(n=n), _index(n))]
    raw = _raw(urls, *statements)
    _empty(urls)
    ours = _fleet(project, urls, "upgrade")
    yield _figure(f"{len(urls)} databases from empty / a loop of alembic processes", ours, loop, 0.1)
    yield _figure(f"{len(urls)} databases from empty / the same DDL from {THREADS} threads", ours, raw, 3)


def _empty(urls: list[str]) -> None:
    _raw(urls, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


def _one_pending(project: Path, urls: list[str]) -> Iterator[Figure]:
    _revision(project, REVISIONS, "op.execute('ALTER TABLE t0 ADD COLUMN one INTEGER')")
    loop = _loop(project, urls)
    _raw(
        urls[:SAMPLE], "ALTER TABLE t0 DROP COLUMN one", f"UPDATE alembic_version SET version_num = 'r{REVISIONS - 1}'"
    )
    ours = _fleet(project, urls, "upgrade")
    yield _figure(f"one revision in {len(urls)} databases / a loop of alembic processes", ours, loop, 0.04)


def _drift(project: Path, urls: list[str]) -> Iterator[Figure]:
    _raw(urls[7:8], "DROP INDEX ix_t3")
    _raw(urls[50:51], "ALTER TABLE t1 ALTER COLUMN amount TYPE BIGINT")
    _raw(urls[99:], "ALTER TABLE t2 ALTER COLUMN name DROP NOT NULL")
    file = project / "targets.txt"
    _settle()
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "alembic_proof", "fleet", "drift", "--targets", str(file)],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = time.perf_counter() - begin
    assert all(f"1 of {len(urls)}" in done.stdout and f"mall-{n}" in done.stdout for n in (7, 50, 99)), done.stdout
    revisions = history(Project(project / "alembic.ini"))
    targets = from_file([f"mall-{n} {url}" for n, url in enumerate(urls)], "the benchmark", project)
    pairs = []
    for _ in range(3):
        begin = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda target: read_target(target, revisions), targets))
        pairs.append((time.perf_counter() - begin, _raw(urls, "SELECT version_num FROM alembic_version")))
    reading, selects = (min(seconds) for seconds in zip(*pairs, strict=True))
    yield _figure(f"schemas of {len(urls)} read / as many SELECTs", reading, selects, 3)
    yield _figure(f"drift of {len(urls)}, process and reference included / as many SELECTs", ours, selects, 3)


def _status(project: Path, urls: list[str]) -> Figure:
    _raw(
        urls,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
        f"INSERT INTO alembic_version VALUES ('r{REVISIONS}')",
    )
    revisions = history(Project(project / "alembic.ini"))
    targets = from_file([f"mall-{n} {url}" for n, url in enumerate(urls)], "the benchmark", project)
    pairs = []
    for _ in range(3):
        begin = time.perf_counter()
        standings = look(targets, revisions)
        pairs.append((time.perf_counter() - begin, _raw(urls, "SELECT version_num FROM alembic_version")))
        assert {standing.state.value for standing in standings} == {"at head"}
    ours, raw = (min(seconds) for seconds in zip(*pairs, strict=True))
    return _figure(f"status of {len(urls)} at head / as many SELECTs", ours, raw, 1.2)


def _schemas(project: Path, url: str) -> Figure:
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        for n in range(MANY):
            connection.execute(
                f"CREATE SCHEMA s{n} CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)".encode()
            )
            connection.execute(f"INSERT INTO s{n}.alembic_version VALUES ('r{REVISIONS}')".encode())
    revisions = history(Project(project / "alembic.ini"))
    targets = [Target(f"s{n}", make_url(url).set(drivername="postgresql+psycopg"), f"s{n}") for n in range(MANY)]
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        assert {standing.state.value for standing in look(targets, revisions)} == {"at head"}
        seconds.append(time.perf_counter() - begin)
    return Figure(f"fleet, status of {MANY} schemas, seconds", min(seconds), 0.5, f"{min(seconds):.2f} s")


def _far_away(project: Path, urls: list[str]) -> Figure:
    """Return eight workers against one, through a proxy that delays."""
    with _proxy(urls[0]) as port:
        far = [make_url(url).set(host="127.0.0.1", port=port).render_as_string(hide_password=False) for url in urls]
        one = _fleet(project, far[:40], "upgrade", "--workers", "1")
        eight = _fleet(project, far[40:], "upgrade", "--workers", "8")
    return _figure(f"8 workers / 1, {DELAY * 1000:g} ms away, {len(urls) // 2} databases each", eight, one, 0.25)


@contextmanager
def _proxy(url: str) -> Iterator[int]:
    """Run a proxy that keeps back what a server answers for a while, and yield its port."""
    server = make_url(url)
    loop = asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
        while part := await reader.read(65536):
            await asyncio.sleep(delay)
            writer.write(part)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(server.host, server.port or 5432)
        await asyncio.gather(pump(reader, back, 0), pump(there, writer, DELAY), return_exceptions=True)

    listening = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _memory(directory: Path) -> Figure:
    """Return the memory of a command that looks at 1,000 targets, against one that looks at 100."""
    project = directory / "fleet"

    def peak(number: int) -> int:
        file = project / "many.txt"
        file.write_text("".join(f"mall-{n} sqlite:////nowhere/{n}.db\n" for n in range(number)))
        code = (
            "import resource, sys\n"
            "from alembic_proof.cli import main\n"
            f"main(['fleet', 'status', '--targets', {str(file)!r}, '--json'])\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=project, env=environment, capture_output=True, text=True, check=True
        )
        return int(done.stderr.split()[-1])

    few, many = peak(100), peak(MANY)
    return Figure("fleet, memory for 1,000 targets / for 100", many / few, 1.1, f"{many} KiB / {few} KiB")
