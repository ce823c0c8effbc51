"""The URL of a database: found, completed with a driver and an absolute path, and masked."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from . import dialects, dotenv_file
from .dialects.base import log
from .dialects.driver_options import DriverOptions, translated
from .errors import SettingsError

_THE_URL = "The URL"  # in messages, where nobody knows from where it came


def database_url(variable: str, *, project: Path | None = None, asynchronous: bool = False) -> URL:
    """Return the URL in an environment variable, else in the file ``.env`` of the project's directory.

    :param variable: the name of the variable, in the environment and in the file.
    :param project: the project's directory; relative paths of SQLite start there. None for an application that is
        installed somewhere else: it has no ``.env``, and needs absolute paths.
    :param asynchronous: whether the URL is for ``create_async_engine()``; migrations need a synchronous driver.
    :return: the URL, with a driver of this kind that is installed: the one that is named, if it is of this kind. Its
        options are spelt as that driver has them.
    :raises SettingsError: naming the variable, where it was found, and the fix, when it is missing or unusable.
    """
    value, source = os.environ.get(variable), "the environment"
    if value is None and project is not None:
        value, source = dotenv_file.read(variable, project / ".env"), str(project / ".env")
    if value is None:
        raise SettingsError(_missing(variable, project))
    return parse(value.strip(), source=f"{variable} in {source}", root=project, asynchronous=asynchronous)


def sync_url(url: str | URL) -> URL:
    """Return a URL with a synchronous driver, for migrations: an application's may have an asynchronous one.

    :param url: as the application has it; relative paths of SQLite stay as they are.
    :return: the URL, with the driver that it names or, in place of an asynchronous one, one that is installed. Options
        are spelt as this driver has them; those that only another driver has are left out, and the log names them.
    :raises SettingsError: when the URL is unusable, or no such driver is installed.
    """
    return _with_driver(_parsed(url, _THE_URL), _THE_URL, asynchronous=False)


def async_url(url: str | URL) -> URL:
    """Return a URL with an asynchronous driver, for ``create_async_engine()``.

    :param url: as the migrations have it; relative paths of SQLite stay as they are.
    :return: the URL, with the driver that it names if it can be asynchronous (psycopg can be both), else one that is
        installed: psycopg or asyncpg, asyncmy or aiomysql, aiosqlite. Options as in ``sync_url()``.
    :raises SettingsError: when the URL is unusable, or no such driver is installed; and for an option without which a
        connection would be less secure, or see another schema, where the driver takes none such from a URL.
    """
    return _with_driver(_parsed(url, _THE_URL), _THE_URL, asynchronous=True)


def parse(text: str, *, source: str, root: Path | None, asynchronous: bool = False) -> URL:
    """Return the URL that a text is, with a driver that is installed.

    :param source: where the text was found, for messages.
    :param root: where relative paths of SQLite start.
    :param asynchronous: which kind of driver is wanted.
    :raises SettingsError: when it is unusable.
    """
    url = _with_driver(_parsed(text, source), source, asynchronous)
    if url.get_backend_name() == "sqlite":
        if text.partition("?")[2] and not url.query:
            raise SettingsError(
                f"{source} has a question mark in its path, where the options of a URL begin: rename the file, or "
                "write %3F for it, which SQLAlchemy reads from 2.1 on."
            )
        return _anchored(url, source, root)
    if not url.database:
        raise SettingsError(f"{source} names no database: add it at the end, as in .../my_database.")
    return url


def _parsed(text: str | URL, source: str) -> URL:
    """Return the URL that a text is."""
    if not text:
        raise SettingsError(f"{source} is empty: give it a URL, or remove it.")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or _may_show_password(url):
        raise SettingsError(
            f"{source} is not a URL: write dialect://user:password@host:port/database, with the special characters of "
            "the password percent-encoded."
        )
    return url


def in_memory(url: URL) -> bool:
    """Tell whether an SQLite URL names a database that lives in memory only."""
    database = url.database or ":memory:"
    in_uri = ":memory:" in database or url.query.get("mode") == "memory"
    return database == ":memory:" or (database.startswith("file:") and in_uri)


def masked(url: URL) -> str:
    """Return the URL for people and logs: no password, and no query, which can hold secrets too.

    The path of an SQLite database is shown as the file is called, without percent signs for other characters.
    """
    if url.get_backend_name() == "sqlite" and url.database:
        database = unquote(url.database) if url.database.startswith("file:") else url.database
        return f"{url.drivername}:///{database}"
    return url.set(query={}).render_as_string(hide_password=True)


def _may_show_password(url: URL) -> bool:
    """Tell whether a part of the password may have come into another part: a path of SQLite may have an "@"."""
    return "@" in f"{url.host}" or (url.get_backend_name() != "sqlite" and "@" in f"{url.database}")


def _missing(variable: str, project: Path | None) -> str:
    """Return what to do where a variable is set nowhere."""
    if project is None:
        return f"{variable} is not set in the environment: export it. There is no project with a .env file."
    write = f"write {variable}=URL into .env"
    if not (project / ".env").exists() and (project / ".env.example").is_file():
        write = "copy .env.example to .env"
    return f"{variable} is not set, neither in the environment nor in {project / '.env'}: {write}, or export it."


def _with_driver(url: URL, source: str, asynchronous: bool) -> URL:
    """Return the URL with a driver of the kind that is wanted, and with the options that this driver has."""
    name, _, driver = url.drivername.partition("+")
    name = {"postgres": "postgresql"}.get(name, name)
    if name not in dialects.KNOWN:
        raise SettingsError(f"{source} names the unknown database {name!r}: use {', '.join(dialects.KNOWN)}.")
    database = dialects.get(name)
    drivers = database.async_drivers if asynchronous else database.drivers
    try:
        if not driver or not _is_of_kind(url.set(drivername=f"{name}+{driver}"), asynchronous):
            driver = next((driver for driver, module in drivers.items() if find_spec(module)), next(iter(drivers)))
        url = url.set(drivername=f"{name}+{driver}")
        url.get_dialect().import_dbapi()
    except NoSuchModuleError:
        raise SettingsError(
            f"{source} names the unknown driver {driver!r}: for {name} use {' or '.join(drivers)}."
        ) from None
    except ImportError:
        raise SettingsError(
            f"{source} needs the driver {driver!r}, which is not installed: "
            "add it to the dependencies in pyproject.toml and install the project again."
        ) from None
    return _with_options(url, source, database.driver_options.get(driver, DriverOptions()))


def _is_of_kind(url: URL, asynchronous: bool) -> bool:
    """Tell whether the driver in a URL is asynchronous, or is not: psycopg is what it is asked to be."""
    dialect = url.get_dialect()
    return dialect.get_async_dialect_cls(url).is_async if asynchronous else not dialect.is_async


def _with_options(url: URL, source: str, options: DriverOptions) -> URL:
    """Return the URL with its options as its driver has them."""
    query, left_out, refused = translated(url.query, options)
    driver = url.get_driver_name()
    if refused:
        raise SettingsError(
            f"{source} has options that the driver {driver!r} does not take from a URL: {', '.join(refused)}. Give "
            "them to the engine in connect_args, as this driver spells them, or name another driver in the URL."
        )
    if left_out:
        log.info("%s: left out, as the driver %s has no such option: %s.", source, driver, ", ".join(left_out))
    return url.set(query=query)


def _anchored(url: URL, source: str, root: Path | None) -> URL:
    database = url.database or ""
    prefix = "file:" if database.startswith("file:") else ""
    path = Path(database.removeprefix(prefix))
    if in_memory(url) or path.is_absolute():
        return url
    if root is None:
        raise SettingsError(
            f"{source} has a relative SQLite path, and there is no project directory to take it from: write an "
            "absolute path (sqlite:////four/slashes)."
        )
    return url.set(database=prefix + str(root / path))
