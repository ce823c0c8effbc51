"""The application: ``flask --app {{ cookiecutter.__package_name }}.app run``."""

import atexit
import sys

from alembic_proof import DatabaseNotReady, SettingsError, trouble
from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from . import authors, db

ANSWERS = {
    "conflict": (409, "This conflicts with what is stored: nothing was changed."),
    "value": (422, "The database cannot store one of the values: nothing was changed."),
    "unavailable": (503, "The database does not answer as it should: try again later."),
}


def create_app() -> Flask:
    """Return a new application, on a database at the newest revision only."""
    try:
        db.require_head()
    except (DatabaseNotReady, SettingsError) as error:
        print(error, file=sys.stderr)
        sys.exit(4)  # gunicorn then stops; at another code it would start one worker after the other
    atexit.register(db.engine().dispose)
    app = Flask(__name__)
    for kind in (SQLAlchemyError, ConnectionError, UnicodeEncodeError):  # the last two come from drivers
        app.register_error_handler(kind, database_error)
    app.register_error_handler(HTTPException, http_error)
    app.add_url_rule("/health/live", view_func=live)
    app.add_url_rule("/health/ready", view_func=ready)
    app.register_blueprint(authors.blueprint)
    return app


def live() -> ResponseReturnValue:
    """Say that the process answers. Whoever starts it again when it does not asks here."""
    return {"status": "live"}


def ready() -> ResponseReturnValue:
    """Say whether the database is as this release needs it. Whoever sends requests here asks first."""
    try:
        db.require_head()
    except DatabaseNotReady as error:
        return {"detail": str(error)}, 503
    return {"status": "ready"}


def database_error(error: Exception) -> ResponseReturnValue:
    """Answer in a sentence what the database refuses. Any other error is a 500, and its traceback is in the log."""
    kind = trouble(error)
    if kind is None:
        raise error
    if kind == "unavailable":
        current_app.logger.error("%s %s: %s", request.method, request.path, getattr(error, "orig", error))
    status, sentence = ANSWERS[kind]
    return {"detail": sentence}, status


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer with JSON, as everything else here does."""
    return {"detail": error.description}, error.code or 500
