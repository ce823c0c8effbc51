"""Where the database is. ``DATABASE_URL`` has one home, and it is this module."""

import os
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

PACKAGE = Path(__file__).parent.name

# For each database its synchronous drivers, the preferred one first: the name in the URL and the module.
DRIVERS = {
    "sqlite": {"pysqlite": "sqlite3"},
    "postgresql": {"psycopg": "psycopg", "psycopg2": "psycopg2"},
    "mysql": {"pymysql": "pymysql", "mysqldb": "MySQLdb"},
    "mariadb": {"pymysql": "pymysql", "mysqldb": "MySQLdb"},
}


class SettingsError(Exception):
    """A setting is missing or unusable. The message is one sentence for a person, without any password."""


def project_root() -> Path | None:
    """Return the directory that holds alembic.ini and this package's sources.

    It is looked for above this file, then above the working directory (for a package installed elsewhere).
    None where there is none, as on a server that has only the installed package.
    """
    for start in (Path(__file__).resolve().parent, Path.cwd()):
        for directory in (start, *start.parents):
            if (directory / "alembic.ini").is_file() and (directory / "src" / PACKAGE).is_dir():
                return directory
    return None


def seconds(name: str, default: float) -> float:
    """Return an environment variable that is a number of seconds, 0 or more; the default if it is not set.

    Raises SettingsError when it is set to anything else.
    """
    try:
        number = float(os.environ.get(name, default))
        if 0 <= number < 1_000_000:
            return number
    except ValueError:
        pass
    raise SettingsError(f"{name} in the environment must be a number of seconds, 0 or more.")


def database_url(variable: str = "DATABASE_URL") -> URL:
    """Return the URL that a variable holds, with a synchronous driver that is installed.

    Raises SettingsError, naming the variable, where it was found and the fix, when it is missing or unusable.
    ``postgres://``, ``mysql://`` and asynchronous drivers get the installed synchronous driver; a relative
    SQLite path is taken from the project's root, whatever the working directory.
    """
    value, source = _configured(variable)
    if value is None:
        raise SettingsError(
            f"{variable} is not set, neither in the environment nor in {source}: "
            f"copy .env.example to .env, or export {variable}."
        )
    where = f"{variable} in {source}"
    if not value:
        raise SettingsError(f"{where} is empty: give it a URL as in .env.example, or remove it.")
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        url = None
    if url is None or "@" in f"{url.host}{url.database}":  # what follows an "@" may be a part of the password
        raise SettingsError(
            f"{where} is not a URL: write dialect://user:password@host:port/database, with the special characters of "
            "the password percent-encoded (.env.example shows how)."
        )
    url = _with_driver(url, where)
    if url.get_backend_name() == "sqlite":
        return _anchored(url, where)
    if not url.database:
        raise SettingsError(f"{where} names no database: add it at the end, as in .../{PACKAGE}.")
    return url


def in_memory(url: URL) -> bool:
    """Tell whether an SQLite URL names a database that lives in memory only."""
    database = url.database or ":memory:"
    in_uri = ":memory:" in database or url.query.get("mode") == "memory"
    return database == ":memory:" or (database.startswith("file:") and in_uri)


def masked(url: URL) -> str:
    """Return the URL for people and logs: no password, and no query, which can hold secrets too."""
    return url.set(query={}).render_as_string(hide_password=True)


def _configured(variable: str) -> tuple[str | None, str]:
    """Return what a variable is set to, or None, and where that was found, or looked for last."""
    if variable in os.environ:
        return os.environ[variable].strip(), "the environment"
    root = project_root()
    if root is None:
        return None, f"a .env file (no project directory was found above {Path.cwd()})"
    dotenv = root / ".env"
    if not dotenv.is_file():
        return None, str(dotenv)
    from dotenv import dotenv_values  # here, as with the variable in the environment nobody needs it

    try:  # no interpolation: a "$" in a password is a "$"; "-sig" because some editors write a byte order mark
        values = dotenv_values(dotenv, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{dotenv} is not UTF-8 text: save it as UTF-8.") from None
    return values.get(variable), str(dotenv)


def _with_driver(url: URL, where: str) -> URL:
    dialect, _, driver = url.drivername.partition("+")
    dialect = {"postgres": "postgresql"}.get(dialect, dialect)
    if dialect not in DRIVERS:
        raise SettingsError(f"{where} names the unknown database {dialect!r}: use {', '.join(DRIVERS)}.")
    drivers = DRIVERS[dialect]
    try:
        if not driver or url.set(drivername=f"{dialect}+{driver}").get_dialect().is_async:
            driver = next((name for name, module in drivers.items() if find_spec(module)), next(iter(drivers)))
        url = url.set(drivername=f"{dialect}+{driver}")
        url.get_dialect().import_dbapi()
    except NoSuchModuleError:
        raise SettingsError(
            f"{where} names the unknown driver {driver!r}: for {dialect} use {' or '.join(drivers)}."
        ) from None
    except ImportError:
        raise SettingsError(
            f"{where} needs the driver {driver!r}, which is not installed: "
            "add it to the dependencies in pyproject.toml and install the project again."
        ) from None
    return url


def _anchored(url: URL, where: str) -> URL:
    database = url.database or ""
    prefix = "file:" if database.startswith("file:") else ""
    path = Path(database.removeprefix(prefix))
    if in_memory(url) or path.is_absolute():
        return url
    root = project_root()
    if root is None:
        raise SettingsError(
            f"{where} has a relative SQLite path and there is no project directory to take it "
            "from: write an absolute path (sqlite:////four/slashes)."
        )
    return url.set(database=prefix + str(root / path))
