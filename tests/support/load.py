"""Many clients at once of a generated application, who know what the right answers are."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

HEADERS = {"Content-Type": "application/json"}


@dataclass
class Load:
    """What was answered to all clients together."""

    name: str = field(default_factory=lambda: uuid4().hex)  # no other load has it in its e-mail addresses
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)  # answers that are neither right nor a 503
    saved: dict[int, str] = field(default_factory=dict)  # the id and the name of each row that was answered with 201


class Client(threading.Thread):
    """One who sends one request after the other, over one connection."""

    def __init__(self, address: str, number: int, requests: int, load: Load, answered: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self.number, self.requests, self.load, self.answered = number, requests, load, answered
        self.mine: list[dict[str, Any]] = []

    def run(self) -> None:
        """Write, read, list, write what is there already, and read what is not there; in turn."""
        kinds = (self.write, self.read, self.list, self.write, self.conflict, self.miss)
        for turn in range(self.requests):
            try:
                kinds[turn % len(kinds)](turn)
            except Exception as error:
                self.connection.close()
                self.load.wrong.append(f"request {turn} of client {self.number}: {error!r}")
            self.answered()
        self.connection.close()

    def ask(self, method: str, path: str, new: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Return the status and the answer. A 503 must have its sentence."""
        self.connection.request(method, path, None if new is None else json.dumps(new), HEADERS if new else {})
        response = self.connection.getresponse()
        status, answer = response.status, json.loads(response.read())
        self.load.statuses[status] += 1
        if status == 503 and answer["detail"] != "The database does not answer as it should: try again later.":
            self.load.wrong.append(f"{method} {path}: 503 {answer}")
        return status, answer

    def expect(self, right: bool, request: str, status: int, answer: object) -> None:
        """Note an answer that is neither right nor a 503."""
        if not right and status != 503:
            self.load.wrong.append(f"{request}: {status} {str(answer)[:300]}")

    def write(self, turn: int) -> None:
        """Save a new author."""
        new = {"name": f"author {turn}", "email": f"{self.load.name}-{self.number}-{turn}@example.com"}
        status, answer = self.ask("POST", "/authors", new)
        self.expect(status == 201 and new.items() <= answer.items(), "write", status, answer)
        if status == 201:
            self.mine.append(answer)
            self.load.saved[answer["id"]] = answer["name"]

    def read(self, turn: int) -> None:
        """Read one that was saved."""
        if self.mine:
            status, answer = self.ask("GET", f"/authors/{self.mine[-1]['id']}")
            self.expect((status, answer) == (200, self.mine[-1]), "read", status, answer)

    def list(self, turn: int) -> None:
        """Read a page."""
        status, answer = self.ask("GET", f"/authors?limit=5&after={turn}")
        ids = [author["id"] for author in answer] if status == 200 else []
        is_right = status == 200 and len(ids) <= 5 and ids == sorted(ids) and all(one > turn for one in ids)
        self.expect(is_right, "list", status, answer)

    def conflict(self, turn: int) -> None:
        """Save one with an address that is taken."""
        if self.mine:
            status, answer = self.ask("POST", "/authors", {"name": "again", "email": self.mine[-1]["email"]})
            self.expect(status == 409, "conflict", status, answer)

    def miss(self, turn: int) -> None:
        """Read one that is not there."""
        status, answer = self.ask("GET", f"/authors/{2**31 - 1}")
        self.expect(status == 404, "miss", status, answer)


def load(address: str, requests: int, disturb: Callable[[], object] | None = None, clients: int = 20) -> Load:
    """Send requests by so many clients at once; call disturb when a quarter, half and three quarters are answered."""
    result, done = Load(), threading.Semaphore(0)
    threads = [Client(address, number, requests // clients, result, done.release) for number in range(clients)]
    for thread in threads:
        thread.start()
    for number in range(len(threads) * (requests // clients)):
        done.acquire()
        if disturb and number + 1 in {requests * part // 4 for part in (1, 2, 3)}:
            disturb()
    for thread in threads:
        thread.join()
    return result
