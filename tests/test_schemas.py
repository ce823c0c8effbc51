"""Models in schemas of PostgreSQL: in two of them and the default one, with foreign keys across."""

import pytest
from conftest import Project, rows
from test_story_one import server_of

MODELS = """\
from sqlalchemy import *
from sqlalchemy.orm import mapped_column
from .base import Base

class Account(Base):
    __tablename__ = "acct"
    __table_args__ = (Index("ix_live", "name", postgresql_where=text("name <> ''")), {"schema": "crm"})
    id = mapped_column(Integer, primary_key=True)
    name = mapped_column(String(20), unique=True, nullable=False)
    mood = mapped_column(Enum("sad", "ok", name="mood", schema="crm"), server_default="sad")

class Deal(Base):
    __tablename__ = "deal"
    __table_args__ = {"schema": "ops"}
    id = mapped_column(Integer, primary_key=True)
    acct_id = mapped_column(ForeignKey("crm.acct.id"), index=True)
    pub_id = mapped_column(ForeignKey("pub.id"))

class Pub(Base):
    __tablename__ = "pub"
    id = mapped_column(Integer, primary_key=True)
    acct_id = mapped_column(ForeignKey("crm.acct.id"), nullable=False)
"""
CHANGES = {
    "acct_id = mapped_column(": "size = mapped_column(Integer, nullable=False)\n    account_id = mapped_column(",
    '"acct"': '"account"',
    "crm.acct.id": "crm.account.id",
    '"deal"': '"trade"',
    "    name =": "    title =",
    '"name", ': '"title", ',
    "name <> ''": "title <> '-'",
    '"ok",': '"fine", "new",',
}
ANSWERS = [
    *("rename=crm.acct:account", "rename=crm.account.name:title", "rename=crm.mood.ok:fine", "rename=ops.deal:trade"),
    *("rename=ops.trade.acct_id:account_id", "fill=ops.trade.size=3"),
    *("rename=pub.acct_id:account_id", "fill=pub.size=4"),
]
OTHERS = ["legacy.pub", "public.acct", "public.account", "crm.theirs", "crm.pub", "ops.pub", "ops.acct"]


@pytest.fixture
def shop(project: Project, postgresql: str) -> Project:
    """A project with no models but these, on PostgreSQL."""
    for example in ("src/PACKAGE/models/author.py", "src/PACKAGE/models/book.py", "tests/test_models.py"):
        (project.path / example.replace("PACKAGE", project.package)).unlink()
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    project.write("src/PACKAGE/models/all.py", MODELS)
    return project


def revision(project: Project, *answers: str) -> str:
    """Write a revision, apply it, see that nothing is left to do, and return its text."""
    given = [word for answer in answers for word in ("-x", answer)]
    before = set(project.path.glob("migrations/versions/*.py"))
    project.ok("alembic", *given, "revision", "--autogenerate", "-m", "next")
    project.alembic("upgrade head", "check")
    [written] = set(project.path.glob("migrations/versions/*.py")) - before
    return written.read_text("utf-8")


def test_a_life_in_schemas(shop: Project, postgresql: str) -> None:
    """Made, renamed, filled and dropped, with rows; what others have by the same names is left alone."""
    rows(postgresql, "CREATE SCHEMA legacy")
    first = revision(shop)
    assert all(f"op.execute('CREATE SCHEMA IF NOT EXISTS {name}')" in first for name in ("crm", "ops"))
    assert "SCHEMA legacy" not in first
    for table in OTHERS:
        rows(postgresql, f"CREATE TABLE {table} (id integer)")
    for row in ("crm.acct VALUES (1, 'Kim', 'ok')", "pub VALUES (1, 1)", "ops.deal VALUES (1, 1, 1)"):
        rows(postgresql, f"INSERT INTO {row}")

    for old, new in CHANGES.items():
        shop.edit("src/PACKAGE/models/all.py", old, new)
    second = revision(shop, *ANSWERS)
    assert "SCHEMA" not in second
    assert "DROP INDEX crm.ix_live" in second
    held = "SELECT title, mood::text, trade.size, pub.size FROM crm.account JOIN ops.trade ON account_id = account.id"
    assert rows(postgresql, f"{held} JOIN pub ON pub_id = pub.id") == [("Kim", "fine", 3, 4)]
    shop.ok("alembic", "-x", "allow-drop", "downgrade", "-1")
    held = "SELECT name, mood::text FROM crm.acct JOIN ops.deal ON acct_id = acct.id JOIN pub ON pub_id = pub.id"
    assert rows(postgresql, held) == [("Kim", "ok")]
    shop.ok("alembic", "upgrade", "head")

    everything = server_of(postgresql)
    done = shop.doctor(**everything)
    assert done.returncode == 0, done.stdout
    assert "left alone by autogenerate: account, acct, crm.pub, crm.theirs, ops.acct, ops.pub\n" in done.stdout
    shop.ok("pytest", "-q", "tests/test_rows.py", **everything)

    last = shop.sources / "models/all.py"
    last.write_text(last.read_text("utf-8").partition("class Deal")[0])
    refused = shop.run("alembic", "revision", "--autogenerate", "-m", "fewer").stdout
    assert all(f"{name} is in no model that env.py imports" in refused for name in ("pub", "ops.trade"))
    third = revision(shop, "allow-drop=pub", "allow-drop=ops.trade")
    assert third.partition("def downgrade")[0].count("op.drop") == 2
    shop.ok("alembic", "-x", "allow-drop", "downgrade", "base")
    left = "SELECT count(*), string_agg(nspname, ' ') FROM pg_namespace WHERE nspname IN ('crm', 'ops')"
    assert rows(postgresql, left)[0][0] == 2, "they hold what others have"


def test_a_database_with_schemas_is_adopted(shop: Project, postgresql: str) -> None:
    """The baseline makes the schemas, and extensions, on which its tables stand."""
    for what in ("SCHEMA crm", "SCHEMA ops", "EXTENSION pg_trgm", "TABLE crm.theirs ()"):
        rows(postgresql, f"CREATE {what}")
    shop.ok("python", "-c", "from shop import db; from shop.models import Base; Base.metadata.create_all(db.engine())")
    refused = shop.run("alembic", "revision", "--autogenerate", "-m", "first").stdout
    assert "The database has crm.acct, ops.deal, pub already" in refused
    done = shop.ok("python", "-m", "shop.db", "adopt", **server_of(postgresql))
    assert "In no model, and left alone: crm.theirs." in done
    shop.ok("alembic", "check")
    [baseline] = shop.path.glob("migrations/versions/*.py")
    made = [line.strip() for line in baseline.read_text("utf-8").splitlines() if "IF NOT EXISTS" in line]
    ground = ("SCHEMA IF NOT EXISTS crm", "SCHEMA IF NOT EXISTS ops", "EXTENSION IF NOT EXISTS pg_trgm")
    assert made == [f"op.execute('CREATE {one}')" for one in ground]


def test_the_default_schema_may_be_named(project: Project, postgresql: str) -> None:
    """A foreign key to public.author is one to author, and a rename is found."""
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    project.edit("src/PACKAGE/models/base.py", "MetaData(\n", 'MetaData(\n        schema="public",\n')
    project.edit("src/PACKAGE/models/book.py", '"author.id"', '"public.author.id"')
    assert "SCHEMA" not in revision(project)
    project.edit("src/PACKAGE/models/book.py", '"book"', '"work"')
    project.edit("src/PACKAGE/models/book.py", "    title:", "    name:")
    second = revision(project, "rename=book:work", "rename=work.title:name")
    assert "op.rename_table('book', 'work')" in second
    assert "# destroys data" not in second
