"""Models in schemas of PostgreSQL: in two of them and the default one, with foreign keys across."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Enum, ForeignKey, Index, Integer, MetaData, String, Table
from sqlalchemy import text as sql
from support.lab import Lab
from support.models import CONVENTION


def first() -> MetaData:
    """Return accounts in one schema, deals in another, and pubs in the default one."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table(
        "acct",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(20), unique=True, nullable=False),
        Column("mood", Enum("sad", "ok", name="mood", schema="crm"), server_default="sad"),
        Index("ix_live", "name", postgresql_where=sql("name <> ''")),
        schema="crm",
    )
    Table(
        "deal",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("acct_id", ForeignKey("crm.acct.id"), index=True),
        Column("pub_id", ForeignKey("pub.id")),
        schema="ops",
    )
    account: Column[Any] = Column("acct_id", ForeignKey("crm.acct.id"), nullable=False)
    Table("pub", metadata, Column("id", Integer, primary_key=True), account)
    return metadata


def second() -> MetaData:
    """Return the same with other names, labels, a predicate, and columns that must be filled."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table(
        "account",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("title", String(20), unique=True, nullable=False),
        Column("mood", Enum("sad", "fine", "new", name="mood", schema="crm"), server_default="sad"),
        Index("ix_live", "title", postgresql_where=sql("title <> '-'")),
        schema="crm",
    )
    Table(
        "trade",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("size", Integer, nullable=False),
        Column("account_id", ForeignKey("crm.account.id"), index=True),
        Column("pub_id", ForeignKey("pub.id")),
        schema="ops",
    )
    account: Column[Any] = Column("account_id", ForeignKey("crm.account.id"), nullable=False)
    size: Column[Any] = Column("size", Integer, nullable=False)
    Table("pub", metadata, Column("id", Integer, primary_key=True), size, account)
    return metadata


ANSWERS = [
    *("rename=crm.acct:account", "rename=crm.account.name:title", "rename=crm.mood.ok:fine", "rename=ops.deal:trade"),
    *("rename=ops.trade.acct_id:account_id", "fill=ops.trade.size=3"),
    *("rename=pub.acct_id:account_id", "fill=pub.size=4"),
]
OTHERS = ["legacy.pub", "public.acct", "public.account", "crm.theirs", "crm.pub", "ops.pub", "ops.acct"]


def test_a_life_in_schemas(lab_postgresql: Lab) -> None:
    """Created, renamed, filled and dropped, with rows; what others have by the same names is left alone."""
    lab = lab_postgresql
    lab.rows("CREATE SCHEMA legacy")
    text = lab.change(first())
    assert all(f"op.execute('CREATE SCHEMA IF NOT EXISTS {name}')" in text for name in ("crm", "ops"))
    assert "SCHEMA legacy" not in text
    for table in OTHERS:
        lab.rows(f"CREATE TABLE {table} (id integer)")
    for row in ("crm.acct VALUES (1, 'Kim', 'ok')", "pub VALUES (1, 1)", "ops.deal VALUES (1, 1, 1)"):
        lab.rows(f"INSERT INTO {row}")

    text = lab.change(second(), *ANSWERS)
    assert "SCHEMA" not in text
    assert "drop_index('ix_live', table_name='account', schema='crm'" in text
    rows = "SELECT title, mood::text, trade.size, pub.size FROM crm.account JOIN ops.trade ON account_id = account.id"
    assert lab.rows(f"{rows} JOIN pub ON pub_id = pub.id") == [("Kim", "fine", 3, 4)]
    lab.downgrade()
    rows = "SELECT name, mood::text FROM crm.acct JOIN ops.deal ON acct_id = acct.id JOIN pub ON pub_id = pub.id"
    assert lab.rows(rows) == [("Kim", "ok")]
    lab.upgrade()

    last = second()
    for name in ("ops.trade", "pub"):
        last.remove(last.tables[name])
    message = lab.refused(last)
    assert all(f"{name} is in no model that env.py imports" in message for name in ("pub", "ops.trade"))
    text = lab.change(last, "allow-drop=pub", "allow-drop=ops.trade")
    assert text.partition("def downgrade")[0].count("op.drop") == 2
    lab.downgrade("base")
    query = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('crm', 'ops')"
    assert lab.rows(query) == [(2,)], "they hold what others have"


def test_the_default_schema_may_be_named(lab_postgresql: Lab) -> None:
    """A foreign key to public.author is one to author, and a rename is found."""

    def models(table: str, column: str) -> MetaData:
        metadata = MetaData(schema="public", naming_convention=CONVENTION)
        Table("author", metadata, Column("id", Integer, primary_key=True))
        key: Column[Any] = Column("author_id", ForeignKey("public.author.id"))
        Table(table, metadata, Column("id", Integer, primary_key=True), Column(column, String(20)), key)
        return metadata

    assert "SCHEMA" not in lab_postgresql.change(models("book", "title"))
    text = lab_postgresql.change(models("work", "name"), "rename=book:work", "rename=work.title:name")
    assert "op.rename_table('book', 'work')" in text
    assert "# destroys data" not in text
