"""Tables, built in a database as their models describe them."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Enum, ForeignKey, Index, Integer, MetaData, Table, create_engine, text
from sqlalchemy.dialects import postgresql as pg
from support.databases import make_database, rows

from alembic_proof.schema import build, buildable, model_names, prepare, read, table_names

METADATA = MetaData()
A = Table("a", METADATA, Column("id", Integer, primary_key=True), Column("b_id", ForeignKey("b.id", name="fk_b")))
B = Table("b", METADATA, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id", name="fk_a")))
IN_SCHEMA = Table("c", METADATA, Column("id", Integer), schema="app")


@pytest.mark.parametrize(("dialect", "names"), [("postgresql", ["a", "app.c"]), ("mysql", ["a"]), ("sqlite", ["a"])])
def test_what_a_scratch_database_can_hold(dialect: str, names: list[str]) -> None:
    """On most servers a schema is another database."""
    assert [table.fullname for table in buildable(dialect, [A, IN_SCHEMA])] == names


def test_a_cycle_of_foreign_keys_is_built(database: str) -> None:
    """Where a table can be altered, the key that closes the cycle comes last."""
    engine = create_engine(database)
    with engine.begin() as connection:
        build(connection, [A, B])
        assert table_names(connection, [A, B]) == {"a", "b"}
    engine.dispose()
    items = {item for items in read(database).values() for item in items}
    assert {"constraint fk_a", "constraint fk_b"} <= items


def test_names_in_a_schema(postgresql: str) -> None:
    """Are full, but in the default schema; other schemas do not count."""
    rows(postgresql, "CREATE SCHEMA other")
    rows(postgresql, "CREATE TABLE other.x (i INTEGER)")
    public = Table("p", MetaData(), Column("id", Integer), schema="public")
    engine = create_engine(postgresql)
    with engine.begin() as connection:
        build(connection, [public, IN_SCHEMA])
        assert table_names(connection, [public, IN_SCHEMA]) == {"p", "app.c"}
        assert model_names(connection.dialect, [public, IN_SCHEMA]) == {"p", "app.c"}
    engine.dispose()


def test_what_models_only_refer_to_is_copied(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Sequences and functions from the source, types that the models leave to others; indexes are built at once."""
    for statement in (
        "CREATE SEQUENCE numbers",
        "CREATE FUNCTION seven() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 7'",
    ):
        rows(postgresql, statement)
    metadata = MetaData()
    mood = pg.ENUM("a", "b", name="mood", create_type=False)
    table = Table(
        "t",
        metadata,
        Column("id", Integer, server_default=text("nextval('numbers')")),
        Column("n", Integer, server_default=text("seven()")),
        Column("m", mood),
        Index("ix", "n", postgresql_concurrently=True),
    )
    with make_database("postgresql", tmp_path_factory.mktemp("other")) as other:
        engine = create_engine(other)
        with engine.begin() as connection:
            prepare(connection, postgresql, [table])
            build(connection, [table])
        engine.dispose()
        assert {"column id", "column n", "column m", "index ix"} <= set(read(other)["t"])


def test_other_databases_need_no_preparation() -> None:
    """The source is not even asked."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        prepare(connection, "nonsense://", [Table("t", MetaData(), Column("k", Enum("a", name="k")))])
        assert table_names(connection, []) == set()
