"""A generated application under load, against the same application and engine without what the library adds.

Both are real processes. The client is one as well, and knows the right answers: see tests/support/load.py. First, ours
has to keep its promises while the server ends all of its connections, three times.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from .measuring import REPOSITORY, Figure, databases, ratio, run

sys.path.insert(0, str(REPOSITORY / "tests"))

from support.load import load
from support.project import Project
from support.service import START, end_connections, serving

REQUESTS, LIMIT = 2000, 1.03
KINDS = {"SQLite": "sqlite", "PostgreSQL": "postgresql", "MariaDB": "mysql"}

PLAIN_DB = """
from functools import cache
from sqlalchemy import create_engine, event
from sqlalchemy.orm import sessionmaker
from . import settings

@cache
def engine():
    new = create_engine(settings.database_url(), pool_pre_ping=True)  # it is SQLAlchemy's: what it costs is not ours
    if new.dialect.name == "sqlite":
        event.listen(new, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return new

@cache
def sessions():
    return sessionmaker(engine())
"""
PLAIN_ASYNC_DB = (
    PLAIN_DB.replace("sqlalchemy.orm import sessionmaker", "sqlalchemy.ext.asyncio import async_sessionmaker")
    .replace("import create_engine, event", "import event\nfrom sqlalchemy.ext.asyncio import create_async_engine")
    .replace("create_engine(settings.database_url()", "create_async_engine(settings.async_database_url()")
    .replace("listen(new,", "listen(new.sync_engine,")
    .replace("sessionmaker(engine())", "async_sessionmaker(engine(), expire_on_commit=False)")
)
PLAIN_FASTAPI = """
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError
from . import authors

async def conflict(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "conflict"}, 409)

def create_app():
    app = FastAPI()
    app.add_exception_handler(IntegrityError, conflict)
    app.include_router(authors.router)
    return app
"""
PLAIN_FLASK = """
from flask import Flask
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException
from . import authors

def create_app():
    app = Flask(__name__)
    app.register_error_handler(IntegrityError, lambda error: ({"detail": "conflict"}, 409))
    app.register_error_handler(HTTPException, lambda error: ({"detail": error.description}, error.code))
    app.register_blueprint(authors.blueprint)
    return app
"""


def measure(directory: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield, for each database and framework, the ratio of the seconds that the same requests take."""
    with ExitStack() as stack:
        urls = stack.enter_context(databases(directory))
        for framework in START:
            for kind, url in urls.items():
                place = directory / f"{framework}-{KINDS[kind]}"
                yield from compare(place, framework, kind, url, runs, times)


def compare(place: Path, framework: str, kind: str, url: str, runs: int, times: int) -> Iterator[Figure]:
    """Yield the figures of one framework on one database."""
    place.mkdir()
    answers = (f"framework={framework}", f"database={KINDS[kind]}", "project_name=Shop")
    run("cookiecutter", "--no-input", "-o", place, REPOSITORY, *answers, cwd=place)
    ours, plain = (Project(place / name, place) for name in ("shop", "plain"))
    ours.alembic("revision --autogenerate -m first", "upgrade head", DATABASE_URL=url)
    shutil.copytree(ours.path, plain.path)
    (plain.sources / "db.py").write_text(PLAIN_ASYNC_DB if framework == "fastapi-async" else PLAIN_DB)
    (plain.sources / "app.py").write_text(PLAIN_FLASK if framework == "flask" else PLAIN_FASTAPI)
    try:
        yield broken(ours, framework, kind, url)
        name = f"{framework} on {kind}: seconds for {REQUESTS} requests / without our parts"
        sides = (partial(seconds, project, framework, url) for project in (ours, plain))
        yield ratio(name, LIMIT, next(sides), next(sides), runs, times)
    finally:
        ours.alembic("-x allow-drop downgrade base", DATABASE_URL=url)


def seconds(project: Project, framework: str, url: str, _: int) -> float:
    """Return the seconds that the requests take, on a table that is empty in the beginning."""
    project.alembic("-x allow-drop downgrade base", "upgrade head", DATABASE_URL=url)
    with serving(project, framework, url) as service:
        address = str(service.client.base_url)
        load(address, 200)  # warms up
        begin = time.perf_counter()
        result = load(address, REQUESTS)
        taken = time.perf_counter() - begin
        service.stop()
    if result.wrong and project.path.name != "plain":  # which answers a locked file of SQLite with a 500
        sys.exit("\n".join(result.wrong[:20]))
    return taken


def broken(project: Project, framework: str, kind: str, url: str) -> Figure:
    """Return how many answers were wrong while connections were ended."""
    with serving(project, framework, url) as service:
        result = load(str(service.client.base_url), REQUESTS, lambda: end_connections(url))
        service.stop()
    counted = ", ".join(f"{number} x {status}" for status, number in sorted(result.statuses.items()))
    name = f"{framework} on {kind}: wrong answers, while all connections are ended three times"
    return Figure(name, len(result.wrong), 0, counted)
