"""A fleet in processes of its own: killed, interrupted, in each other's way, and on other machines."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine
from support.databases import DATABASES
from support.fleets import CREATE_GOODS, CREATE_SHOP, Fleet, making_fleet
from support.project import LIBRARY

from alembic_proof.fleet import Target, from_file

# Three revisions, statement by statement.
CHAIN = (
    tuple(CREATE_GOODS.splitlines()),
    (
        "op.add_column('goods', sa.Column('weight', sa.Integer))",
        "op.create_index('ix_goods_weight', 'goods', ['weight'])",
    ),
    ("op.add_column('shop', sa.Column('town', sa.String(20)))", "op.execute(\"UPDATE shop SET town = 'Seoul'\")"),
)
# Dies without a word, once, where a file says so: of a database, and a place.
DIES_HERE = """
import os, pathlib, signal
flag = pathlib.Path({directory!r}, f"{{pathlib.Path(op.get_bind().engine.url.database).name}} {place}")
if flag.exists():
    flag.unlink()
    os.kill(os.getpid(), signal.SIGKILL)
"""
# Says that it has begun, and waits until it may go on.
WAITS = """
import pathlib, time
pathlib.Path({begun!r}).touch()
while not pathlib.Path({go!r}).exists():
    time.sleep(0.01)
"""


def _start(fleet: Fleet, *arguments: str, stderr: int = subprocess.STDOUT, **variables: Any) -> subprocess.Popen[str]:
    """Start a command on the fleet, in a group of processes of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "alembic_proof", "fleet", *arguments, "--targets", fleet.file()],
        cwd=fleet.directory,
        env={**os.environ, "PYTHONPATH": str(LIBRARY), **variables},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def _run(fleet: Fleet, *arguments: str, **variables: Any) -> tuple[str, int]:
    running = _start(fleet, *arguments, **variables)
    told, _ = running.communicate(timeout=300)
    return told, running.returncode


def _until(path: Path, running: subprocess.Popen[str]) -> None:
    """Wait for a file, as long as somebody is there to make it."""
    while not path.exists():
        assert running.poll() is None, running.communicate()[0]
        time.sleep(0.01)


@pytest.fixture(params=DATABASES)
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    """Four databases at the first of two revisions, and a row in each."""
    with making_fleet(request.param, 4, tmp_path) as made:
        made.revision("r1", CREATE_SHOP, "op.drop_table('shop')")
        assert made.upgrade()[0].ok
        for target in made.targets:
            made.rows(target.name, "INSERT INTO shop (id, name) VALUES (1, 'a row')")
        yield made


def _assert_at_head(fleet: Fleet) -> None:
    """All are there, nothing is half done, and no row is lost or doubled."""
    for target in fleet.targets:
        assert fleet.rows(target.name, "SELECT version_num FROM alembic_version") == [("r2",)]
        assert fleet.rows(target.name, "SELECT id, name FROM shop") == [(1, "a row")]
        assert fleet.rows(target.name, "SELECT COUNT(*) FROM goods") == [(0,)]
    told, code = _run(fleet, "check")
    assert code == 0, told


@pytest.mark.parametrize("kind", DATABASES)
def test_workers_that_are_killed_at_any_statement_lose_nothing(kind: str, tmp_path: Path) -> None:
    """What one had is done by another, from the beginning or, on MariaDB, from the statement where it ended."""
    places = [(number, place) for number, statements in enumerate(CHAIN) for place in range(len(statements) + 1)]
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    with making_fleet(kind, len(places), tmp_path) as fleet:
        fleet.revision("r0", CREATE_SHOP, "op.drop_table('shop')")
        assert fleet.upgrade()[0].ok
        for target, where in zip(fleet.targets, places, strict=True):
            fleet.rows(target.name, "INSERT INTO shop (id, name) VALUES (1, 'a row')")
            (deaths / f"{Path(str(target.address.database)).name} {where}").touch()
        for number, statements in enumerate(CHAIN):
            dies = [DIES_HERE.format(directory=str(deaths), place=(number, at)) for at in range(len(statements) + 1)]
            steps = [step for pair in zip(dies, (*statements, ""), strict=True) for step in pair]
            fleet.revision(f"r{number + 1}", "\n".join(steps))
        told, code = _run(fleet, "upgrade", "--workers", "2")
        assert code == 0, told
        assert told.count(": upgraded (") == len(places), told
        assert not [*deaths.iterdir()]
        for target in fleet.targets:
            assert fleet.rows(target.name, "SELECT id, name, town FROM shop") == [(1, "a row", "Seoul")]
            assert fleet.rows(target.name, "SELECT COUNT(weight) FROM goods") == [(0,)]
        told, code = _run(fleet, "check")
        assert code == 0, told


def _waiting(fleet: Fleet, tmp_path: Path) -> tuple[Path, Path]:
    """Let the second revision wait at its first statement, in the fleet's own databases only."""
    begun, go = tmp_path / "begun", tmp_path / "go"
    waits = WAITS.format(begun=str(begun), go=str(go))
    body = "\n".join(f"    {line}" for line in waits.strip().splitlines())
    create, index = CREATE_GOODS.splitlines()
    has_rows = "if op.get_bind().exec_driver_sql('SELECT COUNT(*) FROM shop').scalar():"
    fleet.revision("r2", f"{create}\n{has_rows}\n{body}\n{index}", "op.drop_table('goods')")
    return begun, go


@pytest.mark.parametrize("fleet", ["postgresql", "mysql"], indirect=True)
def test_a_parent_that_is_killed_loses_nothing(fleet: Fleet, tmp_path: Path) -> None:
    """Its workers end the job that they have, and not one more; the next run does the rest."""
    begun, go = _waiting(fleet, tmp_path)
    running = _start(fleet, "upgrade", "--workers", "2")
    _until(begun, running)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    go.touch()
    told, code = _run(fleet, "upgrade")
    assert code == 0, told
    _assert_at_head(fleet)


@pytest.mark.parametrize("fleet", ["postgresql"], indirect=True)
def test_ctrl_c_lets_what_is_running_end(fleet: Fleet, tmp_path: Path) -> None:
    """The rest is not begun, and the next run goes on. No password is in the list of processes meanwhile."""
    begun, go = _waiting(fleet, tmp_path)
    running = _start(fleet, "upgrade", "--workers", "2")
    _until(begun, running)
    commands = [path.read_bytes() for path in _command_lines(running.pid)]
    assert len(commands) > 1
    assert not any(b"://" in command for command in commands)
    os.killpg(running.pid, signal.SIGINT)
    line = ""
    while "Stopping." not in line:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line, "it ended without a word"
    go.touch()
    told, _ = running.communicate(timeout=120)
    assert running.returncode == 130, told
    assert "mall-1: upgraded" in line + told
    assert "not begun (nothing was changed there)" in told
    told, code = _run(fleet, "upgrade")
    assert code == 0, told
    _assert_at_head(fleet)


@pytest.mark.parametrize("action", ["status", "upgrade", "drift"])
def test_ctrl_c_while_servers_do_not_answer(action: str, tmp_path: Path) -> None:
    """It ends with a sentence, and the many that are waiting are not asked."""
    fleet = Fleet(tmp_path)
    fleet.revision("r1", CREATE_SHOP)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql://somebody@127.0.0.1:{server.getsockname()[1]}"
        fleet.targets = from_file((f"mall-{n} {url}/d{n}" for n in range(60)), "the test", tmp_path)
        running = _start(fleet, action)
        silent = [server.accept() for _ in range(2)]
        os.killpg(running.pid, signal.SIGINT)
        told, _ = running.communicate(timeout=60)
        for connection, _ in silent:
            connection.close()
    assert told.splitlines() == ["Interrupted. Nothing was changed."]
    assert running.returncode == 130


def _command_lines(group: int) -> list[Path]:
    """Return the files with the command lines of the processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(path.name)) == group:
                found.append(path / "cmdline")
        except ProcessLookupError:
            continue
    return found


@pytest.mark.parametrize("fleet", ["postgresql", "mysql"], indirect=True)
def test_two_fleets_at_once(fleet: Fleet, tmp_path: Path) -> None:
    """Each target is migrated once, and both commands succeed."""
    fleet.revision("r2", CREATE_GOODS, "op.drop_table('goods')")
    both = [_start(fleet, "upgrade", "--workers", "2") for _ in range(2)]
    for running in both:
        told, _ = running.communicate(timeout=300)
        assert running.returncode == 0, told
    _assert_at_head(fleet)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_table_in_use_is_given_up(kind: str, tmp_path: Path) -> None:
    """In one sentence, with the others done; when the application is quiet, a rerun does the rest."""
    with making_fleet(kind, 3, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        assert fleet.upgrade()[0].ok
        fleet.revision("r2", "op.add_column('shop', sa.Column('city', sa.String(50)))")
        engine = create_engine(fleet.url("mall-2"), poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO shop (id, name) VALUES (1, 'in use')")
            told, code = _run(fleet, "upgrade", MIGRATION_LOCK_TIMEOUT="0.1")
        assert code == 1
        assert "mall-2: failed (Gave up waiting for a table in use" in told
        assert told.count(": upgraded (") == 2, told
        told, code = _run(fleet, "upgrade")
        assert code == 0, told


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_connection_that_is_lost_in_the_middle(kind: str, tmp_path: Path) -> None:
    """It is told, the others are done, and a rerun goes on."""
    create, index = CREATE_GOODS.splitlines()
    end = {
        "postgresql": "'SELECT pg_terminate_backend(pg_backend_pid())'",
        "mysql": "'KILL ' + str(op.get_bind().exec_driver_sql('SELECT CONNECTION_ID()').scalar())",
    }[kind]
    with making_fleet(kind, 3, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        assert fleet.upgrade()[0].ok
        fleet.rows("mall-2", "INSERT INTO shop (id, name) VALUES (1, 'here')")
        lose = f"if op.get_bind().exec_driver_sql('SELECT COUNT(*) FROM shop').scalar():\n    op.execute({end})"
        fleet.revision("r2", f"{create}\n{lose}\n{index}")
        told, code = _run(fleet, "upgrade")
        assert code == 1
        assert "mall-2: failed (" in told
        assert "Traceback" not in told
        fleet.rows("mall-2", "DELETE FROM shop")
        told, code = _run(fleet, "upgrade")
        assert (code, "cannot go on" in told) in [(0, False), (1, True)], told  # the revision runs other statements now
        assert (kind, code) != ("postgresql", 1)


@contextmanager
def _small_disk(directory: Path) -> Iterator[Path]:
    """Mount a file system of 400 KiB; skip the test where that is not allowed."""
    directory.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(directory)], check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs: run it as root to try a full disk")
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)


def test_a_full_disk(tmp_path: Path) -> None:
    """The target is as it was, the others are done; with room, a rerun does it."""
    with _small_disk(tmp_path / "small") as small, making_fleet("sqlite", 3, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        fleet.targets[1] = type(fleet.targets[1])("mall-2", fleet.targets[1].address.set(database=f"{small}/mall.db"))
        assert fleet.upgrade()[0].ok
        fleet.revision(
            "r2", "for n in range(100):\n    op.execute(f\"INSERT INTO shop (name) VALUES ('{'x' * 2000}')\")"
        )
        (small / "ballast").write_bytes(b"x" * 250_000)
        told, code = _run(fleet, "upgrade")
        assert code == 1
        assert "mall-2: failed (" in told
        assert "full" in told or "disk" in told
        assert fleet.rows("mall-2", "SELECT COUNT(*) FROM shop") == [(0,)]
        (small / "ballast").unlink()
        told, code = _run(fleet, "upgrade")
        assert code == 0, told


def test_fifty_targets_some_of_which_are_odd(tmp_path: Path) -> None:
    """Five have drifted, three are behind, one is unreachable: each is named, and the rest is done."""
    with making_fleet("sqlite", 50, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        assert fleet.upgrade()[0].ok
        fleet.revision("r2", CREATE_GOODS)
        assert fleet.upgrade()[0].ok
        for name in ("mall-3", "mall-13", "mall-23", "mall-33", "mall-43"):
            fleet.rows(name, "DROP INDEX ix_goods_price")
        for name in ("mall-5", "mall-15", "mall-25"):
            fleet.rows(name, "DROP TABLE goods")
            fleet.rows(name, "UPDATE alembic_version SET version_num = 'r1'")
        Path(str(fleet.targets[49].address.database)).write_bytes(b"no database" * 1000)
        told, code = _run(fleet, "check")
        assert code == 1
        assert "50 targets: 46 at head, 3 behind, 1 unreachable" in told
        assert "5 of 46: lacks index ix_goods_price of goods" in told
        assert "mall-13, mall-23, mall-3, mall-33, mall-43" in told
        told, code = _run(fleet, "upgrade")
        assert code == 1
        assert told.count(": upgraded (1 revision") == 3
        assert told.count(": wrong schema (lacks index ix_goods_price of goods") == 5
        assert "50 targets: 41 at head, 5 wrong schema, 3 upgraded, 1 unreachable" in told


def _dask(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.slow
def test_on_a_dask_cluster_of_which_a_worker_is_killed(tmp_path: Path) -> None:
    """A scheduler and two workers, processes of their own: all targets come to head."""
    pytest.importorskip("distributed")
    where, begun, go = tmp_path / "scheduler.json", tmp_path / "begun", tmp_path / "go"
    with making_fleet("postgresql", 8, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        assert fleet.upgrade()[0].ok
        for target in fleet.targets[2:3]:
            fleet.rows(target.name, "INSERT INTO shop (id, name) VALUES (1, 'a row')")
        waits = "\n".join(f"    {line}" for line in WAITS.format(begun=str(begun), go=str(go)).strip().splitlines())
        pid = f"    pathlib.Path({str(begun)!r}).write_text(str(__import__('os').getpid()))"
        has_rows = "if op.get_bind().exec_driver_sql('SELECT COUNT(*) FROM shop').scalar():"
        fleet.revision("r2", f"{has_rows}\n    import pathlib\n{pid}\n{waits}\n{CREATE_GOODS}")
        scheduler = ["distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(where)]
        worker = ["distributed.cli.dask_worker", "--scheduler-file", str(where), "--nthreads", "1", "--no-nanny"]
        processes = [_dask(*scheduler), _dask(*worker, "--no-dashboard"), _dask(*worker, "--no-dashboard")]
        try:
            while not (where.exists() and where.read_text().strip().endswith("}")):
                assert processes[0].poll() is None
                time.sleep(0.05)
            import json

            address = json.loads(where.read_text())["address"]
            running = _start(fleet, "upgrade", "--dask", address, "--workers", "2")
            while not (begun.exists() and begun.read_text()):
                assert running.poll() is None, running.communicate()[0]
                time.sleep(0.01)
            os.kill(int(begun.read_text()), signal.SIGKILL)
            go.touch()
            told, _ = running.communicate(timeout=120)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        assert running.returncode == 0, told
        told, code = _run(fleet, "check")
        assert code == 0, told


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("print('noise')", ""),
        ("raise SystemExit(3)", "exit code 3"),
        ("raise OSError('no')", "OSError: no"),
        ("import nobody_has_this", "nobody_has_this"),
    ],
)
def test_models_that_make_noise_or_cannot_be_imported(last: str, words: str, tmp_path: Path) -> None:
    """The process from which workers are forked imports them: a report stays as it is, and an error is told once."""
    with making_fleet("sqlite", 2, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        (fleet.directory / "pyproject.toml").write_text(
            '[tool.alembic-proof]\ndatabase-variable = "SHOP_URL"\nmodels = ["shop_models"]\n'
        )
        (fleet.directory / "shop_models.py").write_text(f"{last}\n")
        (fleet.directory / "alembic.ini").write_text(
            "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n"
        )
        running = _start(fleet, "upgrade", "--json", stderr=subprocess.PIPE)
        told, errors = running.communicate(timeout=300)
    if not words:
        assert json.loads(told)["summary"] == "2 targets: 2 upgraded"
        return
    assert (running.returncode, told) == (2, "")
    assert words in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_the_first_target_cannot_be_reached(kind: str, tmp_path: Path) -> None:
    """The others have their reference from one that can."""
    with making_fleet(kind, 3, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        fleet.targets[0] = Target("mall-1", fleet.targets[0].address.set(port=1))
        told, code = _run(fleet, "upgrade")
        assert (code, told.splitlines()[-1]) == (1, "3 targets: 2 upgraded, 1 unreachable")
        told, code = _run(fleet, "drift")
        assert (code, told.splitlines()[-1]) == (1, "3 targets: 2 as the revisions build them, 1 not read")
