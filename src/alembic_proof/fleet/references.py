"""What the schema of a target has to be: that of an empty database to which the same revisions were applied."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL

from ..errors import ProofError, UndeterminedError, first_line
from ..sandbox.scratch import Server, canonical, scratch_database, scratch_file
from ..url import masked, parse
from .connections import looking
from .dispatch import Dispatch, Lane, Running
from .fingerprint import Reading, differences, read_target
from .history import Project, history
from .targets import Target
from .work import Job

NAME = "reference"  # of the target that is none of the fleet's


class References:
    """What the schemas of a fleet have to be at a revision: one for each kind of database, made when it is needed."""

    def __init__(self, project: Project, revision: str, lane: Lane) -> None:
        self._project, self._revision, self._lane = project, revision, lane
        self._history = history(project)
        self._made: dict[tuple[str, bool], Reading] = {}
        self._lock = threading.Lock()

    def of(self, target: Target) -> Reading:
        """Return what a target's schema has to be. Raises ProofError where the revisions build no empty database."""
        key = canonical(target.address.get_backend_name()), bool(target.schema)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._build(target)
            return self._made[key]

    def differences(self, target: Target, found: Reading) -> list[str]:
        """Return how a target's schema differs from what it has to be, a sentence for each difference."""
        wanted = self.of(target)
        return [] if found.schema == wanted.schema else differences(wanted.schema, found.schema)

    def wrong(self, target: Target, digest: str) -> str:
        """Return how a target's schema, known by its digest, differs from what it has to be; nothing if it does not."""
        if digest == self.of(target).digest:
            return ""
        return "; ".join(self.differences(target, read_target(target, self._history)))

    def _build(self, like: Target) -> Reading:
        with empty_like(like) as empty:
            for result in Dispatch([Job(self._project, empty, self._revision)], [self._lane], Running()):
                if result.error:
                    raise ProofError(
                        f"The revisions do not build an empty database, so nobody knows what is right: {result.error} "
                        "No target was changed."
                    )
            return read_target(empty, self._history)


@contextmanager
def empty_like(target: Target) -> Iterator[Target]:
    """Create an empty database of a target's kind, yield it as a target, and drop it afterwards.

    It is on the server that TEST_DATABASE_URL names, if that is of the same kind; else on the target's own, whose
    catalogue uses the same words. For a schema it is another schema of the same database. Raises UndeterminedError
    where it cannot be made.
    """
    kind = canonical(target.address.get_backend_name())
    if target.schema:
        with _schema(target.address) as schema:
            yield Target(NAME, target.address, schema)
    elif kind == "sqlite":
        with scratch_file() as file:
            yield Target(NAME, parse(file, source=NAME, root=None))
    else:
        server = Server.named()
        if server.kind != kind:
            server = Server(target.address.render_as_string(hide_password=False), f"the targets ({target.name})")
        with scratch_database("fleet", server) as url:
            yield Target(NAME, parse(url, source=NAME, root=None))


@contextmanager
def _schema(database: URL) -> Iterator[str]:
    """Create an empty schema in a PostgreSQL database, yield its name, and drop it afterwards."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    try:
        with looking(database) as looker:
            looker.run(f"CREATE SCHEMA {name}")
    except Exception as error:
        raise UndeterminedError(f"{masked(database)} cannot be used: {first_line(error)}") from None
    try:
        yield name
    finally:
        with looking(database) as looker:
            looker.run(f"DROP SCHEMA {name} CASCADE")
