"""The URL of a database: found, completed with a driver and an absolute path, and masked."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from . import dialects
from .errors import SettingsError


def database_url(variable: str, *, project: Path | None = None) -> URL:
    """Return the URL in an environment variable, else in the file ``.env`` of the project's directory.

    :param variable: the name of the variable, in the environment and in the file.
    :param project: the project's directory; relative paths of SQLite start there. None for an application that is
        installed somewhere else: it has no ``.env``, and needs absolute paths.
    :return: the URL, with a synchronous driver that is installed; it replaces an asynchronous one, too.
    :raises SettingsError: naming the variable, where it was found, and the fix, when it is missing or unusable.
    """
    value, source = os.environ.get(variable), "the environment"
    if value is None and project is not None:
        value, source = _from_file(variable, project / ".env"), str(project / ".env")
    if value is None:
        raise SettingsError(_missing(variable, project))
    return parse(value.strip(), source=f"{variable} in {source}", root=project)


def parse(text: str, *, source: str, root: Path | None) -> URL:
    """Return the URL that a text is, with a synchronous driver that is installed.

    :param source: where the text was found, for messages.
    :param root: where relative paths of SQLite start.
    :raises SettingsError: when it is unusable.
    """
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
    url = _with_driver(url, source)
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
    write = "copy .env.example to .env" if (project / ".env.example").is_file() else f"write {variable}=URL into .env"
    return f"{variable} is not set, neither in the environment nor in {project / '.env'}: {write}, or export it."


def _from_file(variable: str, dotenv: Path) -> str | None:
    """Return the value of a variable in a .env file, or None."""
    if not dotenv.is_file():
        return None
    try:
        from dotenv import dotenv_values  # here, because nobody needs it who has the variable in the environment
    except ModuleNotFoundError:
        raise SettingsError(
            f"{variable} is not set in the environment, and to read {dotenv}, python-dotenv must be installed."
        ) from None
    try:  # no interpolation: a "$" in a password is a "$"; "-sig" because some editors write a byte order mark
        values = dotenv_values(dotenv, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{dotenv} is not UTF-8 text: save it as UTF-8.") from None
    return values.get(variable)


def _with_driver(url: URL, source: str) -> URL:
    name, _, driver = url.drivername.partition("+")
    name = {"postgres": "postgresql"}.get(name, name)
    if name not in dialects.KNOWN:
        raise SettingsError(f"{source} names the unknown database {name!r}: use {', '.join(dialects.KNOWN)}.")
    drivers = dialects.get(name).drivers
    try:
        if not driver or url.set(drivername=f"{name}+{driver}").get_dialect().is_async:
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
    return url


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
