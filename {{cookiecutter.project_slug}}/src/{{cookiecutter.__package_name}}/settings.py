"""Where the database is: ``DATABASE_URL`` in the environment, else in ``.env``."""

from pathlib import Path

import alembic_proof
from sqlalchemy import URL

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[1]
INSTALLED = not (ROOT / "alembic.ini").is_file()  # then alembic.ini and the migrations are in the package
ALEMBIC_INI = (PACKAGE if INSTALLED else ROOT) / "alembic.ini"


def database_url() -> URL:
    """Return the URL of the application's database, with a synchronous driver that is installed.

    Raises alembic_proof.SettingsError, naming the variable, the place and the fix, when it is missing or unusable.
    """
    return alembic_proof.database_url("DATABASE_URL", project=None if INSTALLED else ROOT)
{% if cookiecutter.framework == "fastapi-async" %}


def async_database_url() -> URL:
    """Return the same, with an asynchronous driver: migrations take the other one."""
    return alembic_proof.database_url("DATABASE_URL", project=None if INSTALLED else ROOT, asynchronous=True)
{% endif %}
