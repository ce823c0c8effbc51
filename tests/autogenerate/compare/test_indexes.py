"""The expressions and predicates of indexes."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, UniqueConstraint, cast, column, func
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from support.lab import Lab
from support.models import CONVENTION

SQL = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE name IN ('small', 'lowered') ORDER BY name",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname IN ('small', 'lowered') ORDER BY indexname",
}


def models(*parts: str, function: str = "lower", limit: int = 9, name: str = "name") -> MetaData:
    """Return a table with an index of an expression, and one with a predicate, if they are named."""
    metadata = MetaData()
    predicate = sql(f"size < {limit}")
    indexes = {
        "small": Index("small", "size", sqlite_where=predicate, postgresql_where=predicate),
        "lowered": Index("lowered", getattr(func, function)(sql(name))),
    }
    columns: list[Column[Any]] = [
        Column("id", Integer, primary_key=True),
        Column(name, String(20)),
        Column("size", Integer),
    ]
    Table("thing", metadata, *columns, *(indexes[part] for part in parts))
    return metadata


def indexes(lab: Lab) -> list[str]:
    """Return the indexes, as the database has them."""
    return [definition for (definition,) in lab.rows(SQL[lab.engine.dialect.name])]


BOTH = pytest.mark.parametrize("lab", ["sqlite", "postgresql"], indirect=True)  # MariaDB has no such indexes


@BOTH
def test_both_change_under_their_names(lab: Lab) -> None:
    """Up, and down again."""
    lab.change(models("small", "lowered"))
    before = indexes(lab)
    lab.change(models("small", "lowered", function="upper", limit=8))
    lowered, small = indexes(lab)
    assert "upper(" in lowered
    assert "< 8" in small
    lab.downgrade()
    assert indexes(lab) == before


@BOTH
def test_they_are_removed(lab: Lab) -> None:
    """And come back."""
    lab.change(models("small", "lowered"))
    before = indexes(lab)
    lab.change(models())
    assert indexes(lab) == []
    lab.downgrade()
    assert indexes(lab) == before


@BOTH
def test_they_follow_a_rename(lab: Lab) -> None:
    """Of the column that they are about: what the database has renamed itself is no difference."""
    lab.change(models("small", "lowered"))
    text = lab.change(models("small", "lowered", name="title"), "rename=thing.name:title")
    assert "title" in indexes(lab)[0]
    assert "INDEX small" not in text


def filtered(where: str | None, unique: bool = False) -> MetaData:
    """Return a table with an index that may have a predicate."""
    metadata = MetaData()
    size: Column[Any] = Column("size", Integer)
    options: dict[str, Any] = {} if where is None else {"sqlite_where": sql(where), "postgresql_where": sql(where)}
    Index("small", size, unique=unique, **options)
    Table("thing", metadata, Column("id", Integer, primary_key=True), size, Column("name", String(20)))
    return metadata


@BOTH
@pytest.mark.parametrize("unique", [False, True])
def test_a_predicate_comes_and_goes(lab: Lab, unique: bool) -> None:
    """B2: under the same name; its groups and literals count."""
    lab.change(filtered(None, unique))
    assert "WHERE" not in indexes(lab)[0]
    steps = ["size < 9", "(size < 9 OR id > 5) AND name <> 'a b'", "size < 9 OR (id > 5 AND name <> 'a b')", None]
    before = indexes(lab)
    for where in steps:
        assert lab.differences(filtered(where, unique)) != ""
        text = lab.change(filtered(where, unique))
        assert text.count("INDEX") + text.count("create_index(") + text.count("drop_index(") == 4
        lab.downgrade()
        assert indexes(lab) == before
        lab.upgrade()
        before = indexes(lab)
        assert ("WHERE" in before[0], "UNIQUE" in before[0]) == (where is not None, unique)


ELEMENTS: dict[str, list[Any]] = {
    "desc": [column("name"), column("size").desc()],
    "text": [sql("name"), sql("size DESC")],
    "lower": [func.lower(column("name")), column("size")],
    "desc of lower": [func.lower(column("name")).desc(), column("size")],
    "sum": [sql("(size + id)"), column("name")],
    "product": [sql("((size + id) * 2)"), column("name")],
    "other product": [sql("(size + (id * 2))"), column("name")],
}
ON_POSTGRESQL: dict[str, list[Any]] = {
    "nulls last": [column("name"), column("size").desc().nulls_last()],
    "nulls first": [column("name"), column("size").nulls_first()],
    "collate": [column("name").collate("C"), column("size")],
    "collate of lower": [func.lower(column("name")).collate("C").desc(), column("size")],
    "coalesce": [func.coalesce(column("name"), "a b"), column("size")],
    "other coalesce": [func.coalesce(column("name"), "ab"), column("size")],
    "cast": [cast(column("size"), String(9)), column("name")],
    "operator class": [sql("name text_pattern_ops"), sql("size")],
}
ON_SQLITE: dict[str, list[Any]] = {
    "collate": [column("name").collate("NOCASE"), column("size")],
    "collate and desc": [column("name").collate("NOCASE").desc(), column("size")],
}


def of_elements(elements: list[Any] | None, extra: bool = False) -> MetaData:
    """Return a table with an index of elements, if there are any."""
    metadata = MetaData()
    columns: list[Column[Any]] = [
        Column("id", Integer, primary_key=True),
        Column("name", String(20)),
        Column("size", Integer, nullable=not extra, default=0),
    ]
    table = Table("thing", metadata, *columns, *([Column("more", Integer)] if extra else []))
    if elements is not None:
        Index("small", *elements, _table=table)
    return metadata


def elements_of(lab: Lab) -> dict[str, list[Any]]:
    """Return what is tried on a database."""
    return ELEMENTS | (ON_SQLITE if "sqlite" in lab.url else ON_POSTGRESQL)


@BOTH
@pytest.mark.parametrize("is_new", [True, False])
def test_an_index_of_any_elements(lab: Lab, is_new: bool) -> None:
    """A1: made once, in a new table or an old one; quiet; and it is there after the table is rebuilt."""
    tried = elements_of(lab)
    if not is_new:
        lab.change(of_elements(None))
    for elements in tried.values():
        text = lab.change(of_elements(elements))
        assert (text.count("create_index(") + text.count("CREATE INDEX")) >= 1
        before = indexes(lab)
        assert len(before) == 1
        lab.downgrade()
        lab.upgrade()
        assert indexes(lab) == before
        lab.rows("INSERT INTO thing (id, name) VALUES (1, 'a')")
        lab.change(of_elements(elements, extra=True))
        assert indexes(lab) == before
        lab.downgrade()
        assert indexes(lab) == before
        lab.downgrade("base")
        for path in lab.versions.glob("*.py"):
            path.unlink()
        if not is_new:
            lab.change(of_elements(None))


@BOTH
def test_one_index_after_the_other(lab: Lab) -> None:
    """B1: each of them is another one, under the same name, up and down."""
    tried = list(elements_of(lab).values())
    lab.change(of_elements(tried[-1]))
    for elements in tried:
        if elements is tried[1]:  # the same as the one before, in other words
            assert lab.differences(of_elements(elements)) == ""
            continue
        before = indexes(lab)
        assert lab.differences(of_elements(elements)) != ""
        lab.change(of_elements(elements))
        after = indexes(lab)
        lab.downgrade()
        assert indexes(lab) == before
        lab.upgrade()
        assert indexes(lab) == after != before


def with_options(options: dict[str, Any], cost: str = "cost") -> MetaData:
    """Return a table with an index of a name that is too long, and a column whose key is not its name."""
    metadata = MetaData(naming_convention=CONVENTION)
    columns: list[Column[Any]] = [
        Column("id", Integer, primary_key=True),
        Column("a_name_that_is_as_long_as_names_may_be", Integer),
        Column(cost, Integer, key="price"),
    ]
    table = Table("a_table_with_a_name_that_is_long", metadata, *columns)
    Index(None, table.c.a_name_that_is_as_long_as_names_may_be, **options)
    return metadata


OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "where": {"postgresql_where": sql("id < 9")},
    "another where": {"postgresql_where": sql("id < 8")},
    "unique where": {"postgresql_where": sql("id < 8"), "unique": True},
    "include": {"postgresql_include": ["price"]},
    "include more": {"postgresql_include": ["price", "id"]},
    "using": {"postgresql_using": "hash"},
    "with": {"postgresql_with": {"fillfactor": 50, "deduplicate_items": False}},
    "with another": {"postgresql_with": {"fillfactor": 60}},
}


def test_options_of_an_index(lab_postgresql: Lab) -> None:
    """Each is another index, up and down, also by a name that SQLAlchemy cuts off; empty ones are not written."""
    lab = lab_postgresql
    found: list[Any] = []
    for options in [*OPTIONS.values(), {}]:
        text = lab.change(with_options(options))
        assert "include=[]" not in text
        assert text.count("create_index(") == (2 if found else 1)
        found.append(lab.rows("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'ix%%'"))
    assert len({*map(str, found)}) == len(OPTIONS)
    for before in found[-2::-1]:
        lab.downgrade()
        assert lab.rows("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'ix%%'") == before


def test_what_an_index_includes_follows_a_rename(lab_postgresql: Lab) -> None:
    """PostgreSQL has done it."""
    options = {"postgresql_include": ["price"]}
    lab_postgresql.change(with_options(options))
    text = lab_postgresql.change(
        with_options(options, "fee"),
        "rename=a_table_with_a_name_that_is_long.cost:a_table_with_a_name_that_is_long.fee",
    )
    assert "index" not in text


@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize("length", [20, 30])
def test_a_long_name_of_letters_that_are_several_bytes(lab_postgresql: Lab, length: int, unique: bool) -> None:
    """PostgreSQL cuts it off by bytes, SQLAlchemy by letters: it is the same index, or UNIQUE."""

    def named(*columns: str) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        numbers = [Column(name, Integer) for name in ("한국어" * 4, "b" * length, "c" * length)]
        table = Table("이름", metadata, Column("id", Integer, primary_key=True), *numbers)
        found = [table.c[name] for name in columns]
        if unique:
            table.append_constraint(UniqueConstraint(*found))
        else:
            Index(None, *found)
        return metadata

    lab_postgresql.change(named("한국어" * 4, "b" * length))
    assert lab_postgresql.differences() == ""
    before = lab_postgresql.schema()
    lab_postgresql.change(named("한국어" * 4, "c" * length))
    lab_postgresql.downgrade()
    assert lab_postgresql.schema() == before


def test_an_expression_of_a_column_with_a_key(lab: Lab) -> None:
    """Alembic's copy of the column has its key, and is not found again by its name."""
    if lab.engine.dialect.name == "mysql":
        pytest.skip("MariaDB has no indexes on expressions")

    def keyed(*elements: Any) -> MetaData:
        metadata = MetaData()
        table = Table("t", metadata, Column("id", Integer, primary_key=True), Column("size", Integer, key="height"))
        Index("ix", *(element(table.c) for element in elements))
        return metadata

    lab.change(keyed(lambda c: c.height + c.id * 2, lambda c: c.height, lambda c: func.abs(c.height).desc()))
    before = indexes(lab)
    lab.change(keyed(lambda c: (c.height + c.id) * 2, lambda c: c.height))
    after = indexes(lab)
    lab.downgrade()
    assert indexes(lab) == before
    lab.upgrade()
    assert indexes(lab) == after


def test_an_order_on_mariadb(lab_mysql: Lab) -> None:
    """A1: quiet, its change is seen, and it is there after the downgrade; also in a table with another name."""

    def order() -> list[Any]:
        return lab_mysql.rows(
            "SELECT index_name, collation FROM information_schema.statistics WHERE table_schema = DATABASE() "
            "AND index_name = 'small' ORDER BY seq_in_index"
        )

    lab_mysql.change(of_elements([column("name"), column("size").desc()]))
    before = order()
    assert [collation for _, collation in before] == ["A", "D"]
    steps: list[Any] = [
        [column("name"), column("size")],
        [column("name").desc(), column("size")],
        [column("name")],
        None,
    ]
    for elements in steps:
        lab_mysql.change(of_elements(elements))
        after = order()
        assert after != before
        lab_mysql.downgrade()
        assert order() == before
        lab_mysql.upgrade()
        assert order() == after
        before = after


@pytest.mark.parametrize("name", ["name", "ON", "t"])
def test_a_column_with_the_name_of_the_table(lab_sqlite: Lab, name: str) -> None:
    """It keeps its name when the table gets another one."""

    def models(table: str) -> MetaData:
        metadata = MetaData()
        its_table = Table(table, metadata, Column("id", Integer, primary_key=True), Column(name, String(9)))
        Index("ix", func.lower(its_table.c[name]), sqlite_where=its_table.c[name] != "x")
        return metadata

    lab_sqlite.change(models(name))
    text = lab_sqlite.change(models("other"), f"rename={name}:other")
    assert "INDEX" not in text
    lab_sqlite.downgrade()
    lab_sqlite.upgrade()


def of_classes(*indexes: Index) -> MetaData:
    """Return a table with indexes of texts, numbers and JSON."""
    metadata = MetaData()
    columns: list[Column[Any]] = [Column("j", JSONB), Column("s", String(20)), Column("x", Integer)]
    Table("thing", metadata, Column("id", Integer, primary_key=True), *columns, *indexes)
    return metadata


OPERATOR_CLASSES: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    ("j", {"postgresql_using": "gin"}, {"postgresql_using": "gin", "postgresql_ops": {"j": "jsonb_path_ops"}}),
    ("s", {}, {"postgresql_ops": {"s": "text_pattern_ops"}}),
    ("s", {"postgresql_ops": {"s": "varchar_pattern_ops"}}, {"postgresql_ops": {"s": "text_pattern_ops"}}),
    (
        "x",
        {"postgresql_using": "brin", "postgresql_ops": {"x": "int4_minmax_multi_ops"}},
        {"postgresql_using": "brin"},
    ),
    ("s", {"postgresql_where": sql("x > 5")}, {"postgresql_ops": {"s": "text_pattern_ops"}}),
]


@pytest.mark.parametrize(("element", "one", "other"), OPERATOR_CLASSES)
def test_an_operator_class_comes_and_goes(
    lab_postgresql: Lab, element: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    """In both directions, and back; what the database has is what create_all() makes."""
    lab = lab_postgresql
    lab.change(of_classes(Index("small", element, **one)))
    for after in (other, one):
        old = indexes(lab)
        text = lab.change(of_classes(Index("small", element, **after)))
        assert "literal_column" not in text
        new = indexes(lab)
        assert old != new
        lab.downgrade()
        assert indexes(lab) == old
        lab.upgrade()
        assert indexes(lab) == new


@pytest.mark.parametrize(
    ("elements", "options"),
    [
        (["s"], {"postgresql_ops": {"s": "text_ops"}}),
        (["j"], {"postgresql_using": "gin", "postgresql_ops": {"j": "jsonb_ops"}}),
        ([sql("lower(s) text_ops")], {}),
        ([sql("x DESC"), "s"], {"postgresql_ops": {"s": "pg_catalog.text_pattern_ops"}}),
        (["x"], {"postgresql_using": "brin", "postgresql_ops": {"x": "int4_minmax_multi_ops(values_per_range=16)"}}),
    ],
)
def test_an_operator_class_that_is_said_is_no_difference(
    lab_postgresql: Lab, elements: list[Any], options: dict[str, Any]
) -> None:
    """Also the one that is usual for a type, or one with parameters."""
    lab_postgresql.change(of_classes(Index("small", *elements, **options)))


def test_an_index_of_a_column_gets_and_loses_a_collation(lab_postgresql: Lab) -> None:
    """Whether it is a column of the model, or SQL."""
    lab = lab_postgresql
    plain, collated = ("s",), (sql('s COLLATE "C"'),)
    lab.change(of_classes(Index("small", *plain)))
    for after in (collated, plain, collated, (sql("s"),), collated):
        old = indexes(lab)
        lab.change(of_classes(Index("small", *after)))
        assert indexes(lab) != old
        lab.downgrade()
        assert indexes(lab) == old
        lab.upgrade()


def test_an_operator_class_stays_with_a_rename(lab_postgresql: Lab) -> None:
    """Of its table and its column."""

    def models(table: str, name: str) -> MetaData:
        metadata = MetaData()
        index = Index("small", name, "Size 1", postgresql_ops={name: "text_pattern_ops"})
        columns: list[Column[Any]] = [Column("id", Integer, primary_key=True), Column("Size 1", Integer)]
        Table(table, metadata, *columns, Column(name, String(20)), index)
        return metadata

    lab_postgresql.change(models("thing", "name"))
    text = lab_postgresql.change(models("item", "title"), "rename=thing:item", "rename=item.name:title")
    assert "create_index" not in text


def including(*columns: str, name: str | None = "u") -> MetaData:
    """Return a table with a UNIQUE that includes columns, which have keys of their own."""
    metadata = MetaData()
    others: list[Column[Any]] = [Column(f"{letter}_1", Integer, key=letter) for letter in "abc"]
    options: dict[str, Any] = {"postgresql_include": columns} if columns else {}
    Table(
        "thing", metadata, Column("id", Integer, primary_key=True), *others, UniqueConstraint("a", name=name, **options)
    )
    return metadata


@pytest.mark.parametrize("name", ["u", None])
def test_a_unique_includes_other_columns(lab_postgresql: Lab, name: str | None) -> None:
    """Up and down, also where PostgreSQL has named it; SQLAlchemy has it from 2.0.41 on."""
    lab = lab_postgresql
    if "include" not in UniqueConstraint("a").dialect_options["postgresql"]:
        pytest.skip("SQLAlchemy has no such option before 2.0.41")
    stored = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'u'"
    lab.change(including(name=name))
    for columns in (["b"], ["b", "c"], ["c"], []):
        before = lab.rows(stored)
        lab.change(including(*columns, name=name))
        after = lab.rows(stored)
        assert before != after
        lab.downgrade()
        assert lab.rows(stored) == before
        lab.upgrade()
        assert lab.rows(stored) == after


def deferring(name: str | None = "u", refers: bool = False, other: bool = False, **when: Any) -> MetaData:
    """Return a table with a UNIQUE that is checked at some time, and perhaps one that refers to it."""
    metadata = MetaData()
    unique = [] if name == "none" else [UniqueConstraint("a", name=name, **when)]
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("a", Integer), *unique)
    if refers:
        Table("user", metadata, Column("a", ForeignKey("thing.a", name="fk"), primary_key=True))
    if other:
        Table("other", metadata, Column("a", Integer), UniqueConstraint("a", name="o", **when))
    return metadata


WHEN: dict[str, dict[str, Any]] = {
    "deferrable": {"deferrable": True},
    "deferred": {"deferrable": True, "initially": "DEFERRED"},
    "said shortly": {"initially": "deferred"},
    "immediate": {"deferrable": True, "initially": "IMMEDIATE"},
    "not": {"deferrable": False},
    "nothing": {},
}
UNIQUES = (
    "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'u' "
    "AND connamespace = 'public'::regnamespace ORDER BY 1"
)


@pytest.mark.parametrize("name", ["u", None])
def test_when_a_unique_is_checked(lab_postgresql: Lab, name: str | None) -> None:
    """Up and down, also where PostgreSQL has named it."""
    lab = lab_postgresql
    lab.change(deferring(name))
    same = [{"deferred", "said shortly"}, {"deferrable", "immediate"}, {"not", "nothing"}]
    last = "nothing"
    for each, when in WHEN.items():
        before = lab.rows(UNIQUES)
        if {last, each} in same:
            assert lab.differences(deferring(name, **when)) == ""
        else:
            lab.change(deferring(name, **when))
            after = lab.rows(UNIQUES)
            assert before != after
            lab.downgrade()
            assert lab.rows(UNIQUES) == before
            lab.upgrade()
            assert lab.rows(UNIQUES) == after
        last = each


def test_a_deferrable_unique_comes_back(lab_postgresql: Lab) -> None:
    """Where it is dropped, alone or with its table, or has only another name."""
    lab, deferred = lab_postgresql, WHEN["deferred"]
    lab.change(deferring(other=True, **deferred))
    before = lab.rows(UNIQUES)
    assert "RENAME CONSTRAINT u TO v" in lab.change(deferring("v", other=True, **deferred))
    lab.change(deferring("none"), "allow-drop")
    assert lab.rows(UNIQUES) == []
    lab.downgrade("-2")
    assert lab.rows(UNIQUES) == before


def test_a_foreign_key_gets_a_unique_that_is_checked_at_once(lab_postgresql: Lab) -> None:
    """PostgreSQL lets none refer to one that can be deferred."""
    lab = lab_postgresql
    lab.change(deferring(**WHEN["deferred"]))
    before = lab.rows(UNIQUES)
    lab.change(deferring(refers=True))
    lab.downgrade()
    assert lab.rows(UNIQUES) == before
    lab.upgrade()
    assert lab.differences() == ""


def test_an_index_of_sql_is_compared_without_a_warning(
    lab: Lab, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    """Alembic says that it only guesses, or that it cannot compare it."""
    lab.change(of_sql("s DESC"))
    recwarn.clear()
    caplog.clear()
    assert lab.differences(of_sql("x DESC")) != ""
    assert lab.differences(of_sql("s DESC")) == ""
    if lab.engine.dialect.name == "postgresql":
        lab.change(of_sql("s text_pattern_ops"))
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert [str(each.message) for each in recwarn if "index" in str(each.message)] == []


def of_sql(element: str) -> MetaData:
    """Return a table with an index of SQL."""
    metadata = MetaData()
    columns: list[Column[Any]] = [Column("s", String(20)), Column("x", Integer)]
    Table("thing", metadata, Column("id", Integer, primary_key=True), *columns, Index("small", sql(element)))
    return metadata
