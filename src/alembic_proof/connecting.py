"""Why there is no connection to a database, and what to do."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from . import dialects
from .dialects.base import CONNECT_TIMEOUT, plain_engine
from .errors import said, without_password

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

COMPOSE = "docker compose up -d --wait"


def why_not(
    url: URL, error: BaseException, project: Path | None = None, engine: Callable[..., Engine] = plain_engine
) -> str:
    """Return a sentence's end: what is wrong, and what to do, as far as that is known. Call it where connecting failed.

    :param url: where to.
    :param error: what the driver said.
    :param project: a directory; where it has a compose.yaml, that starts the server.
    :param engine: makes an engine of a URL, with which the server is asked for its databases.
    """
    reason = without_password(" ".join(said(getattr(error, "orig", None) or error).split()))
    known = url.get_backend_name() in dialects.KNOWN
    dialect = dialects.get(url.get_backend_name()) if known else None
    if dialect is None or not dialect.port:
        return f"{reason}{about_file(url)}"
    if not _answers(url, int(dialect.port)):
        composed = project is not None and (project / "compose.yaml").is_file()
        start = f"{COMPOSE} starts it, if it is the one of compose.yaml" if composed else "start it, or correct the URL"
        return f"no server answers at {url.host}:{url.port or dialect.port} ({reason}): {start}"
    if url.database and dialect.lacks_database(url, error, engine):
        create = dialect.create_command(url)
        return f"the server has no database {url.database}. Create it: {create}; or correct the URL"
    return reason


def about_file(url: URL) -> str:
    """Return what is wrong with the path of an SQLite database, as far as that is known."""
    path = Path(url.database or "")
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return ""
    if path.is_dir():
        return f": {path} is a directory; name a file in it"
    return "" if path.parent.is_dir() else f": there is no directory {path.parent}; create it, or correct the URL"


def _answers(url: URL, port: int) -> bool:
    """Tell whether somebody listens where a URL leads; of a socket in the file system nothing is known."""
    if not url.host or url.host.startswith("/") or url.query.get("unix_socket") or "," in url.host:
        return True
    try:
        with closing(socket.create_connection((url.host, url.port or port), CONNECT_TIMEOUT)):
            return True
    except OSError:
        return False
