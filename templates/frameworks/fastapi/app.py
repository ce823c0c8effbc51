"""The application: ``uvicorn {{ cookiecutter.__package_name }}.app:create_app --factory``."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic_proof import DatabaseNotReady, StartupErrors, trouble
from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from . import authors, db

log = logging.getLogger(__name__)

ANSWERS = {
    "conflict": (409, "This conflicts with what is stored: nothing was changed."),
    "value": (422, "The database cannot store one of the values: nothing was changed."),
    "unavailable": (503, "The database does not answer as it should: try again later."),
}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start on a database at the newest revision only, and in the end close all connections to it."""
    await run_in_threadpool(db.require_head)
    yield
    db.engine().dispose()


def create_app() -> FastAPI:
    """Return a new application."""
    app = FastAPI(title={{ cookiecutter.project_slug | toml }}, lifespan=lifespan)
    app.add_middleware(StartupErrors)  # one sentence, where the database is not ready
    for kind in (SQLAlchemyError, ConnectionError, UnicodeEncodeError):  # the last two come from drivers
        app.add_exception_handler(kind, database_error)
    app.add_api_route("/health/live", live)
    app.add_api_route("/health/ready", ready)
    app.include_router(authors.router)
    return app


async def live() -> dict[str, str]:
    """Say that the process answers. Whoever starts it again when it does not asks here."""
    return {"status": "live"}


def ready() -> dict[str, str]:
    """Say whether the database is as this release needs it. Whoever sends requests here asks first."""
    try:
        db.require_head()
    except DatabaseNotReady as error:
        raise HTTPException(503, str(error)) from None
    return {"status": "ready"}


async def database_error(request: Request, error: Exception) -> JSONResponse:
    """Answer in a sentence what the database refuses. Any other error is a 500, and its traceback is in the log."""
    kind = trouble(error)
    if kind is None:
        raise error
    if kind == "unavailable":
        log.error("%s %s: %s", request.method, request.url.path, getattr(error, "orig", error))
    status, sentence = ANSWERS[kind]
    return JSONResponse({"detail": sentence}, status)
