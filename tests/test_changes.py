"""What a revision does to what changes: types, keys, indexes, CHECKs, comments and names, with rows, up and down."""

from conftest import Project, rows, schema

THING = "src/PACKAGE/models/thing.py"
HEAD = '''\
"""A table that changes."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base

'''
TABLE = '''
class {}(Base):
    """A table."""

    __tablename__ = "{}"
'''
THINGS = HEAD + TABLE.format("Thing", "thing")


def first(project: Project, url: str, models: str, *statements: str) -> dict[str, list[str]]:
    """Make the tables, with rows, and return the schema."""
    project.write(".env", f"DATABASE_URL={url}\n")
    project.write(THING, models)
    project.change("first")
    for statement in statements:
        rows(url, statement)
    return schema(url)


CASTS = """\
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[str] = mapped_column(String(9), server_default="12")
    done: Mapped[int] = mapped_column(server_default="1")
    born: Mapped[str | None]
    code: Mapped[str | None] = mapped_column(String(9))
"""
CAST = {
    'Mapped[str] = mapped_column(String(9), server_default="12")': 'Mapped[int] = mapped_column(server_default="12")',
    'Mapped[int] = mapped_column(server_default="1")': 'Mapped[bool] = mapped_column(server_default=text("true"))',
    "born: Mapped[str | None]": "born: Mapped[date | None]",
    "(String(9))": "(String(19))",
}


def test_postgresql_is_told_how_to_convert(project: Project, postgresql: str) -> None:
    """Where a default is in the way, too, and back; where it converts by itself, it is told nothing."""
    before = first(project, postgresql, THINGS + CASTS)
    rows(postgresql, "INSERT INTO thing (id, size, born, code) VALUES (1, '41', '2026-01-05', 'x')")
    rows(postgresql, "INSERT INTO thing (id, done) VALUES (2, 0)")
    for old, new in CAST.items():
        project.edit(THING, old, new)
    upgrade, _, downgrade = project.change("cast").partition("def downgrade")
    assert [f"{name}::" in upgrade for name in ("size", "done", "born", "code")] == [True, True, True, False]
    assert downgrade.count("postgresql_using") == downgrade.count("postgresql_using='done::INTEGER'") == 1
    rows(postgresql, "INSERT INTO thing (id) VALUES (3)")
    query = "SELECT id, size, done, born::text FROM thing ORDER BY id"
    assert rows(postgresql, query) == [(1, 41, True, "2026-01-05"), (2, 12, False, None), (3, 12, True, None)]
    project.alembic("downgrade -1")
    assert schema(postgresql) == before
    assert rows(postgresql, query) == [(1, "41", 1, "2026-01-05"), (2, "12", 0, None), (3, "12", 1, None)]


DATES = """\
    id: Mapped[int] = mapped_column(primary_key=True)
    born: Mapped[date | None]
    seen: Mapped[datetime | None]
    size: Mapped[int]
    twice: Mapped[int] = mapped_column(Computed("size * 2"))
"""


def test_sqlite_keeps_dates_and_what_it_computes(project: Project, sqlite: str) -> None:
    """Cast to a date, a text would be a number; and a computed column takes no value when its table is rebuilt."""
    before = first(
        project,
        sqlite,
        THINGS + DATES,
        "INSERT INTO thing (id, born, seen, size) VALUES (1, '2026-01-05', '2026-02-03 04:05:06.000000', 4)",
        "INSERT INTO thing (id, size) VALUES (2, 5)",
    )
    project.edit(THING, "born: Mapped[date | None]", "born: Mapped[datetime | None]")
    project.edit(THING, "seen: Mapped[datetime | None]", "seen: Mapped[date | None]")
    project.change("dates")
    query = "SELECT id, born, seen, size, twice FROM thing ORDER BY id"
    assert rows(sqlite, query) == [(1, "2026-01-05 00:00:00.000000", "2026-02-03", 4, 8), (2, None, None, 5, 10)]
    project.alembic("downgrade -1")
    assert rows(sqlite, query) == [(1, "2026-01-05", "2026-02-03 00:00:00.000000", 4, 8), (2, None, None, 5, 10)]
    assert schema(sqlite) == before


CIRCLE = (
    HEAD
    + TABLE.format("Hen", "hen")
    + """\
    id: Mapped[int] = mapped_column(primary_key=True)
    egg_id: Mapped[int | None] = mapped_column(ForeignKey("egg.id"))
    mother_id: Mapped[int | None] = mapped_column(ForeignKey("hen.id"))

"""
    + TABLE.format("Egg", "egg")
    + """\
    id: Mapped[int] = mapped_column(primary_key=True)
    hen_id: Mapped[int | None] = mapped_column(ForeignKey("hen.id"))
"""
)


def test_tables_that_refer_to_each_other(project: Project, database: str) -> None:
    """Made and dropped, on a database that has tables already."""
    project.write(".env", f"DATABASE_URL={database}\n")
    project.change("first")
    before = schema(database)
    project.write(THING, CIRCLE)
    project.change("circle")
    rows(database, "INSERT INTO hen (id, mother_id) VALUES (1, 1)")
    rows(database, "INSERT INTO egg (id, hen_id) VALUES (2, 1)")
    rows(database, "UPDATE hen SET egg_id = 2")
    after = schema(database)
    keys = ("fk_hen_egg_id_egg", "fk_egg_hen_id_hen", "fk_hen_mother_id_hen")
    assert [name for name in keys if name not in str(after)] == []
    project.alembic("-x allow-drop downgrade -1")
    assert schema(database) == before
    project.alembic("upgrade head")
    assert schema(database) == after


COMPARED = """\
    __table_args__ = (
        CheckConstraint("size > 0", name="sized"),
        Index("small", "size", sqlite_where=text("size < 9"), postgresql_where=text("size < 9")),
        Index("lowered", func.lower(text("name"))),
        {"comment": "물건"},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), comment="이름")
    size: Mapped[int] = mapped_column(server_default="5")
"""
CHANGES = {
    '"size > 0"': '"size > 1"',
    "size < 9": "size < 8",
    "func.lower": "func.upper",
    "물건": "it's 100% : 물건들",
    "이름": "이름들",
    'server_default="5"': 'server_default="6"',
}
INDEXES = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE name IN ('small', 'lowered') ORDER BY name",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname IN ('small', 'lowered') ORDER BY indexname",
}


def test_what_changes_under_the_same_name(project: Project, database: str) -> None:
    """The text of a CHECK, where an index is, and of what, a comment, a default: all at once, up and down."""
    kind = database.partition("+")[0].partition(":")[0]
    models = THINGS + COMPARED
    if kind == "mysql":  # which has no indexes with a WHERE; MariaDB has none of expressions, and rewrites a CHECK
        models = "".join(line for line in models.splitlines(True) if "Index(" not in line)
    before = first(project, database, models, "INSERT INTO thing (id, name) VALUES (1, 'A')")
    indexes = INDEXES.get(kind, "SELECT 1")
    indexed = rows(database, indexes)
    for old, new in CHANGES.items():
        if new not in models and old in models and not (kind == "mysql" and "size >" in old):
            project.edit(THING, old, new)
    project.change("changes")
    rows(database, "INSERT INTO thing (id, name) VALUES (2, 'b')")
    assert rows(database, "SELECT id, name, size FROM thing ORDER BY id") == [(1, "A", 5), (2, "b", 6)]
    after = schema(database)
    if kind == "mysql":
        assert "이름들" in str(after["thing"])
        assert rows(database, "SHOW CREATE TABLE thing")[0][1].endswith("COMMENT='it''s 100% : 물건들'")
    else:
        assert "size > 1" in str(after["thing"])
        first_sql, second_sql = (sql for (sql,) in rows(database, indexes))
        assert "upper(" in first_sql
        assert "< 8" in second_sql
    if kind == "postgresql":
        assert rows(database, "SELECT obj_description('thing'::regclass)") == [("it's 100% : 물건들",)]
    project.alembic("downgrade -1")
    assert schema(database) == before
    assert rows(database, indexes) == indexed
    assert rows(database, "SELECT id, name, size FROM thing ORDER BY id") == [(1, "A", 5), (2, "b", 6)]
    project.alembic("upgrade head")
    assert schema(database) == after


KEYS = """\
    id: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int]
    name: Mapped[str | None] = mapped_column(String(20))
"""


def test_a_primary_key_changes(project: Project, database: str) -> None:
    """It gets another column, and loses it again; the rows stay."""
    before = first(project, database, THINGS + KEYS, "INSERT INTO thing (id, part, name) VALUES (1, 2, 'x')")
    project.edit(THING, "part: Mapped[int]", "part: Mapped[int] = mapped_column(primary_key=True)")
    project.change("keys")
    rows(database, "INSERT INTO thing (id, part, name) VALUES (1, 3, 'y')")
    assert rows(database, "SELECT * FROM thing ORDER BY part") == [(1, 2, "x"), (1, 3, "y")]
    rows(database, "DELETE FROM thing WHERE part = 3")
    project.alembic("downgrade -1")
    assert schema(database) == before
    assert rows(database, "SELECT * FROM thing") == [(1, 2, "x")]


LONG = "a_table_whose_name_is_so_long_that_no_name_made_of_it_can_fit"
NAMES = (
    HEAD
    + TABLE.format("Long", LONG)
    + f"""\
    __table_args__ = (CheckConstraint("size > 0", name="a_size_that_is_greater_than_nothing"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("{LONG}.id"), index=True)
    size: Mapped[int] = mapped_column(unique=True)
"""
)


def test_names_longer_than_the_database_takes(project: Project, database: str) -> None:
    """They are shortened, and known again; up, down, up."""
    first(project, database, NAMES, f"INSERT INTO {LONG} (id, size) VALUES (1, 1)")
    note = "    note: Mapped[str | None] = mapped_column(String(9), index=True)\n"
    project.write(THING, NAMES + note)
    project.change("note")
    project.alembic("downgrade -1", "upgrade head", "-x allow-drop downgrade base", "upgrade head", "check")
