"""The URL of a database: where it is read from, what becomes of it, and what is said when it is of no use."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import URL, make_url

from alembic_proof import url as urls
from alembic_proof.errors import SettingsError


def parsed(text: str, root: Path | None = None) -> Any:
    """Return what becomes of a URL."""
    return urls.parse(text, source="SHOP_URL in the environment", root=root)


def refused(text: str, root: Path | None = None) -> str:
    """Return what is said of a URL that is of no use."""
    with pytest.raises(SettingsError) as error:
        parsed(text, root)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "drivername"),
    [
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg2"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg_async://u@h/d", "postgresql+psycopg"),
        ("mysql://u@h/d", "mysql+pymysql"),
        ("mariadb://u@h/d", "mariadb+pymysql"),
        ("mysql+aiomysql://u@h/d", "mysql+pymysql"),
        ("sqlite+aiosqlite:////d", "sqlite+pysqlite"),
        ("sqlite:////d", "sqlite+pysqlite"),
    ],
)
def test_the_installed_synchronous_driver_is_taken(text: str, drivername: str) -> None:
    """Whichever way the database is named."""
    assert parsed(text).drivername == drivername


@pytest.mark.parametrize(
    ("missing", "drivername"), [("psycopg", "postgresql+psycopg2"), ("psycopg psycopg2", "postgresql+psycopg")]
)
def test_another_driver_where_the_first_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, missing: str, drivername: str
) -> None:
    """The first one is named where none is installed: it is the one to install."""
    monkeypatch.setattr(urls, "find_spec", lambda module: None if module in missing.split() else find_spec(module))
    assert parsed("postgresql://u@h/d").drivername == drivername


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("sqlite+aiosqlite:///a.db?timeout=5", "sqlite+aiosqlite:///a.db?timeout=5"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg_async://u@h/d", "postgresql+psycopg_async://u@h/d"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("mysql://u@h/d", "mysql+asyncmy://u@h/d"),
        ("mysql+pymysql://u@h/d", "mysql+asyncmy://u@h/d"),
        ("mysql+aiomysql://u@h/d", "mysql+aiomysql://u@h/d"),
        ("mariadb+pymysql://u@h/d", "mariadb+asyncmy://u@h/d"),
        ("postgresql://u@/d?host=h:1&host=h2:2", "postgresql+psycopg://u@/d?host=h%3A1&host=h2%3A2"),
    ],
)
def test_the_installed_asynchronous_driver_is_taken(text: str, expected: str) -> None:
    """The one that is named, if it can be asynchronous; a path stays as it is."""
    assert str(urls.async_url(text)) == str(urls.async_url(make_url(text))) == expected


@pytest.mark.parametrize(
    ("missing", "drivername"),
    [("psycopg", "postgresql+asyncpg"), ("psycopg asyncpg", "postgresql+psycopg"), ("asyncmy", "mysql+aiomysql")],
)
def test_another_asynchronous_driver_where_the_first_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, missing: str, drivername: str
) -> None:
    """The first one is named where none is installed."""
    monkeypatch.setattr(urls, "find_spec", lambda module: None if module in missing.split() else find_spec(module))
    assert urls.async_url(f"{drivername.partition('+')[0]}://u@h/d").drivername == drivername


@pytest.mark.parametrize("text", ["sqlite:///a.db", "mysql+asyncmy://u:s3cret@h/d?charset=utf8mb4"])
def test_one_url_serves_the_application_and_its_migrations(text: str) -> None:
    """Each of the two functions takes what the other one gives."""
    assert urls.sync_url(urls.async_url(text)) == urls.sync_url(text)
    assert urls.async_url(urls.sync_url(text)) == urls.async_url(text)


def test_an_applications_url_is_read_from_the_same_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the driver that it names; a relative path begins at the project's directory."""
    monkeypatch.setenv("SHOP_URL", "postgresql+asyncpg://u@h/d?ssl=require")
    assert str(urls.database_url("SHOP_URL", asynchronous=True)) == "postgresql+asyncpg://u@h/d?ssl=require"
    assert str(urls.database_url("SHOP_URL")) == "postgresql+psycopg://u@h/d?sslmode=require"
    monkeypatch.setenv("SHOP_URL", "sqlite:///a.db")
    url = urls.database_url("SHOP_URL", project=tmp_path, asynchronous=True)
    assert str(url) == f"sqlite+aiosqlite:///{tmp_path}/a.db"


def test_options_that_a_driver_does_not_have_are_named(caplog: pytest.LogCaptureFixture) -> None:
    """Where they came from, and never what they say."""
    caplog.set_level("INFO", "alembic")
    text = "postgresql+asyncpg://u:s3cret@h/d?prepared_statement_cache_size=0&command_timeout=77&ssl=require"
    assert parsed(text).query == {"sslmode": "require"}
    assert caplog.messages == [
        "SHOP_URL in the environment: left out, as the driver psycopg has no such option: command_timeout, "
        "prepared_statement_cache_size."
    ]


def test_options_that_must_not_be_left_out_are_refused() -> None:
    """The connection would see another schema, or be less secure."""
    with pytest.raises(SettingsError) as error:
        urls.async_url("postgresql+asyncpg://u:s3cret@h/d?options=-csearch_path%3Ds3cret&sslrootcert=s3cret")
    assert str(error.value) == (
        "The URL has options that the driver 'asyncpg' does not take from a URL: options, sslrootcert. Give them to "
        "the engine in connect_args, as this driver spells them, or name another driver in the URL."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty: give it a URL, or remove it."),
        ("nonsense", "is not a URL: write dialect://user:password@host:port/database"),
        ("postgresql://u:p@h:port/d", "is not a URL"),
        ("postgresql://u:s3cret@h:5432x/d", "is not a URL"),
        ("postgresql://u:ge@s3cret@127.0.0.1/x", "is not a URL"),
        ("postgresql://u@h/p@s3cret", "is not a URL"),
        ("oracle://u@h/d", "names the unknown database 'oracle': use sqlite, postgresql, mysql, mariadb."),
        ("postgresql+nope://u@h/d", "names the unknown driver 'nope': for postgresql use psycopg or psycopg2."),
        ("mysql+mysqldb://u:s3cret@h/d", "needs the driver 'mysqldb', which is not installed: add it to the"),
        ("postgresql://u:s3cret@h", "names no database: add it at the end"),
        ("sqlite:///shop.db", "has a relative SQLite path, and there is no project directory to take it from"),
    ],
)
def test_what_is_of_no_use_is_a_sentence(text: str, message: str) -> None:
    """It says where the URL was found, and never the password."""
    sentence = refused(text)
    assert sentence.startswith("SHOP_URL in the environment ")
    assert message in sentence
    assert "s3cret" not in sentence


@pytest.mark.parametrize(
    ("text", "database"),
    [
        ("sqlite:///a.db", "{root}/a.db"),
        ("sqlite:///./b/../a.db", "{root}/b/../a.db"),
        ("sqlite:///file:a.db?uri=true", "file:{root}/a.db"),
        ("sqlite:////elsewhere/a.db", "/elsewhere/a.db"),
        ("sqlite:///file:/elsewhere/a.db?uri=true", "file:/elsewhere/a.db"),
        ("sqlite:///:memory:", ":memory:"),
        ("sqlite://", None),
        ("postgresql://u@h/a.db", "a.db"),
    ],
)
def test_a_relative_path_begins_at_the_projects_directory(tmp_path: Path, text: str, database: str | None) -> None:
    """On SQLite, also in a file: URI."""
    assert parsed(text, tmp_path).database == (database and database.format(root=tmp_path))


@pytest.mark.parametrize(
    ("text", "is_in_memory"),
    [
        ("sqlite://", True),
        ("sqlite:///:memory:", True),
        ("sqlite:///file::memory:?uri=true", True),
        ("sqlite:///file:x?mode=memory&uri=true", True),
        ("sqlite:///x.db?mode=memory", False),
        ("sqlite:///file:x?mode=ro&uri=true", False),
        ("sqlite:///x.db", False),
    ],
)
def test_in_memory(text: str, is_in_memory: bool) -> None:
    """In each spelling that SQLite has for it."""
    assert urls.in_memory(make_url(text)) is is_in_memory


NAMES = ["a@b", "a#b", "a%b", "a b", "a:b", "a+b", "a&b=c", "한국", "p@ss/u:v@w"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite:///{root}/{}"])
def test_any_path_of_sqlite(tmp_path: Path, name: str, form: str) -> None:
    """C21: what would be a part of a password elsewhere is a name here, and is shown as it is."""
    url = parsed(form.format(name, root=tmp_path), tmp_path)
    assert url.database == f"{tmp_path}/{name}"
    assert urls.masked(url) == f"sqlite+pysqlite:///{tmp_path}/{name}"
    assert urls.masked(make_url(str(url))) == urls.masked(url)


def test_a_question_mark_in_a_path() -> None:
    """SQLAlchemy would take another file, without a word."""
    assert "a question mark in its path" in refused("sqlite:////srv/a?b.db")
    assert parsed("sqlite:////srv/a.db?timeout=5").query == {"timeout": "5"}


def test_a_uri_is_shown_decoded() -> None:
    """As when a database is opened for reading only."""
    url = URL.create("sqlite", database=Path("/srv/a@b%").as_uri(), query={"mode": "ro"})
    assert urls.masked(url) == "sqlite:///file:///srv/a@b%"


def test_masked() -> None:
    """No password, and no query, which can hold another one."""
    assert urls.masked(make_url("mysql://u:s3cret@h:1/d?ssl_key=s3cret")) == "mysql://u:***@h:1/d"


PASSWORD = "p%40 %@:/#?&=+ü한국 '\"\\$x${HOME}"


@pytest.mark.parametrize(
    ("encoding", "newline"), [("utf-8", "\n"), ("utf-8-sig", "\r\n")], ids=["of Linux", "of Windows"]
)
def test_any_password_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, newline: str) -> None:
    """Percent-encoded, from a file and from the environment, where it wins."""
    monkeypatch.delenv("SHOP_URL", raising=False)
    text = f"postgresql://u:{quote(PASSWORD, safe='')}@h/{{}}"
    (tmp_path / ".env").write_bytes(f"# shop{newline}SHOP_URL={text.format('file')}{newline}".encode(encoding))
    url = urls.database_url("SHOP_URL", project=tmp_path)
    assert (url.password, url.database) == (PASSWORD, "file")
    monkeypatch.setenv("SHOP_URL", f" {text.format('environment')}\n")
    url = urls.database_url("SHOP_URL", project=tmp_path)
    assert (url.password, url.database) == (PASSWORD, "environment")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "SHOP_URL is not set, neither in the environment nor in {}/.env: write SHOP_URL=URL into .env, or ex"),
        ({".env": b"OTHER=1"}, "SHOP_URL is not set, neither in the environment nor in {}/.env: write"),
        ({".env": b"SHOP_URL"}, "{}/.env, line 1: SHOP_URL has no value: write SHOP_URL=URL."),
        (
            {".env": b"A=1", ".env.example": b""},
            "SHOP_URL is not set, neither in the environment nor in {}/.env: write",
        ),
        ({".env.example": b""}, "nor in {}/.env: copy .env.example to .env, or export it."),
        ({".env": b"SHOP_URL="}, "SHOP_URL in {}/.env is empty: give it a URL, or remove it."),
        ({".env": b"SHOP_URL=nonsense"}, "SHOP_URL in {}/.env is not a URL"),
        ({".env": b"SHOP_URL=sqlite:///\xff.db"}, "{}/.env is not UTF-8 text: save it as UTF-8."),
    ],
)
def test_a_file_that_does_not_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], message: str
) -> None:
    """The sentence names it."""
    monkeypatch.delenv("SHOP_URL", raising=False)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError) as error:
        urls.database_url("SHOP_URL", project=tmp_path)
    assert message.format(tmp_path) in str(error.value)


def test_an_installed_application_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that the environment is the only place."""
    monkeypatch.delenv("SHOP_URL", raising=False)
    with pytest.raises(SettingsError, match="SHOP_URL is not set in the environment: export it"):
        urls.database_url("SHOP_URL")


def test_python_dotenv_is_needed_for_the_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, the environment still serves."""
    monkeypatch.setitem(sys.modules, "dotenv.parser", None)
    monkeypatch.setenv("SHOP_URL", "sqlite:///a.db")
    (tmp_path / ".env").write_text("SHOP_URL=sqlite:///b.db")
    assert urls.database_url("SHOP_URL", project=tmp_path).database == f"{tmp_path}/a.db"
    monkeypatch.delenv("SHOP_URL")
    with pytest.raises(SettingsError, match=r"to read .*\.env, python-dotenv must be installed\."):
        urls.database_url("SHOP_URL", project=tmp_path)
