"""What revisions execute is observed, with the lines it comes from; what Alembic itself executes is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from support.written import Written

from alembic_proof.lint.observer import Observer, Statement, query

TABLES = "op.create_table('book', sa.Column('id', sa.Integer))\n\nop.execute('DELETE FROM book')"


class Recording(Observer):
    """Replaces one statement, and notes what it is asked about."""

    dialects = ("sqlite",)
    finished: list[str]

    def tables(self, connection: Connection) -> set[str]:
        """Return the tables of the database."""
        return {name for (name,) in query(connection, "SELECT name FROM sqlite_master")}

    def before(self, connection: Connection, statement: Statement, parameters: Any) -> str:
        """Insert where the revision deletes."""
        return statement.sql.replace("DELETE FROM book", "INSERT INTO book VALUES (7)")

    def after(self, connection: Connection, statement: Statement) -> None:
        """Note it."""
        self.finished = [*getattr(self, "finished", []), statement.sql]


def test_statements_and_lines(tmp_path: Path, sqlite: str) -> None:
    """Of each revision, with the tables that existed before it; a statement may be replaced."""
    shop = Written(tmp_path / "shop", sqlite)
    first = shop.revision("r1", None, TABLES)
    second = shop.revision("r2", "r1", "op.drop_table('book')")
    observer = Recording({str(first), str(second)})
    with observer.observing():
        shop.alembic("upgrade", "r1")
        with create_engine(sqlite).connect() as connection:
            assert query(connection, "SELECT id FROM book WHERE id > ?", (1,)) == [(7,)]
            assert query(connection, "PRAGMA user_version = 1") == []
        shop.alembic("upgrade", "head")
    places = [(Path(each.path).stem, each.line, "book" in each.existing) for each in observer.statements]
    assert places == [("r1", 10, False), ("r1", 12, False), ("r2", 10, True)]
    assert observer.finished == [each.sql for each in observer.statements]


def test_another_dialect_is_not_observed(tmp_path: Path, sqlite: str) -> None:
    """Nor is anything afterwards, on any."""
    shop = Written(tmp_path / "shop", sqlite)
    path = shop.revision("r1", None, TABLES)
    observer = Recording({str(path)})
    observer.dialects = ("postgresql",)  # type: ignore[misc]
    with observer.observing():
        shop.alembic("upgrade", "head")
    observer.dialects = ("sqlite",)  # type: ignore[misc]
    shop.alembic("downgrade", "base", x=["allow-drop"])
    path.write_text(path.read_text("utf-8").replace("create_table('book'", "create_table('shelf'"), "utf-8")
    shop.alembic("upgrade", "head")
    assert observer.statements == []
