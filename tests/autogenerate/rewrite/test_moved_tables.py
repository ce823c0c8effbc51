"""Tables that the models have in another schema."""

from __future__ import annotations

import re

from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, String, Table
from support.lab import Lab
from support.models import CONVENTION


def models(schema: str | None, *names: str, column: str = "n") -> MetaData:
    """Return tables in a schema, the first of which refers to the second, with an enum."""
    metadata = MetaData(schema=schema, naming_convention=CONVENTION)
    prefix = f"{schema}." if schema else ""
    first, second = names or ("a", "Order")
    mood = Enum("sad", "ok", name="mood", metadata=metadata)
    Table(second, metadata, Column("id", Integer, primary_key=True), Column(column, String(9)), Column("mood", mood))
    Table(
        first,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("order_id", ForeignKey(f"{prefix}{second}.id"), index=True),
    )
    return metadata


def start(lab: Lab) -> None:
    """Create them, with a row."""
    lab.change(models(None))
    lab.rows("INSERT INTO \"Order\" VALUES (1, 'x', 'ok')")
    lab.rows("INSERT INTO a VALUES (1, 1)")


def test_the_statements_that_move_them_are_told(lab_postgresql: Lab) -> None:
    """They leave nothing to do; and what they say works back, too."""
    lab = lab_postgresql
    start(lab)
    message = lab.refused(models("app"))
    assert message.startswith("The models have app.Order, app.a, and the database Order, a, with the same columns: ")
    assert message.endswith("say -x allow-drop=Order -x allow-drop=a. Nothing was written.")
    assert "There is " not in message
    found = re.search(r"of each of these: (.*)\. If they", message)
    assert found is not None
    statements = found[1].split("; ")
    assert statements[0] == "CREATE SCHEMA IF NOT EXISTS app"
    assert set(statements[1:]) == {
        'ALTER TABLE "Order" SET SCHEMA app',
        "ALTER TABLE a SET SCHEMA app",
        "ALTER TYPE mood SET SCHEMA app",
    }
    lab.write("moved", lab.head(), "\n".join(f"op.execute({each!r})" for each in statements))
    lab.upgrade()
    assert lab.differences(models("app")) == ""
    assert lab.rows("SELECT * FROM app.a") == [(1, 1)]
    assert "ALTER TABLE app.a SET SCHEMA public" in lab.refused(models(None))


def test_other_tables(lab_postgresql: Lab) -> None:
    """Somebody says that they are; and with other columns they are."""
    lab = lab_postgresql
    start(lab)
    message = lab.refused(models("app"), "allow-drop=Order")
    assert message.endswith("If they are other tables, say -x allow-drop=a. Nothing was written.")
    lab.change(models("app"), "allow-drop=Order", "allow-drop=a")
    assert lab.rows("SELECT * FROM app.a") == []
    message = lab.refused(models("crm", column="m"), "allow-drop=app.a")
    assert message.startswith("There is 1 question")
    assert "app.Order is in no model" in message
