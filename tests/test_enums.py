"""Enums: labels come, go and are renamed, and the rows keep theirs."""

from typing import Any

import pytest
from conftest import Project, rows, schema

ITEM = "src/PACKAGE/models/item.py"
MODELS = '''\
"""Items, and orders of them."""

from sqlalchemy import ARRAY, Enum
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base

KIND = Enum("NEW", "OLD", "GONE", name="kind")


class Item(Base):
    """An item."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(KIND, server_default="OLD")
'''
ORDER = '''

class Order(Base):
    """An order."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str | None] = mapped_column(KIND)
    kinds: Mapped[list[str] | None] = mapped_column(ARRAY(KIND), server_default="{OLD}")
'''
LABELS = '"NEW", "OLD", "GONE"'


def first(project: Project, url: str, models: str) -> str:
    """Make the tables, with rows, and return the revision."""
    project.write(".env", f"DATABASE_URL={url}\n")
    project.write(ITEM, models)
    text = project.change("first")
    rows(url, "INSERT INTO item (id) VALUES (1)")
    rows(url, "INSERT INTO item (id, kind) VALUES (2, 'NEW'), (3, 'GONE')")
    return text


def kinds(url: str) -> list[Any]:
    """Return the items' kinds."""
    return [kind for (kind,) in rows(url, "SELECT kind FROM item ORDER BY id")]


@pytest.fixture
def shop(project: Project, postgresql: str) -> Project:
    """A project with an enum type of PostgreSQL that two tables use, and a default and an array of it."""
    text = first(project, postgresql, MODELS + ORDER)
    assert text.count("CREATE TYPE kind AS ENUM ('NEW', 'OLD', 'GONE')") == 1
    assert text.count("DROP TYPE kind") == 1
    rows(postgresql, "INSERT INTO orders (id, kind, kinds) VALUES (1, 'GONE', ARRAY['OLD', 'NEW']::kind[])")
    return project


def labels(url: str) -> list[Any]:
    """Return the labels of PostgreSQL's type."""
    return [label for (label,) in rows(url, "SELECT unnest(enum_range(NULL::kind))::text")]


def test_labels_are_added_in_their_places(shop: Project, postgresql: str) -> None:
    """At the end, in the middle, in front, in one revision; the downgrade makes the type anew, defaults and all."""
    before = schema(postgresql)
    shop.edit(ITEM, LABELS, '"RAW", "NEW", "USED", "OLD", "GONE", "it\'s : 100%"')
    text = shop.change("labels")
    assert "ALTER TYPE kind ADD VALUE 'RAW' BEFORE 'NEW'" in text
    assert "ALTER TYPE kind ADD VALUE 'USED' AFTER 'NEW'" in text
    assert "ADD VALUE 'it''s : 100%' AFTER 'GONE'" in text
    assert labels(postgresql) == ["RAW", "NEW", "USED", "OLD", "GONE", "it's : 100%"]
    rows(postgresql, "INSERT INTO item (id, kind) VALUES (4, 'USED')")
    with pytest.raises(AssertionError, match='invalid input value for enum kind: "USED"'):
        shop.alembic("downgrade -1")
    rows(postgresql, "DELETE FROM item WHERE id = 4")
    shop.alembic("downgrade -1")
    assert labels(postgresql) == ["NEW", "OLD", "GONE"]
    assert schema(postgresql) == before
    assert kinds(postgresql) == ["OLD", "NEW", "GONE"]
    assert rows(postgresql, "SELECT kind::text, kinds::text FROM orders") == [("GONE", "{OLD,NEW}")]
    shop.alembic("upgrade head")


def test_a_label_is_renamed(shop: Project, postgresql: str) -> None:
    """If somebody says so; rows, arrays and the defaults follow, down too."""
    before = schema(postgresql)
    shop.edit(ITEM, "OLD", "AGED")
    assert "renamed:\n  kind.OLD to kind.AGED\nSay -x rename=kind.OLD:AGED for each" in shop.refused()
    text = shop.change("aged", "rename=kind.OLD:AGED")
    assert "ALTER TYPE kind RENAME VALUE 'OLD' TO 'AGED'" in text
    assert "This fails while" not in text
    assert "op.alter_column" not in text
    rows(postgresql, "INSERT INTO item (id) VALUES (4)")
    assert kinds(postgresql) == ["AGED", "NEW", "GONE", "AGED"]
    assert rows(postgresql, "SELECT kinds::text FROM orders") == [("{AGED,NEW}",)]
    shop.alembic("downgrade -1")
    assert kinds(postgresql) == ["OLD", "NEW", "GONE", "OLD"]
    assert schema(postgresql) == before
    next(shop.path.glob("migrations/versions/*_aged.py")).unlink()
    shop.edit(ITEM, '"NEW", "AGED", "GONE"', '"AGED", "GONE", "NEW"')
    shop.change("in another order", "rename=kind.OLD:AGED")
    assert kinds(postgresql) == ["AGED", "NEW", "GONE", "AGED"]
    shop.alembic("downgrade -1")
    assert schema(postgresql) == before


def test_a_label_is_removed(shop: Project, postgresql: str) -> None:
    """Not while a row has it: the revision says what to do about that. The downgrade adds it again."""
    before = schema(postgresql)
    shop.edit(ITEM, LABELS, '"NEW", "OLD"')
    shop.alembic("revision --autogenerate -m without")
    text = next(shop.path.glob("migrations/versions/*_without.py")).read_text("utf-8")
    assert "# This fails while a row has 'GONE': change such rows first." in text
    with pytest.raises(AssertionError, match='invalid input value for enum kind: "GONE"'):
        shop.alembic("upgrade head")
    assert labels(postgresql) == ["NEW", "OLD", "GONE"]
    rows(postgresql, "UPDATE item SET kind = 'NEW' WHERE id = 3")
    rows(postgresql, "UPDATE orders SET kind = NULL")
    shop.alembic("upgrade head", "check")
    shop.ok("ruff", "check", "migrations")
    assert labels(postgresql) == ["NEW", "OLD"]
    assert kinds(postgresql) == ["OLD", "NEW", "NEW"]
    shop.alembic("downgrade -1")
    assert labels(postgresql) == ["NEW", "OLD", "GONE"]
    assert schema(postgresql) == before


def test_a_type_goes_with_the_last_table_that_uses_it(shop: Project, postgresql: str) -> None:
    """Not before; and comes back with it. A column of a type that is new makes the type."""
    shop.write(ITEM, MODELS)
    assert "TYPE" not in shop.change("no orders", "allow-drop=orders")
    size = '    size: Mapped[str] = mapped_column(Enum("S", "L", name="size"), server_default="L")\n'
    shop.write(ITEM, MODELS + size)
    text = shop.change("sizes")
    assert text.count("CREATE TYPE size AS ENUM ('S', 'L')") == text.count("DROP TYPE size") == 1
    assert rows(postgresql, "SELECT size::text FROM item WHERE id = 1") == [("L",)]
    (shop.sources / "models/item.py").unlink()
    text = shop.change("nothing", "allow-drop")
    assert text.count("DROP TYPE kind") == text.count("CREATE TYPE kind") == 1
    types = "SELECT typname FROM pg_type WHERE typtype = 'e' ORDER BY 1"
    assert rows(postgresql, types) == []
    shop.alembic("downgrade -1")
    assert rows(postgresql, types) == [("kind",), ("size",)]
    shop.alembic("-x allow-drop downgrade base", "upgrade head", "downgrade base")
    assert rows(postgresql, types) == []


def test_a_new_label_is_the_new_default(shop: Project, postgresql: str) -> None:
    """In the same transaction, which ADD VALUE does not allow."""
    shop.edit(ITEM, LABELS, f'{LABELS}, "RAW"')
    shop.edit(ITEM, 'server_default="OLD"', 'server_default="RAW"')
    shop.change("raw")
    rows(postgresql, "INSERT INTO item (id) VALUES (4)")
    assert kinds(postgresql) == ["OLD", "NEW", "GONE", "RAW"]
    rows(postgresql, "DELETE FROM item WHERE id = 4")
    shop.alembic("downgrade -1", "upgrade head")
    assert kinds(postgresql) == ["OLD", "NEW", "GONE"]


def test_mysql(project: Project, mysql: str) -> None:
    """A label is added; one is renamed, and the rows follow; one is removed, which fails while a row has it."""
    first(project, mysql, MODELS.replace("ARRAY, ", ""))
    before = schema(mysql)
    project.edit(ITEM, LABELS, '"NEW", "USED", "OLD", "GONE"')
    project.change("used")
    assert kinds(mysql) == ["OLD", "NEW", "GONE"]
    project.edit(ITEM, '"OLD"', '"AGED"')
    assert "renamed:\n  item.kind.OLD to item.kind.AGED\nSay -x rename=item.kind.OLD:AGED" in project.refused()
    project.change("aged", "rename=item.kind.OLD:AGED")
    rows(mysql, "INSERT INTO item (id) VALUES (4)")
    assert kinds(mysql) == ["AGED", "NEW", "GONE", "AGED"]
    project.edit(ITEM, '"NEW", "USED", "AGED", "GONE"', '"NEW", "USED", "AGED"')
    project.alembic("revision --autogenerate -m without")
    with pytest.raises(AssertionError, match="Data truncated for column 'kind'"):
        project.alembic("upgrade head")
    rows(mysql, "UPDATE item SET kind = 'NEW' WHERE id = 3")
    project.alembic("upgrade head", "check", "downgrade -3")
    assert kinds(mysql) == ["OLD", "NEW", "NEW", "OLD"]
    assert schema(mysql) == before
    project.ok("ruff", "check", "migrations")
