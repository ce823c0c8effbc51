"""Comments that only the database has. C22."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, inspect
from support.lab import Lab

from alembic_proof.prompts import Scripted

SET = {
    "postgresql": (
        "op.execute(\"COMMENT ON COLUMN book.title IS 'by hand'\")\nop.create_table_comment('book', 'by hand')"
    ),
    "mysql": (
        "op.alter_column('book', 'title', existing_type=sa.String(20), comment='by hand')\n"
        "op.create_table_comment('book', 'by hand')"
    ),
}


def models(comment: str | None = None, length: int = 20) -> MetaData:
    """Return models with one table."""
    metadata = MetaData()
    columns: list[Column[Any]] = [
        Column("id", Integer, primary_key=True),
        Column("title", String(length), comment=comment),
    ]
    Table("book", metadata, *columns, comment=comment)
    return metadata


def comments(lab: Lab) -> tuple[str | None, str | None]:
    """Return those of the table and of the column."""
    inspector = inspect(lab.engine)
    return inspector.get_table_comment("book")["text"], inspector.get_columns("book")[1].get("comment")


@pytest.fixture
def commented(lab: Lab) -> Lab:
    """A table with comments of which the models know nothing."""
    lab.change(models())
    kind = lab.engine.dialect.name.replace("mariadb", "mysql")
    lab.write("r9", lab.head(), SET.get(kind, "pass"))
    lab.upgrade()
    return lab


def test_it_is_asked_about(commented: Lab) -> None:
    """Both at once; with the answers it goes, and comes back with the downgrade."""
    if commented.engine.dialect.name == "sqlite":  # which has no comments
        assert "modify_type" not in commented.differences(models())
        assert commented.change(models(length=30))
        return
    said = commented.refused(models(length=30))
    assert "book loses its comment 'by hand', which the model does not have. Is that intended?" in said
    assert "book.title loses its comment 'by hand'" in said
    assert "-x allow-drop=book" in said
    assert "-x allow-drop=book.title" in said
    commented.change(models(), "allow-drop=book", "allow-drop=book.title")
    assert comments(commented) == (None, None)
    commented.downgrade()
    assert comments(commented) == ("by hand", "by hand")


def test_the_answer_is_no(commented: Lab) -> None:
    """Nothing is written, and the sentence says what the model needs: then all is quiet."""
    if commented.engine.dialect.name == "sqlite":
        assert commented.differences(models()) == ""
        return
    commented.asker = Scripted(["n"])
    assert commented.refused(models()).endswith("Give it to the model, as comment=. Nothing was written.")
    assert commented.differences(models("by hand")) == ""


def test_another_comment_is_no_question(commented: Lab) -> None:
    """It is in the model."""
    if commented.engine.dialect.name == "sqlite":
        assert commented.differences(models("new")) == ""
        return
    commented.change(models("new"))
    assert comments(commented) == ("new", "new")
