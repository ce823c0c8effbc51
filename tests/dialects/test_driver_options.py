"""The options in a URL that the drivers of one database do not share."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import aiomysql
import asyncmy
import asyncpg
import psycopg
import pymysql  # type: ignore[import-untyped]
import pytest
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from alembic_proof import async_url, dialects, sync_url
from alembic_proof.dialects.driver_options import DriverOptions, Spelling, translated, words

OPTIONS = DriverOptions(
    names={"sslmode": Spelling("ssl"), "ssl": Spelling("ssl", {"true": "require"})},
    left_out=words("cache echo"),
    refused=words("options"),
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ({}, (), ())),
        ({"other": "1", "hosts": ("a", "b")}, ({"other": "1", "hosts": ("a", "b")}, (), ())),
        ({"sslmode": "prefer"}, ({"ssl": "prefer"}, (), ())),
        ({"ssl": "prefer"}, ({"ssl": "prefer"}, (), ())),
        ({"ssl": "True"}, ({"ssl": "require"}, (), ())),
        ({"ssl": "true", "sslmode": "verify-full"}, ({"ssl": "verify-full"}, (), ())),
        ({"echo": "1", "cache": "0", "a": "b"}, ({"a": "b"}, ("cache", "echo"), ())),
        ({"options": "x"}, ({}, (), ("options",))),
    ],
)
def test_translated(query: dict[str, Any], expected: Any) -> None:
    """An option that is not known is kept, for the driver to refuse: it may be new there, or misspelt."""
    assert tuple(translated(query, OPTIONS)) == expected


LIBPQ = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
# What each driver takes, and what SQLAlchemy takes from the URL before it does.
TAKES: dict[str, set[str]] = {
    "psycopg": {*LIBPQ, *inspect.signature(psycopg.connect).parameters},
    "psycopg2": LIBPQ,
    "asyncpg": {*inspect.signature(asyncpg.connect).parameters, "prepared_statement_cache_size"},
    "pymysql": {*inspect.signature(pymysql.connect).parameters},
    "asyncmy": {*inspect.signature(asyncmy.connect).parameters},
    "aiomysql": {*inspect.signature(aiomysql.connect).parameters},
}
# Objects, and what the URL has in another place.
NOT_IN_A_URL = words(
    "dsn host port user password database db passwd dbname loop connection_class record_class conninfo context conv "
    "row_factory cursor_factory cursorclass cursor_cls query_callback sock password_creator auth_plugin_map "
    "kwargs hostaddr read_default_file read_default_group named_pipe binary_prefix replication"
)
# Of PostgreSQL 17 and newer, or of no use in an application.
RARE = words(
    "service servicefile passfile krbsrvname gsslib gssdelegation direct_tls scram_client_key scram_server_key "
    "oauth_issuer oauth_client_id oauth_client_secret oauth_scope sslkeylogfile min_protocol_version "
    "max_protocol_version ssl_ca ssl_cert ssl_key server_public_key"
)


@pytest.mark.parametrize(
    ("target", "others"),
    [
        ("psycopg", ["asyncpg"]),
        ("psycopg2", ["asyncpg", "psycopg"]),
        ("asyncpg", ["psycopg"]),
        ("pymysql", ["asyncmy", "aiomysql"]),
        ("asyncmy", ["pymysql", "aiomysql"]),
        ("aiomysql", ["pymysql", "asyncmy"]),
    ],
)
def test_no_option_of_another_driver_is_unknown(target: str, others: list[str]) -> None:
    """A release of a driver that has one more fails this test: it has to be put into a table, or among the rare."""
    database = "postgresql" if target in ("psycopg", "psycopg2", "asyncpg") else "mysql"
    options = dialects.get(database).driver_options[target]
    treated = options.names.keys() | options.left_out | options.refused
    for other in others:
        assert TAKES[other] - TAKES[target] - treated - NOT_IN_A_URL - RARE == set(), other


def answers(url: Any) -> int:
    """Ask a database for a number, over an engine of the kind that its URL is for."""
    if not url.get_dialect().is_async:
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT 42")).scalar_one())

    async def ask() -> int:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.connect() as connection:
            return int((await connection.execute(text("SELECT 42"))).scalar_one())

    return asyncio.run(ask())


POSTGRESQL = [
    *("ssl=prefer", "sslmode=prefer", "sslmode=disable", "ssl=false", "connect_timeout=9", "application_name=a"),
    *("prepared_statement_cache_size=0", "command_timeout=60", "target_session_attrs=any", "timeout=9"),
    "ssl=prefer&prepared_statement_cache_size=0&command_timeout=60",
]
MYSQL = [
    *("charset=utf8mb4", "connect_timeout=9", "read_timeout=9", "write_timeout=9", "collation=utf8mb4_bin"),
    *("echo=1", "stmt_cache_size=9", "local_infile=0", "init_command=SELECT+1", "program_name=a", "auth_plugin="),
]


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
@pytest.mark.parametrize("query", POSTGRESQL)
def test_postgresqls_drivers_take_each_others_options(postgresql: str, driver: str, query: str) -> None:
    """From the URL of either, the application and the migrations reach the same database."""
    url = make_url(f"{postgresql}?{query}").set(drivername=f"postgresql+{driver}")
    assert answers(sync_url(url)) == answers(async_url(url)) == 42


@pytest.mark.parametrize("driver", ["pymysql", "asyncmy", "aiomysql"])
@pytest.mark.parametrize("query", MYSQL)
def test_mariadbs_drivers_take_each_others_options(mysql: str, driver: str, query: str) -> None:
    """Likewise."""
    url = make_url(f"{mysql}?{query}").set(drivername=f"mysql+{driver}")
    assert answers(sync_url(url)) == answers(async_url(url)) == 42


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
@pytest.mark.parametrize("query", ["timeout=9", "uri=true&mode=rwc", "cached_statements=9"])
def test_sqlites_drivers_take_each_others_options(sqlite: str, driver: str, query: str) -> None:
    """Likewise."""
    path = make_url(sqlite).database
    url = make_url(f"sqlite+{driver}:///{'file:' if 'uri' in query else ''}{path}?{query}")
    assert answers(sync_url(url)) == answers(async_url(url)) == 42
