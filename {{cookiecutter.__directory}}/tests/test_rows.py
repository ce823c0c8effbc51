"""Every revision runs up, down and up again on tables that have rows, and the rows survive.

Before each, the tables are filled with made-up rows (rows.py). A revision that needs others says so in a line of its
own file, ``rows = {"book": [{"title": "흰"}]}``: what these tables hold before it; or, if it makes the table, after it.
A line that means to destroy data ends with the comment ``# destroys data``, and names the table or the column.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
import rows
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import Script, ScriptDirectory
from conftest import PROJECT, empty_database, with_revisions
from sqlalchemy import MetaData, create_engine, event

from {{ cookiecutter.__package_name }}.db.doctor_checks import first_line
from {{ cookiecutter.__package_name }}.db.doctor_checks.hints import hint

MARK = "# destroys data"
ADDED = re.compile(r"ALTER TABLE (\S+) ADD (?:COLUMN )?(\S+) (?!.*\b(?:DEFAULT|AUTO_INCREMENT|AS)\b).*NOT NULL")
REVISIONS = [script.revision for script in ScriptDirectory.from_config(Config(PROJECT.ini)).walk_revisions()][::-1]


class Held(NamedTuple):
    """What a table holds: its columns, and its rows, each value as text."""

    columns: list[str]
    rows: list[tuple[str | None, ...]]


Contents = dict[str, Held]
Loss = tuple[str, str, str]  # of a table, in a column, a value


class Chain:
    """A database on its way up the revisions, with rows in its tables."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self.engine = create_engine(stack.enter_context(empty_database()))
        stack.callback(self.engine.dispose)
        self.config = with_revisions(directory)
        self.config.attributes["connection"] = self.engine
        self.scripts = ScriptDirectory.from_config(self.config)
        self.order = list(self.scripts.walk_revisions())[::-1]
        self.applied = 0  # so many of them
        self.tables = MetaData()
        self.contents: Contents = {}
        self.latest: Contents = {}
        self.statements: list[str] = []  # since then
        event.listen(self.engine, "before_cursor_execute", lambda *said: self.statements.append(said[2]))
        event.listen(self.engine, "connect", rows.hurry)

    def reach(self, n: int) -> None:
        """Apply the first n revisions, and fill the tables."""
        if n:
            self.run(self.order[:n])
            self.advance(n, self.read(), {})

    def run(self, scripts: list[Script], up: bool = True) -> None:
        """Carry out these revisions, and nothing else, as one alembic command does."""
        step = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script
        steps = [step(self.scripts.revision_map, script) for script in scripts]
        target = scripts[-1].revision
        with EnvironmentContext(self.config, self.scripts, fn=lambda *_: steps, destination_rev=target):
            self.scripts.run_env()

    def read(self) -> Contents:
        """Return what the tables hold: read anew where a statement since the last time may have changed it."""
        lines = [" ".join(one.split()) for one in self.statements]
        said = "\n".join(line for line in lines if not any(name in line for name in rows.OF_ALEMBIC))
        touched = rows.touched(self.tables.tables, said)
        contents: Contents = {}
        with self.engine.connect() as connection:
            quote = connection.dialect.identifier_preparer.quote
            for schema, table in rows.names(connection):
                names = [schema, table] if schema else [table]
                name = ".".join(names)
                if name in self.latest and name not in touched and table not in said:
                    contents[name] = self.latest[name]
                    continue
                result = connection.exec_driver_sql(f"SELECT * FROM {'.'.join(map(quote, names))}")
                contents[name] = Held(list(result.keys()), [tuple(map(as_text, row)) for row in result])
        self.latest = contents
        self.statements.clear()
        return contents

    def hold(self, own: rows.Rows) -> None:
        """Let tables hold a revision's own rows, if the tables are there yet."""
        own = {name: values for name, values in own.items() if name in self.contents}
        if own:
            with self.engine.begin() as connection:
                rows.reflect(connection, self.tables, list(self.contents), [])
                rows.fill(connection, self.tables.tables, rows.empty(connection, self.tables.tables, own), own)
            self.contents = self.read()

    def advance(self, n: int, contents: Contents, own: rows.Rows) -> None:
        """Make up rows for the tables that are new or have changed, n revisions having left these contents."""
        new = {name for name, held in contents.items() if held.columns != self._columns(name)}
        kept = {name for name, held in contents.items() if set(self._columns(name)) <= set(held.columns)}
        own = {name: values for name, values in own.items() if name in new - set(self.contents)}
        with self.engine.begin() as connection:
            rows.reflect(connection, self.tables, new, set(self.contents) - kept)
            rows.fill(connection, self.tables.tables, new, own)
        self.contents = self.read() if new else contents
        self.applied = n

    def _columns(self, table: str) -> list[str]:
        return self.contents[table].columns if table in self.contents else []


def as_text(value: Any) -> str | None:
    """Return a value as text, the same for every type that can represent it."""
    if value is None:
        return None
    if isinstance(value, (bool, int, float, Decimal)):
        return f"{Decimal(str(value * 1)).normalize():f}"
    return str(bytes(value) if isinstance(value, memoryview) else value)


def losses(before: Contents, after: Contents) -> Iterator[Loss]:
    """Yield what is in a row before, and not after. A NULL is nothing that can be lost."""
    for table, (columns, held) in before.items():
        there = after.get(table, Held([], []))
        rest = [tuple(dict(zip(there.columns, row, strict=True)).get(name) for name in columns) for row in there.rows]
        missing = list((Counter(held) - Counter(rest)).elements())
        rest = list((Counter(rest) - Counter(held)).elements())
        for row in sorted(missing, key=lambda row: row.count(None)):
            same = [sum(a == b for a, b in zip(row, other, strict=True) if a is not None) for other in rest]
            other = rest.pop(same.index(max(same))) if same else (None,) * len(columns)
            for name, value, now in zip(columns, row, other, strict=True):
                if value is not None and value != now:
                    yield table, name, value


def moved(loss: Loss, before: Contents, after: Contents) -> bool:
    """Tell whether a lost value is in another place, where it was not before: its column or table was renamed."""
    for name, held in after.items():
        known = before.get(name, Held([], [])).columns
        for column, values in zip(held.columns, zip(*held.rows, strict=True), strict=False):
            if column not in known and loss[2] in values:
                return True
    return False


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Chain]]:
    """A function that returns a database with n revisions applied: the same one, as long as it is of use."""
    directory = tmp_path_factory.mktemp("revisions")
    with ExitStack() as stack:
        last: list[Chain] = []
        broken: list[str] = []

        def chain(n: int) -> Chain:
            if not broken and (not last or last[0].applied != n):
                stack.close()
                last[:] = [Chain(stack, directory)]
                try:
                    last[0].reach(n)
                except Exception as error:
                    broken.append(first_line(error))
            if broken:
                pytest.fail(f"not tried: the revisions before it end with an error: {broken[0]}", pytrace=False)
            return last[0]

        yield chain


@pytest.mark.parametrize("n", range(len(REVISIONS) or 1), ids=REVISIONS or ["the first one"])
def test_rows_survive(n: int, chains: Callable[[int], Chain]) -> None:
    """Up, down and up again: each succeeds, and what the rows held before is there after it."""
    chain = chains(n)
    script = chain.order[n]
    own = getattr(script.module, "rows", {})
    chain.applied = -1  # a database that a revision failed on is of no more use
    try:
        chain.hold(own)
    except rows.NoRows as table:
        fail(script, f"its own rows are refused: {table}", "correct them")
    before = chain.contents
    up, down, again = (carried_out(chain, script, step) for step in ("upgrade()", "downgrade()", "upgrade() again"))
    kept = set(losses(before, up))
    for loss in losses(before, down):
        gone = loss in kept and not moved(loss, before, up)
        report(script, "upgrade()" if gone else "downgrade()", loss)
    for loss in losses(before, again):
        if loss not in kept:
            report(script, "upgrade(), after a downgrade,", loss)
    try:
        chain.advance(n + 1, again, own)
    except rows.NoRows as table:
        fail(
            script,
            f"after it no rows can be made up for {table}",
            'give the revision rows that can be there in a line: rows = {"table": [{"column": value}]}, or [] for none',
        )


def carried_out(chain: Chain, script: Script, step: str) -> Contents:
    """Carry out a step of a revision, and return what the tables hold then."""
    error: Exception | None = None
    try:
        chain.run([script], up="upgrade" in step)
    except Exception as raised:
        error = raised
    if error is None and (column := invented(chain)):
        error = ValueError(f"{column} cannot be null, and this database gives old rows a value that nobody chose:")
    if error is None:
        return chain.read()
    cause = getattr(error, "orig", None) or error
    said = f"{type(cause).__name__}: {first_line(cause)} {' '.join(str(getattr(error, 'statement', '')).split())}"
    filled = [name for name, held in chain.contents.items() if held.rows and names(said, name)]
    where = f" on the rows of {', '.join(filled)}" if filled else ""
    others = "; if no such rows can be there, give the revision a line rows = ..., see tests/test_rows.py"
    fail(script, f"{step} fails{where}: {said.strip()}", hint(error) + (others if filled else ""))


def invented(chain: Chain) -> str | None:
    """Return a NOT NULL column that MariaDB or MySQL filled by itself, with 0 or '', and no UPDATE after it."""
    for n, statement in enumerate(chain.statements if chain.engine.dialect.name in ("mysql", "mariadb") else ()):
        added = ADDED.match(statement.replace("`", ""))
        if added and chain.contents.get(added[1], Held([], [])).rows:
            later = (one for one in chain.statements[n:] if one.startswith("UPDATE") and names(one, added[2]))
            if not any(later):
                return f"{added[1]}.{added[2]}"
    return None


def report(script: Script, step: str, loss: Loss) -> None:
    """Fail because of a loss, unless the revision says that it means it."""
    table, column, value = loss
    lines = [line for line in Path(script.path).read_text("utf-8").splitlines() if MARK in line]
    if not any(names(line, table) or names(line, column) for line in lines):
        fail(
            script,
            f"{step} loses data: {table}.{column} held {value[:40]!r}, which is gone",
            "rename or convert instead of dropping, or copy first; if it is meant, end the line with the comment "
            f"{MARK}: {table}.{column}",
        )


def names(text: str, name: str) -> bool:
    """Tell whether a text names a table or a column."""
    return re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", text) is not None


def fail(script: Script, what: str, fix: str) -> NoReturn:
    """Fail with a sentence: where, what is wrong, and what to do."""
    pytest.fail(f"{Path(script.path).name}: {what} ({fix})", pytrace=False)
