"""What the schema of a target has to be: that of an empty database to which the same revisions were applied."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from ..errors import ProofError, UndeterminedError, first_line
from ..sandbox.scratch import SCRATCH_VARIABLE, Server, canonical, scratch_database, scratch_file
from ..schema import Schema
from ..url import parse
from .connections import looking
from .dispatch import Dispatch, Lane, Running
from .fingerprint import Reading, differences, read_target
from .history import Project, history
from .targets import Target
from .work import Job

_EXTENSIONS = """
SELECT extname, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'
"""
NAME = "reference"  # of the target that is none of the fleet's


class References:
    """What the schemas of a fleet have to be at a revision: one for each kind of database, made when it is needed."""

    def __init__(self, project: Project, revision: str, lane: Lane) -> None:
        self._project, self._revision, self._lane = project, revision, lane
        self._history = history(project)
        self._made: dict[str, Future[Reading]] = {}
        self._lock = threading.Lock()
        self._building = ThreadPoolExecutor(1)  # they share a lane
        self._dropping = ThreadPoolExecutor()  # PostgreSQL waits for a checkpoint before it drops a database

    def close(self) -> None:
        """Wait until the empty databases are dropped."""
        self._building.shutdown(cancel_futures=True)
        self._dropping.shutdown()

    def begin(self, target: Target) -> None:
        """Begin to make what is needed for a target that can be reached; meanwhile something else can be done."""
        self._future(target)

    def of(self, target: Target) -> Reading:
        """Return what a target's schema has to be. Raises ProofError where the empty database cannot be migrated."""
        return self._future(target).result()

    def _future(self, target: Target) -> Future[Reading]:
        kind = canonical(target.address.get_backend_name())
        with self._lock:
            if kind not in self._made:
                self._made[kind] = self._building.submit(self._build, target)
            return self._made[kind]

    def differences(self, target: Target, found: Reading) -> list[str]:
        """Return how a target's schema differs from what it has to be, a sentence for each difference."""
        wanted = self.of(target)
        return [] if found.schema == wanted.schema else differences(wanted.schema, found.schema)

    def judge(self, target: Target, found: Reading) -> tuple[list[str], list[str]]:
        """Return the differences that are wrong, and those that are others' business: what no revision names."""
        told = self.differences(target, found)
        wrong = differences(self.of(target).schema, self._of_revisions(target, found.schema)) if told else []
        return wrong, [sentence for sentence in told if sentence not in wrong]

    def judge_again(self, target: Target, digest: str) -> tuple[list[str], list[str]]:
        """Do so for a schema that a worker has read, by its digest: it is read again only where that is another one."""
        if digest == self.of(target).digest:
            return [], []
        return self.judge(target, read_target(target, self._history))

    def _of_revisions(self, target: Target, schema: Schema) -> Schema:
        """Return a schema without the tables, views and the like that are in no revision: applications make some."""
        wanted = self.of(target).schema

        def is_own(name: str) -> bool:
            parts = re.findall(r'"((?:""|[^"])+)"|(\w+)', name.partition("(")[0])  # a kind, a schema, the name
            return not parts or self._history.names("".join(parts[-1]).replace('""', '"'))

        own = {table: items for table, items in schema.items() if table in wanted or not table or is_own(table)}
        beside = {item: text for item, text in own.get("", {}).items() if item in wanted.get("", {}) or is_own(item)}
        return {**own, "": beside} if "" in own else own

    def _build(self, like: Target) -> Reading:
        with ExitStack() as stack:
            empty = stack.enter_context(empty_like(like))
            _prepare(like, empty, self._history.version_table_schema)
            for result in Dispatch([Job(self._project, empty, self._revision)], [self._lane], Running()):
                if result.error:
                    raise ProofError(
                        "The revisions were tried on an empty database first, with which the schemas are compared, and "
                        f"that failed: {result.error.rstrip('.')}. No target was changed."
                    )
            reading = read_target(empty, self._history)
            self._dropping.submit(stack.pop_all().close)
            return reading


@contextmanager
def empty_like(target: Target) -> Iterator[Target]:
    """Create an empty database of a target's kind, yield it as a target, and drop it afterwards.

    It is on the server that TEST_DATABASE_URL names, if that is of the same kind; else on the target's own, whose
    catalogue uses the same words. For a schema, too, it is a database of its own: revisions may change what lies beside
    their schema. Raises UndeterminedError where it cannot be made.
    """
    kind = canonical(target.address.get_backend_name())
    if kind == "sqlite":
        with scratch_file() as file:
            yield Target(NAME, parse(file, source=NAME, root=None))
        return
    server = Server.named()
    if server.kind != kind:
        server = Server(target.address.render_as_string(hide_password=False), f"the targets ({target.name})")
    with ExitStack() as stack:
        try:
            url = stack.enter_context(scratch_database("fleet", server))
        except (UndeterminedError, SQLAlchemyError) as error:
            raise UndeterminedError(
                f"{first_line(getattr(error, 'orig', None) or error).rstrip('.')}. An empty database is needed to "
                f"compare the schemas with: set {SCRATCH_VARIABLE} to a database on a server where one may be created "
                "(`fleet drift --models` needs none). No target was changed."
            ) from None
        yield Target(NAME, parse(url, source=NAME, root=None))


def _prepare(like: Target, empty: Target, schema: str | None) -> None:
    """Give an empty database what a target had before its first revision.

    On PostgreSQL that are its extensions, where they are, and the schemas of its search_path and of the version table;
    on MariaDB and MySQL its character set.
    """
    kind = canonical(like.address.get_backend_name())
    if kind == "sqlite":
        return
    with looking(like.address) as looker, looking(empty.address) as of_empty:
        if kind == "mysql":
            ((collation,),) = looker.ask("SELECT @@collation_database")
            of_empty.run(f"ALTER DATABASE COLLATE {collation}")
            return
        extensions = looker.ask(_EXTENSIONS)
        schemas = {name for (name,) in looker.ask("SELECT unnest(current_schemas(false))")} | {schema}
        for name in sorted(filter(None, schemas | {where for _, where in extensions})):
            if not name.startswith("pg_"):
                of_empty.run(f"CREATE SCHEMA IF NOT EXISTS {of_empty.quoted(name)}")
        for name, where in extensions:
            with suppress(of_empty.errors):  # a revision that needs it will say so
                of_empty.run(
                    f"CREATE EXTENSION IF NOT EXISTS {of_empty.quoted(name)} SCHEMA {of_empty.quoted(where)} CASCADE"
                )
