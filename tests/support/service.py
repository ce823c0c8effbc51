"""A generated application as a real process, which is asked over HTTP; and a way to its database that can break."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from .databases import rows
from .project import Project

START = {
    "fastapi": ("uvicorn", "{}.app:create_app", "--factory"),
    "fastapi-async": ("uvicorn", "{}.app:create_app", "--factory"),
    "flask": ("flask", "--app", "{}.app", "run"),
}
_JSON = {"Content-Type": "application/json"}
_CONNECTIONS = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = '{}' AND id <> CONNECTION_ID()",
}
_END = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}


@dataclass
class Service:
    """A running application."""

    process: subprocess.Popen[str]
    client: httpx2.Client
    output: list[str] = field(default_factory=list)

    def answer(self, path: str, new: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Ask for something, or send something new; return the status and what was answered."""
        answer = (
            self.client.get(path) if new is None else self.client.post(path, content=json.dumps(new), headers=_JSON)
        )
        return answer.status_code, answer.json()

    def stop(self) -> int:
        """Stop it, as whoever runs it does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def start(project: Project, framework: str, database: str) -> subprocess.Popen[str]:
    """Start the application with the command that its README prints, at a free port."""
    command = [part.format(project.package) for part in START[framework]]
    return project.start(*command, "--port", "0", PYTHONUNBUFFERED="1", DATABASE_URL=database)


@contextmanager
def serving(project: Project, framework: str, database: str) -> Iterator[Service]:
    """Start the application, wait until it listens, and kill it in the end if it still runs."""
    process = start(project, framework, database)
    output: list[str] = []
    try:
        assert process.stdout
        for line in process.stdout:
            output.append(line)
            if found := re.search(r"unning on (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            raise AssertionError(f"It does not start:\n{''.join(output)}")
        threading.Thread(target=output.extend, args=(process.stdout,), daemon=True).start()
        with httpx2.Client(base_url=found[1], timeout=30) as client:
            yield Service(process, client, output)
    finally:
        process.kill()
        process.wait()


def connections(url: str) -> list[int]:
    """Return the connections that others have to a database; of SQLite, whose files nobody watches, none."""
    kind, name = make_url(url).get_backend_name(), make_url(url).database
    return [row[0] for row in rows(url, _CONNECTIONS[kind].format(name))] if kind in _CONNECTIONS else []


def end_connections(url: str) -> None:
    """Let the server end all of them, as when it is started again."""
    for connection in connections(url):
        with suppress(DBAPIError):  # MySQL's, where it has ended by itself
            rows(url, _END[make_url(url).get_backend_name()].format(connection))


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until a condition holds, at most for some seconds, and tell whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Cable:
    """A way to a server, through a port of its own, that can be cut."""

    def __init__(self, url: str) -> None:
        self.target: URL = make_url(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._accept()

    @property
    def url(self) -> str:
        """The URL of the database at the end of the cable."""
        return self.target.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)

    def cut(self) -> None:
        """End all connections; nobody gets a new one."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._pairs.clear()

    def mend(self) -> None:
        """Let there be connections again."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._accept()

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((self.target.host, self.target.port))
                self._pairs.append((near, far))
                threading.Thread(target=_pass_on, args=(near, far), daemon=True).start()


def _pass_on(near: socket.socket, far: socket.socket) -> None:
    """Pass on what either end says, until one of them ends."""
    other = {near: far, far: near}
    with suppress(OSError, ValueError):
        while True:
            for end in select.select([near, far], [], [])[0]:
                data = end.recv(65536)
                if not data:
                    for one in other:
                        one.close()
                    return
                other[end].sendall(data)
