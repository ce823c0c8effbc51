"""Sequences that models name are made where they are missing, and get the options of the models."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Integer, MetaData, Sequence, SmallInteger, Table, insert, select
from support.lab import Lab

KINDS = ["postgresql", "mysql"]


@pytest.fixture(params=KINDS)
def lab(request: pytest.FixtureRequest) -> Lab:
    """On each kind of database that has sequences; MySQL has none."""
    made: Lab = request.getfixturevalue(f"lab_{request.param}")
    if not made.engine.dialect.supports_sequences:
        made.engine.connect().close()  # SQLAlchemy asks the server which one it is
    if not made.engine.dialect.supports_sequences:
        pytest.skip("this server has no sequences")
    return made


def models(*columns: Column[Any], table: str = "invoice", metadata: MetaData | None = None) -> MetaData:
    """Return a table with columns."""
    metadata = metadata or MetaData()
    Table(table, metadata, Column("id", Integer, primary_key=True), Column("n", Integer), *columns)
    return metadata


def numbered(*arguments: Any, **options: Any) -> MetaData:
    """Return a table with a column that gets the numbers of a sequence."""
    return models(Column("no", BigInteger, Sequence(*arguments, **options)))


def insert_row(lab: Lab, metadata: MetaData) -> Any:
    """Insert a row as an application does, and return the number that it has got."""
    table = metadata.sorted_tables[0]
    with lab.engine.begin() as connection:
        connection.execute(insert(table), {"n": 1})
        return connection.scalar(select(table.c.no).order_by(table.c.id.desc()).limit(1))


def by_default(metadata: MetaData) -> MetaData:
    """Return a table with a column that gets the numbers in the database."""
    sequence = Sequence("ticket", metadata=metadata)
    return models(Column("no", BigInteger, server_default=sequence.next_value()), metadata=metadata)


@pytest.mark.parametrize("is_default", [False, True])
@pytest.mark.parametrize("exists", [False, True])
def test_with_its_column(lab: Lab, exists: bool, is_default: bool) -> None:
    """The table is new, or gets a column; the sequence is that of the column, or of its server default."""
    if exists:
        lab.change(models())
    metadata = by_default(MetaData()) if is_default else numbered("ticket")
    text = lab.change(metadata)
    assert text.index("CREATE SEQUENCE ticket") < text.index("sa.Column('no'")
    assert insert_row(lab, metadata) == 1
    lab.downgrade("base")
    lab.upgrade()
    assert insert_row(lab, metadata) == 1


def test_a_primary_key_on_mariadb(lab: Lab) -> None:
    """It is no AUTO_INCREMENT then, as create_all() makes it."""
    metadata = MetaData()
    Table(
        "invoice", metadata, Column("no", Integer, Sequence("ticket", start=7), primary_key=True), Column("n", Integer)
    )
    lab.change(metadata)
    table = metadata.tables["invoice"]
    with lab.engine.begin() as connection:
        connection.execute(insert(table), {"n": 1})
        assert connection.scalars(select(table.c.no)).all() == [7]


def test_of_no_column(lab: Lab) -> None:
    """An application may ask for its numbers itself. One that is left out belongs to somebody else."""
    metadata = models()
    Sequence("ticket", metadata=metadata)
    models(Column("no", Integer, Sequence("foreign")), table="foreign_table", metadata=metadata)

    def own(_: Any, name: str, type_: str, *rest: Any) -> bool:
        return type_ != "table" or not name.startswith("foreign")

    text = lab.revision(metadata, include_object=own)
    assert "CREATE SEQUENCE ticket" in text
    assert "foreign" not in text


def test_it_goes_on_after_the_numbers_that_are_there(lab_postgresql: Lab) -> None:
    """Where a column of a table with rows gets a sequence, or another one."""
    lab_postgresql.change(models(Column("no", BigInteger), table="bill"))
    with lab_postgresql.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO bill (no) VALUES (5), (41), (NULL)")
    metadata = models(Column("no", BigInteger, Sequence("ticket")), table="bill")
    assert "SELECT setval('ticket', max(no)) FROM bill HAVING max(no) >= 1" in lab_postgresql.change(metadata)
    assert insert_row(lab_postgresql, metadata) == 42


def test_it_goes_on_in_a_table_that_is_renamed(lab_postgresql: Lab) -> None:
    """Its numbers are read by the new name."""
    lab_postgresql.change(models(Column("no", BigInteger), table="bill"))
    with lab_postgresql.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO bill (no) VALUES (41)")
    metadata = numbered("ticket")
    lab_postgresql.change(metadata, "rename=bill:invoice")
    assert insert_row(lab_postgresql, metadata) == 42


def test_what_is_said_on_mariadb(lab_mysql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Its statement takes no query."""
    lab_mysql.change(models(Column("no", BigInteger)))
    lab_mysql.change(numbered("ticket"))
    assert "begins anew, and invoice.no may have numbers already" in caplog.text


def test_another_name(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """A new sequence would begin anew: the old one is named."""
    lab.change(numbered("ticket"))
    lab.change(numbered("ticket_no"))
    assert "ticket_no is new. No model names ticket, which stays" in caplog.text


# The options before and after, and what is written.
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "increment": ({}, {"increment": 5}, "ALTER SEQUENCE ticket INCREMENT BY 5"),
    "usual increment": ({"increment": 5}, {}, "ALTER SEQUENCE ticket INCREMENT BY 1"),
    "bounds": (
        {},
        {"minvalue": -5, "maxvalue": 500, "start": 1},
        "ALTER SEQUENCE ticket MINVALUE -5 MAXVALUE 500 START",
    ),
    "no bounds": ({"minvalue": 1, "maxvalue": 500}, {"nominvalue": True}, "ALTER SEQUENCE ticket NO MAXVALUE"),
    "cycle": ({"cycle": True, "maxvalue": 9}, {"maxvalue": 9}, "ALTER SEQUENCE ticket NO CYCLE"),
    "cache": ({"cache": 20}, {}, "ALTER SEQUENCE ticket CACHE 1"),
    "start": ({}, {"start": 100}, "ALTER SEQUENCE ticket START WITH 100"),
}


@pytest.mark.parametrize("options", OPTIONS)
def test_options(lab: Lab, options: str) -> None:
    """They change in place, and go back."""
    before, after, sql = OPTIONS[options]
    catalogue = "SELECT * FROM pg_sequences WHERE sequencename = 'ticket'"
    read = catalogue if lab.engine.dialect.name == "postgresql" else "SELECT * FROM ticket"
    lab.change(numbered("ticket", **before))
    first = lab.rows(read)
    text = lab.change(numbered("ticket", **after))
    assert any(each in text for each in (sql, sql.replace("NO CYCLE", "NOCYCLE")))  # as MariaDB has it
    assert lab.rows(read) != first
    lab.downgrade()
    assert lab.rows(read) == first


SAME: list[dict[str, Any]] = [
    {"start": 1, "increment": 1, "minvalue": 1},
    {"cycle": False},
    {"nomaxvalue": True},
    {"increment": -1},
    {"increment": 3, "start": 7, "cache": 5},
]


@pytest.mark.parametrize("options", SAME)
def test_options_that_are_the_same(lab: Lab, options: dict[str, Any]) -> None:
    """Usual values may be said, or not."""
    lab.change(numbered("ticket", **options))


def test_the_type(lab_postgresql: Lab) -> None:
    """It has that of the model."""
    lab_postgresql.change(numbered("ticket", data_type=SmallInteger))
    assert "ALTER SEQUENCE ticket AS bigint" in lab_postgresql.change(numbered("ticket"))


def test_odd_names(lab: Lab) -> None:
    """They are quoted."""
    lab.change(numbered("Ticket %", increment=2))
    lab.change(numbered("Ticket %", increment=3))


def test_in_the_default_schema_by_its_name(lab_postgresql: Lab) -> None:
    """It is the same one, and a schema of its own is made for it."""
    lab_postgresql.change(numbered("ticket", schema="public"))
    text = lab_postgresql.change(numbered("ticket", schema="crm"))
    assert text.index("CREATE SCHEMA") < text.index("CREATE SEQUENCE crm.ticket")


def test_sequences_that_belong_to_columns_are_no_others(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Those of serial and identity columns have no name in a model."""
    lab_postgresql.change(models())
    lab_postgresql.change(numbered("ticket"))
    assert "No model names" not in caplog.text


def test_one_of_the_same_name_in_another_schema(lab_postgresql: Lab) -> None:
    """Its column has nothing to do with the new one; the table may be of the default schema by its name."""

    def both(*new: Any) -> MetaData:
        metadata = MetaData()
        Table("a", metadata, Column("id", Integer, primary_key=True), Column("no", BigInteger, *new), schema="public")
        Table("b", metadata, Column("no", BigInteger, Sequence("ticket", schema="crm")), schema="crm")
        return metadata

    lab_postgresql.change(both())
    text = lab_postgresql.change(both(Sequence("ticket")))
    assert "FROM public.a HAVING" in text
    assert "crm" not in text
