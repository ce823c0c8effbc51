"""Checks of the models, and of the metadata that env.py hands over."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.plain import ENV, INI, plain_project
from support.reports import outcomes
from support.written import Written

from alembic_proof.doctor.checks.models import _without_table, no_table_outside_migrations
from alembic_proof.doctor.findings import Outcome, Severity
from alembic_proof.doctor.project import Project

Lay = Callable[[dict[str, str]], Project]


@pytest.mark.parametrize(
    ("file", "text", "where"),
    [
        ("app.py", "Base.metadata.create_all(engine)", ["app.py:1"]),
        ("app.py", "metadata.drop_all()\nBase.metadata.create_all()", ["app.py:1", "app.py:2"]),
        ("app.py", "def f(db):\n    db.create_all()", ["app.py:2"]),
        ("app.py", "asyncio.run(connection.run_sync(Base.metadata.create_all))", ["app.py:1"]),
        ("app.py", "thumbnails.create_all()", []),
        ("app.py", "# Base.metadata.create_all()", []),
        ("app.py", 'Base.metadata.create_all(e)\ncommand.stamp(config, "head")', []),  # of Alembic's cookbook
        ("app.py", 'def f():\n    Base.metadata.create_all(e)\ndef g():\n    command.stamp(c, "head")', ["app.py:2"]),
        ("app.py", 'import alembic\ndef f():\n    Base.metadata.drop_all(e)\n    stamp(c, "base")', ["app.py:3"]),
        ("examples/a.py", "Base.metadata.create_all()", ["examples/a.py:1"]),  # a note
        ("tests/conftest.py", "Base.metadata.create_all()", []),
        ("migrations/versions/a.py", "Base.metadata.create_all(op.get_bind())", ["migrations/versions/a.py:1"]),
    ],
)
def test_tables_outside_of_migrations(lay: Lay, file: str, text: str, where: list[str]) -> None:
    """In the application and in revisions, not in tests."""
    assert [finding.where for finding in no_table_outside_migrations.find(lay({file: text}))] == where


MAPPED = "class A(Base):\n    __tablename__ = 'a'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
SQLMODEL = "class A(SQLModel):\n    id: int | None = Field(primary_key=True)\n"
FLASK = "class A(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
LOADED = SimpleNamespace(A=type("A", (), {}))
INHERITED = SimpleNamespace(A=type("A", (), {}))
SUBCLASS = type("B", (INHERITED.A,), {"__table__": None})


@pytest.mark.parametrize(
    ("text", "module", "reason"),
    [
        (MAPPED, LOADED, None),
        (MAPPED, None, "is in a module that env.py does not import"),
        (FLASK, None, "is in a module that env.py does not import"),
        ("class A(SQLModel, table=True):\n    id: int\n", None, "is in a module that env.py does not import"),
        ("class A(Base):\n    __abstract__ = True\n    id = Column(Integer)\n", None, None),
        ("class A(Base):\n    __abstract__ = True\n    __tablename__ = 'a'\n", LOADED, "is __abstract__, and has"),
        (SQLMODEL, LOADED, "has a primary key, but no table"),
        (SQLMODEL, INHERITED, None),
        (SQLMODEL, None, None),
        ("class A(Mixin):\n    id = Column(Integer)\n", None, None),
        ("class A:\n    __tablename__ = 'a'\n", None, None),
    ],
)
def test_a_class_without_a_table(text: str, module: Any, reason: str | None) -> None:
    """That looks like a model; given its module, if it is loaded."""
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.ClassDef)
    found = _without_table(node, module)
    assert (found[0][: len(reason or "")] if found else None) == reason


TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer))\n'
NAMES, IS_MODELS, IMPORTING = "constraints-have-names", "metadata-is-the-models", "importing-makes-no-table"
TWICE = "modules-are-loaded-once"
CREATES = f"{TABLE}\nmetadata.create_all(sa.create_engine(database_url('SHOP_URL')))\n"
UNIQUE = TABLE.replace('"x", sa.Integer', '"x", sa.Integer, unique=True')
PARTIAL = {"pk": "pk_%(table_name)s"}


@pytest.mark.parametrize(
    ("models", "convention", "check", "severity", "words"),
    [
        (TABLE, PARTIAL, IS_MODELS, Severity.OK, ""),
        ("", PARTIAL, IS_MODELS, Severity.PROBLEM, "target_metadata is None or has no tables"),
        (TABLE, PARTIAL, NAMES, Severity.OK, ""),
        (UNIQUE, PARTIAL, NAMES, Severity.PROBLEM, "a UniqueConstraint of t (x) has no name"),
        (UNIQUE, {**PARTIAL, "uq": "uq_%(table_name)s"}, NAMES, Severity.OK, ""),
        (UNIQUE, None, NAMES, Severity.SKIPPED, "in a metadata with a naming_convention"),
        (TABLE, None, IMPORTING, Severity.OK, ""),
        (CREATES, None, IMPORTING, Severity.PROBLEM, "running it makes the tables t at once"),
    ],
)
def test_the_metadata(tmp_path: Path, models: str, convention: Any, check: str, severity: Severity, words: str) -> None:
    """That env.py hands over."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db")
    written.set_models(models, convention)
    outcome = outcomes(Project(written.ini), check)[check]
    assert outcome.severity is severity, outcome
    assert words in f"{outcome.reason}{outcome.findings}"


PLAIN_TABLE = ENV[ENV.index("sa.Table(") : ENV.index("\n\ndef")]
OWN_BASE = "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
IN_A_FILE = 'class NAME(Base):\n    __tablename__ = "NAME"\n    id = sa.Column(sa.Integer, primary_key=True)\n'
FOREIGN = '    a_id = sa.Column(sa.ForeignKey("aa.id"))\n'


def own_outcome(tmp_path: Path, check: str, second: str) -> Outcome:
    """Examine a project whose models are in two files, both of which env.py imports."""
    metadata = "import eyes_a, eyes_b\ntarget_metadata = eyes_a.Base.metadata\n"
    files = {
        "alembic.ini": f"{INI}prepend_sys_path = %(here)s\n",
        "eyes_a.py": OWN_BASE + IN_A_FILE.replace("NAME", "aaa"),
        "eyes_b.py": second,
    }
    project = plain_project(tmp_path, ("target_metadata = sa.MetaData()\n", metadata), (PLAIN_TABLE, ""), files=files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.path", list(sys.path))
        outcome = outcomes(project, check)[check]
    for name in [name for name in sys.modules if name in ("eyes_a", "eyes_b")]:
        del sys.modules[name]
    return outcome


def test_a_foreign_key_to_no_table(tmp_path: Path) -> None:
    """It is in the model, and has a name that is like another one."""
    text = f"import sqlalchemy as sa\nfrom eyes_a import Base\n{IN_A_FILE.replace('NAME', 'bbb')}{FOREIGN}"
    outcome = own_outcome(tmp_path, "autogenerate-sees-every-table", text)
    (finding,) = outcome.findings
    assert (outcome.severity, finding.where) == (Severity.PROBLEM, "eyes_b.py:6")
    assert finding.fix == "did you mean aaa? If not, let env.py import the model of aa"


def test_a_package_of_models(tmp_path: Path) -> None:
    """Every table that it defines has to be handed over, from this package or through another one."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", "from proof_models import table\n")
    written.set_models("import proof_models.a\nmetadata = proof_models.a.metadata\n")
    for name, text in {
        "__init__": "",
        "a": "import sqlalchemy as sa\nmetadata = sa.MetaData()\nsa.Table('a', metadata, sa.Column('id', sa.Integer))",
        ".hidden": "raise RuntimeError",
        "b": "import sqlalchemy as sa\nb = sa.Table('b', sa.MetaData(), sa.Column('id', sa.Integer))",
    }.items():
        path = written.path / f"src/proof_models/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    written.ini.write_text(written.ini.read_text() + "prepend_sys_path = %(here)s/src\n")
    (written.path / "pyproject.toml").write_text('[tool.alembic-proof]\nmodels = ["proof_models"]\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.path", list(sys.path))
        outcome = outcomes(Project(written.ini), IS_MODELS)[IS_MODELS]
    for name in [name for name in sys.modules if name.partition(".")[0] == "proof_models"]:
        del sys.modules[name]
    assert [(finding.where, finding.message.split(",")[0]) for finding in outcome.findings] == [
        ("src/proof_models/b.py", "it defines the table b")
    ]


BASE = "from sqlalchemy import Column, Integer, MetaData, Table\nfrom sqlalchemy.orm import declarative_base\n"
MODEL = (
    "Base = declarative_base()\nclass {0}(Base):\n    __tablename__ = '{0}'\n    id = Column(Integer, primary_key=1)\n"
)
ENGINE = "import sqlalchemy as sa\nengine = sa.create_engine('sqlite:///x.db')\n"
REVISION = "revision = 'a1'\ndown_revision = None\n\ndef upgrade():\n    op.{}_table('{}')\n"
NO_BASE = "target_metadata=None"


@pytest.mark.parametrize(
    ("files", "imported", "severity", "where", "words"),
    [
        ({"{0}.py": BASE + MODEL}, "import {0}", Severity.PROBLEM, "{0}.py:4", "belongs to another Base ({0}.py:3)"),
        (
            {"{0}.py": f"{BASE}t = Table('{{0}}', MetaData(), Column('id', Integer))"},
            "import {0}",
            Severity.NOTE,
            "{0}.py:3",
            "a metadata of its own",
        ),
        (
            {"{0}.py": BASE + MODEL.replace("Base", "LegacyBase")},
            "import {0}",
            Severity.NOTE,
            "{0}.py:4",
            "belongs to another Base ({0}.py:3)",
        ),
        ({"{0}.py": BASE + MODEL, "e1.py": ENGINE, "e2.py": ENGINE}, "import {0}", Severity.NOTE, "{0}.py:4", ""),
        (
            {"{0}.py": BASE + MODEL, "migrations/versions/a1.py": REVISION.format("create", "{0}")},
            "import {0}",
            Severity.NOTE,
            "{0}.py:4",
            "",
        ),
        ({"{0}.py": BASE + MODEL.split("\n", 1)[1]}, "", Severity.PROBLEM, "{0}.py:3", "import {0}"),
        (
            {
                "{0}.py": BASE + MODEL.split("\n", 1)[1],
                "migrations/versions/a1.py": REVISION.format("drop", "{0}"),
            },
            "",
            Severity.NOTE,
            "{0}.py:3",
            "delete the class, if it is left over",
        ),
        (
            {"src/{0}.py": BASE + MODEL},
            "import {0}, src.{0}",
            Severity.PROBLEM,
            "migrations/env.py:1",
            "{0}, not src.{0}",
        ),
    ],
)
def test_models_that_are_not_handed_over(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    files: dict[str, str],
    imported: str,
    severity: Severity,
    where: str,
    words: str,
) -> None:
    """In a metadata, or in a module, that env.py does not know; or loaded under two names."""
    name = f"model_{abs(hash(request.node.name))}"  # modules stay loaded
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "src")
    written = {file.format(name): text.format(name) for file, text in files.items()}
    project = plain_project(
        tmp_path, ("import sqlalchemy as sa", f"{imported.format(name)}\nimport sqlalchemy as sa"), files=written
    )
    found = outcomes(project, IS_MODELS, TWICE)
    monkeypatch.delitem(sys.modules, "src", raising=False)
    outcome = next(found[check] for check in (TWICE, IS_MODELS) if found[check].findings)
    assert outcome.severity is severity, found
    assert outcome.findings[0].where == where.format(name)
    assert words.format(name) in f"{outcome.findings[0]}"


def test_no_metadata(tmp_path: Path) -> None:
    """Without a model, revisions are written by hand."""
    edits = [("target_metadata=target_metadata", NO_BASE)]
    project = plain_project(tmp_path / "a", *edits)
    assert outcomes(project, IS_MODELS)[IS_MODELS].severity is Severity.SKIPPED
    project = plain_project(tmp_path / "b", *edits, files={"models.py": BASE + MODEL.format("a")})
    outcome = outcomes(project, IS_MODELS)[IS_MODELS]
    assert outcome.findings[0].fix == "set it: target_metadata = Base.metadata"


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ("Base", "target_metadata = Base.metadata"),
        ("[Base.metadata, Base]", "target_metadata = Base.metadata"),
        ("dict(a=target_metadata)", "hand over the metadata of the models"),
        ("sa", "hand over the metadata of the models"),
    ],
)
def test_what_is_no_metadata(tmp_path: Path, given: str, fix: str) -> None:
    """It is named, at the call."""
    base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\nconfig ="
    online = "connection=connection, target_metadata="
    edits = [("config =", base), (f"{online}target_metadata", f"{online}{given}")]
    (finding,) = outcomes(plain_project(tmp_path, *edits), IS_MODELS)[IS_MODELS].findings
    assert finding.fix == fix
    assert finding.where.startswith("migrations/env.py:")


def test_engines_of_two_databases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that leads to the database is enough, wherever the other one is."""
    monkeypatch.syspath_prepend(tmp_path)
    engines = (
        "import sqlalchemy as sa\na = sa.create_engine('sqlite:///{}/a.db')\nb = sa.create_engine('sqlite:////b.db')\n"
    )
    files = {"two_engines.py": engines.format(tmp_path)}
    project = plain_project(tmp_path, ("import sqlalchemy", "import two_engines\nimport sqlalchemy"), files=files)
    same = "application-uses-the-same-database"
    outcome = outcomes(project, same)[same]
    assert outcome.severity is Severity.NOTE
    assert [finding.where for finding in outcome.findings] == ["two_engines.py:3"]
