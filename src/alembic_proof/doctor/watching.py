"""What env.py hands to Alembic, and how it calls it, watched while it runs."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext


@dataclass
class Watch:
    """What one run of env.py did."""

    configured: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # by place, what configure() was given
    ran: list[str] = field(default_factory=list)  # the places from which run_migrations() was called
    outside: list[str] = field(default_factory=list)  # those of them that lie in no context.begin_transaction()
    depth: int = 0  # how many of these it is in just now
    begun: dict[int, str] = field(default_factory=dict)  # by connection, the place that began its last transaction
    left_open: list[str] = field(default_factory=list)  # those of the transactions that configure() was given
    unawaited: list[str] = field(default_factory=list)  # the coroutines that it made, and never awaited


class _NotedTransaction:
    """Stands for what ``context.begin_transaction()`` returns, and notes while it is entered."""

    def __init__(self, transaction: Any, watch: Watch) -> None:
        self._transaction, self._watch = transaction, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)

    def __enter__(self) -> Any:
        entered = self._transaction.__enter__()
        self._watch.depth += 1
        return entered

    def __exit__(self, *error: Any) -> Any:
        self._watch.depth -= 1
        return self._transaction.__exit__(*error)


def watched(environment: Any, watch: Watch, place: Callable[[], str]) -> EnvironmentContext:
    """Let Alembic's environment note what it is asked for; the place is who asks just now.

    Its methods are replaced on the instance: those of a subclass would be no functions of ``alembic.context``.
    """
    configure, begin_transaction, run_migrations = (
        environment.configure,
        environment.begin_transaction,
        environment.run_migrations,
    )

    positional = list(signature(configure).parameters)

    def noting_configure(*arguments: Any, **options: Any) -> None:
        given = dict(zip(positional, arguments, strict=False)) | options
        watch.configured.append((place(), given))
        connection: Any = given.get("connection")
        if id(connection) in watch.begun and connection.in_transaction():
            watch.left_open.append(watch.begun[id(connection)])
        configure(*arguments, **options)

    def noting_begin_transaction() -> Any:
        return _NotedTransaction(begin_transaction(), watch)

    def noting_run_migrations(**options: Any) -> None:
        watch.ran.append(place())
        if not watch.depth:
            watch.outside.append(place())
        run_migrations(**options)

    environment.configure = noting_configure
    environment.begin_transaction = noting_begin_transaction
    environment.run_migrations = noting_run_migrations
    noted: EnvironmentContext = environment
    return noted


@contextmanager
def noting_transactions(watch: Callable[[], Watch], place: Callable[[], str]) -> Iterator[None]:
    """Note where each transaction begins: the place is who executes something just now."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def begin(connection: Any) -> None:
        watch().begun[id(connection)] = place()

    event.listen(Engine, "begin", begin)
    try:
        yield
    finally:
        event.remove(Engine, "begin", begin)


@contextmanager
def noting_coroutines(watch: Callable[[], Watch]) -> Iterator[None]:
    """Note the coroutines that nobody awaits: Python warns of each, ``coroutine 'x' was never awaited``."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        yield
    texts = [re.match(r"coroutine '(?:[^']*\.)?(\w+)' was never awaited", str(each.message)) for each in caught]
    watch().unawaited.extend(text[1] for text in texts if text)


def known_options() -> set[str]:
    """Return the names of the options that ``context.configure()`` of this Alembic knows.

    They are the parameters in its signature, and those that its docstring describes besides: it takes any other one
    without a word.
    """
    from alembic.runtime.environment import EnvironmentContext

    configure = EnvironmentContext.configure
    described = re.findall(r":param (\w+):", configure.__doc__ or "")
    return (set(signature(configure).parameters) | set(described) | _READ_ELSEWHERE) - {"self", "kw"}


# What only other parts of Alembic read or set, and what Python leaves out with -OO.
_READ_ELSEWHERE = {
    *("version_table", "version_table_schema", "version_table_pk", "output_encoding"),
    *("mssql_batch_separator", "oracle_batch_separator"),
    *("fn", "script", "as_sql", "destination_rev", "revision_context", "purge", "dont_mutate"),
}


def calling_place(name: Callable[[str, int | None], str], is_inside: Callable[[str], bool]) -> str:
    """Return the file and line of the project that calls just now: an empty string where none does."""
    stack = ((frame.f_code.co_filename, line) for frame, line in traceback.walk_stack(None))
    return next((name(file, line) for file, line in stack if is_inside(file)), "")
